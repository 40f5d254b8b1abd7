"""One's own account: name, theme, address, password, sessions, deleting it; founding an organization."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from fastpix.accounts import cookies, domain, identity, recovery, sessions
from fastpix.accounts.cookies import EMAIL_COOKIE
from fastpix.accounts.forms import DeleteForm, EmailForm, NameForm, OrganizationForm, PasswordForm
from fastpix.errors import Refused
from fastpix.mail import outbox
from fastpix.resources.organizations import domain as organizations
from fastpix.resources.people import domain as people
from fastpix.web.forms import EmptyForm, Form
from fastpix.web.pages import Pages, go, show, signed_in

pages = Pages("account", __name__, "/account", org=False)
outside = Pages("accounts_more", __name__, org=False)


@pages.page(domain.rename, "GET POST", "")
def index() -> Any:
    """Name, and the way to everything else of the account."""
    me = signed_in()
    form = NameForm(data={"name": me.name}) if request.method == "GET" else NameForm()
    if form.is_sent():
        with form.catching():
            domain.rename(me.id, form.name.data or "")
            return go(".index", "Your name was saved.")
    return show("accounts/account.html", form=form, me=me, memberships=identity.memberships())


@pages.page(domain.choose_theme, "POST", "/theme")
def theme() -> Any:
    form = EmptyForm()
    if form.is_sent():
        with form.catching():
            domain.choose_theme(signed_in().id, request.form.get("theme", ""))
            return go(".index", "The look was saved.")
    return _not_done(form, ".index")


@pages.page(domain.hide_checklist, "POST", "/checklist")
def checklist() -> Any:
    """The button stands on the overview of an organization, and leads back there."""
    form = EmptyForm()
    if form.is_sent():
        is_hidden = request.form.get("hide") == "y"
        domain.hide_checklist(signed_in().id, is_hidden)
        slug = request.form.get("org", "")
        if any(membership.slug == slug for membership in identity.memberships()):
            message = "The first steps are hidden. The overview has a link that shows them again." if is_hidden else ""
            return go("organizations.overview", message, org=slug)
        return go(".index")
    return _not_done(form, ".index")


@pages.page(domain.change_password, "GET POST", "/password")
def password() -> Any:
    me = signed_in()
    form = PasswordForm()
    if form.is_sent():
        with form.catching():
            secret = domain.change_password(
                cookies.settings(), me.id, form.current.data or "", form.new.data or "", browser=cookies.browser()
            )
            return cookies.give_session(go(".index"), secret, "Your password was changed; other sessions ended.")
    return show("accounts/password.html", form=form, me=me)


@pages.page(recovery.ask_email, "GET POST", "/email")
def email() -> Any:
    me = signed_in()
    form = EmailForm()
    if form.is_sent():
        with form.catching():
            recovery.ask_email(me.id, form.email.data or "")
            return go(
                ".index",
                f"Open the link in the mail to {form.email.data} to finish. Until then nothing changes.",
                "info",
            )
    return show("accounts/email.html", form=form, me=me, mail_is_set_up=outbox.is_configured())


@pages.page(sessions.listed, "GET", "/sessions")
def list_sessions() -> Any:
    me = signed_in()
    return show("accounts/sessions.html", sessions=sessions.listed(me.id), me=me, form=EmptyForm())


@pages.page(sessions.end, "POST", "/sessions/<uuid:session_id>/end")
def end_session(session_id: UUID) -> Any:
    form = EmptyForm()
    if form.is_sent():
        sessions.end(signed_in().id, session_id)
        return go(".list_sessions", "The session ended.")
    return _not_done(form, ".list_sessions")


@pages.page(sessions.end_others, "POST", "/sessions/end-others")
def end_other_sessions() -> Any:
    me = signed_in()
    form = EmptyForm()
    if form.is_sent():
        ended = sessions.end_others(me.id, me.session_id)
        return go(".list_sessions", f"{ended} other session{' was' if ended == 1 else 's were'} ended.")
    return _not_done(form, ".list_sessions")


@pages.page(domain.delete, "GET POST", "/delete")
def delete() -> Any:
    me = signed_in()
    form = DeleteForm()
    if form.is_sent():
        with form.catching():
            domain.delete(cookies.settings(), me.id, form.password.data or "", browser=cookies.browser())
            return cookies.take_session(go("accounts.sign_in"), "Your account was deleted.")
    return show("accounts/delete.html", form=form, me=me, memberships=identity.memberships())


@outside.page(organizations.create, "GET POST", "/organizations/new", endpoint="found")
def create_organization() -> Any:
    """A further organization, whose admin one is."""
    if not cookies.settings().organization_creation:
        raise Refused("New organizations are made by the operator here. Ask them.")
    form = OrganizationForm()
    if form.is_sent():
        with form.catching():
            organization = organizations.create(form.name.data or "", people.get(signed_in().id))
            message = f"{organization['name']} is ready."
            return go("organizations.overview", message, org=organization["slug"])
    return show("accounts/found.html", form=form)


def _not_done(form: Form, endpoint: str) -> Response:
    """A button that changed nothing says why, on the page it stands on."""
    for message in form.form_errors:
        flash(message, "danger")
    return redirect(url_for(endpoint))


@outside.public("GET", "/email/<secret>")
def email_link(secret: str) -> Any:
    """Move the link's secret into a cookie; opening it uses nothing up (mail scanners open links)."""
    return cookies.carry(redirect(url_for(".confirm_email")), EMAIL_COOKIE, secret, "/email")


@outside.public("GET POST", "/email")
def confirm_email() -> Any:
    secret = cookies.carried(EMAIL_COOKIE)
    link = recovery.look_up("email", secret)
    form = EmptyForm()
    if form.is_sent():
        with form.catching():
            person = recovery.change_email(secret)
            return cookies.drop(go("accounts.home", f"Your address is now {person.email}."), EMAIL_COOKIE, "/email")
    html, status = show("accounts/confirm_email.html", form=form, email=link.new_email)
    return cookies.closed(Response(html, status, mimetype="text/html"))
