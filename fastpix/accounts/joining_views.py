"""Accepting an invite in the browser: every case of it, and nothing consumed before somebody says yes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from fastpix.accounts import cookies, domain, identity, joining
from fastpix.accounts.cookies import INVITE_COOKIE
from fastpix.accounts.forms import JoinForm, NewPasswordForm
from fastpix.errors import Gone
from fastpix.resources.members.invitations import acceptance
from fastpix.web.forms import EmptyForm, Form
from fastpix.web.pages import Pages, go, show, signed_in

pages = Pages("invite", __name__, org=False)
PATH = "/invite"


@pages.public("GET", "/i/<secret>")
def link(secret: str) -> Any:
    """Move the link's secret into a cookie; opening it uses nothing up (mail scanners open links)."""
    return cookies.carry(redirect(url_for(".look")), INVITE_COOKIE, secret, PATH)


@pages.public("GET", PATH)
def look() -> Any:
    """The page of whichever case this visitor is. Whoever is in by this invite already goes in."""
    try:
        return _show_case(acceptance.find(_secret()))
    except Gone:
        used = acceptance.used(_secret())
        if used is None:
            raise
    if any(each.slug == used.organization_slug for each in identity.memberships()):
        home = redirect(url_for("organizations.overview", org=used.organization_slug))
        return cookies.drop(home, INVITE_COOKIE, PATH)
    return _show_used(used)


@pages.page(joining.accept, "POST", PATH + "/accept")
def accept() -> Any:
    return _joined(EmptyForm(), lambda: (None, joining.accept(_secret(), signed_in().id)))


@pages.public("POST", PATH + "/join")
def join() -> Any:
    """A new person joins: the address is the invite's, whatever the form says."""
    form = JoinForm()

    def begin() -> tuple[str, acceptance.Invite]:
        name, password = form.name.data or "", form.password.data or ""
        return joining.join_as_new(cookies.settings(), _secret(), name, password, cookies.browser())

    return _joined(form, begin)


@pages.public("POST", PATH + "/prove")
def prove() -> Any:
    """Somebody whose account was never proved opened the mailed link: a new password, and they join."""
    form = NewPasswordForm()

    def begin() -> tuple[str, acceptance.Invite]:
        password = form.password.data or ""
        return joining.join_with_new_password(cookies.settings(), _secret(), password, cookies.browser())

    return _joined(form, begin)


@pages.page(domain.sign_out, "POST", PATH + "/sign-out")
def sign_out() -> Any:
    """Sign out and come back to the invite, which was not touched."""
    form = EmptyForm()
    if form.is_sent():
        domain.sign_out(signed_in().session_id)
        response = cookies.take_session(redirect(url_for(".look"), 303))
        # Clear-Site-Data of storage would be harmless; cookies are not in it, so the invite's secret stays.
        return response
    return _show_case(acceptance.find(_secret()), form)


@pages.page(joining.ask_other_address, "POST", PATH + "/ask")
def ask() -> Any:
    form = EmptyForm()
    if form.is_sent():
        with form.catching():
            sent = joining.ask_other_address(_secret(), signed_in().email_canonical)
            text = (
                "The admins were asked to invite this address."
                if sent
                else "Mail is not set up here. Tell the admin yourself which address to invite."
            )
            flash(text, "success" if sent else "warning")
            return redirect(url_for(".look"), 303)
    return _show_case(acceptance.find(_secret()), form)


def _joined(form: Form, join: Callable[[], tuple[str | None, acceptance.Invite]]) -> Any:
    """Join, if the form is sent, with the secret of a new session for who had none; else the page of this case again."""
    if form.is_sent():
        with form.catching():
            acceptance.take_turn(_secret())
            secret, invite = join()
            message = f"Welcome to {invite.organization_name}."
            home = go("organizations.overview", "" if secret else message, org=invite.organization_slug)
            inside = cookies.drop(home, INVITE_COOKIE, PATH)
            return cookies.give_session(inside, secret, message) if secret else inside
    return _show_case(acceptance.find(_secret()), form)


def _secret() -> str:
    return cookies.carried(INVITE_COOKIE)


def _show_used(used: acceptance.UsedInvite) -> Response:
    """What happened, and the way in for who it was. Not a name of the organization: the link proves nothing any more."""
    who = current_user if current_user.is_authenticated else None
    sign_in_url = url_for("accounts.sign_in", next=PATH)
    html, status = show(
        "accounts/invite_used.html", status=410, used_at=used.used_at, me=who, sign_in_url=sign_in_url, form=EmptyForm()
    )
    return cookies.closed(Response(html, status, mimetype="text/html"))


def _show_case(invite: acceptance.Invite, form: Form | None = None) -> Response:
    who = current_user if current_user.is_authenticated else None
    case = joining.case(invite, who.email_canonical if who else None)
    form_of_case = {"new": JoinForm, "prove": NewPasswordForm}.get(case, EmptyForm)
    if not isinstance(form, form_of_case):  # another case than the form was sent for: its complaint goes along
        complaints: list[str] = form.form_errors if form else []
        form = form_of_case()
        form.form_errors = list(complaints)
    html, status = show(
        "accounts/invite.html",
        invite=invite,
        case=case,
        form=form,
        me=who,
        sign_in_url=url_for("accounts.sign_in", next=PATH),
    )
    return cookies.closed(Response(html, status, mimetype="text/html"))
