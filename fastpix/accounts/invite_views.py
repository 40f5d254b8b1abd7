"""Accepting an invite in the browser: every case of it, and nothing consumed before somebody says yes."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from fastpix.accounts import domain, door, joining
from fastpix.accounts.door import INVITE_COOKIE
from fastpix.accounts.forms import JoinForm, NewPasswordForm
from fastpix.resources.members import acceptance
from fastpix.web.forms import EmptyForm, Form
from fastpix.web.resource import Pages, go, show, signed_in

pages = Pages("invite", __name__, org=False)
PATH = "/invite"


@pages.public("GET", "/i/<secret>")
def link(secret: str) -> Any:
    """Move the link's secret into a cookie; opening it uses nothing up (mail scanners open links)."""
    return door.carry(redirect(url_for(".look")), INVITE_COOKIE, secret, PATH)


@pages.public("GET", PATH)
def look() -> Any:
    """The page of whichever case this visitor is."""
    return _show_case(acceptance.find(_secret()))


@pages.page(joining.accept, "POST", PATH + "/accept")
def accept() -> Any:
    form = EmptyForm()
    if form.is_sent():
        with form.catching():
            invite = joining.accept(_secret(), signed_in().id)
            return _welcome(invite)
    return _show_case(acceptance.find(_secret()), form)


@pages.public("POST", PATH + "/join")
def join() -> Any:
    """A new person joins: the address is the invite's, whatever the form says."""
    form = JoinForm()
    if form.is_sent():
        with form.catching():
            secret, invite = joining.join_as_new(
                door.settings(), _secret(), form.name.data or "", form.password.data or "", door.browser()
            )
            return door.give_session(_welcome(invite), secret)
    return _show_case(acceptance.find(_secret()), form)


@pages.public("POST", PATH + "/prove")
def prove() -> Any:
    """Somebody whose account was never proved opened the mailed link: a new password, and they join."""
    form = NewPasswordForm()
    if form.is_sent():
        with form.catching():
            secret, invite = joining.join_with_new_password(
                door.settings(), _secret(), form.password.data or "", door.browser()
            )
            return door.give_session(_welcome(invite), secret)
    return _show_case(acceptance.find(_secret()), form)


@pages.page(domain.sign_out, "POST", PATH + "/sign-out")
def sign_out() -> Any:
    """Sign out and come back to the invite, which was not touched."""
    form = EmptyForm()
    if form.is_sent():
        domain.sign_out(signed_in().session_id)
        response = door.take_session(redirect(url_for(".look"), 303))
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


def _secret() -> str:
    return request.cookies.get(INVITE_COOKIE, "")


def _welcome(invite: acceptance.Invite) -> Response:
    home = go("organizations.overview", f"Welcome to {invite.organization_name}.", org=invite.organization_slug)
    return door.drop(home, INVITE_COOKIE, PATH)


def _show_case(invite: acceptance.Invite, form: Form | None = None) -> Response:
    who = current_user if current_user.is_authenticated else None
    case = joining.case(invite, who.email_canonical if who else None)
    wanted = {"new": JoinForm, "prove": NewPasswordForm}.get(case, EmptyForm)
    if not isinstance(form, wanted):  # another case than the form was sent for: its complaint goes along
        said: list[str] = form.form_errors if form else []
        form = wanted()
        form.form_errors = list(said)
    html, status = show(
        "accounts/invite.html",
        invite=invite,
        case=case,
        form=form,
        me=who,
        sign_in_url=url_for("accounts.sign_in", next=PATH),
    )
    return door.closed(Response(html, status, mimetype="text/html"))
