"""The second factor in one's own account: app, passkeys, recovery codes, turning it off."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import segno

from fastpix.accounts import ceremonies, door, passkeys, second_factor
from fastpix.accounts.forms import CodeForm, PasskeyForm
from fastpix.web.forms import EmptyForm, Form
from fastpix.web.resource import AfterCommit, Pages, go, show, signed_in

pages = Pages("second_factor", __name__, "/account/second-factor", org=False)


@pages.page(second_factor.state, "GET", "")
def index() -> Any:
    return _page(CodeForm())


@pages.page(second_factor.start, "POST", "/start")
def start() -> Any:
    form = EmptyForm()
    if form.is_sent():
        with form.catching():
            second_factor.start(signed_in().id)
            return go(".index")
    return _page(form)


@pages.page(second_factor.activate, "POST", "/confirm")
def activate() -> Any:
    form = CodeForm()
    if form.is_sent():
        with form.catching():
            codes = second_factor.activate(door.settings(), signed_in().id, form.code.data or "")
            return _done(codes, "Your authenticator app is set up.")
    return _page(form)


@pages.page(passkeys.add, "POST", "/passkeys")
def add_passkey() -> Any:
    form = PasskeyForm()
    if form.is_sent():
        with form.catching():
            me, name, answer = signed_in(), form.name.data or "", form.passkey.data or ""
            codes = passkeys.add(door.settings(), me.id, me.session_id, name, answer)
            return _done(codes, f"The passkey “{name}” is added.")
    return _page(form)


@pages.page(passkeys.remove, "POST", "/passkeys/<uuid:passkey_id>/remove")
def remove_passkey(passkey_id: UUID) -> Any:
    form = EmptyForm()
    if form.is_sent():
        with form.catching():
            is_left = passkeys.remove(signed_in().id, passkey_id)
            off = "" if is_left else " Your second factor is turned off."
            return go(".index", f"The passkey is removed.{off}")
    return _page(form)


@pages.page(second_factor.turn_off, "POST", "/off")
def turn_off() -> Any:
    form = EmptyForm()
    if form.is_sent():
        with form.catching():
            second_factor.turn_off(signed_in().id)
            return go(".index", "Your second factor is turned off.")
    return _page(form)


@pages.page(second_factor.renew_codes, "POST", "/codes")
def renew_codes() -> Any:
    form = EmptyForm()
    if form.is_sent():
        with form.catching():
            codes = second_factor.renew_codes(signed_in().id)
            return AfterCommit(lambda: _codes(codes))
    return _page(form)


def _page(form: Form) -> Any:
    me = signed_in()
    state = second_factor.state(me.id)
    code = form if isinstance(form, CodeForm) else CodeForm(formdata=None)
    new = form if isinstance(form, PasskeyForm) else PasskeyForm(formdata=None)
    # Drawn here: the address holds the secret, which goes to nobody.
    picture = segno.make(state["uri"], error="m").svg_data_uri(scale=5, border=4, light="#fff") if state["uri"] else ""
    return show(
        "accounts/second_factor.html",
        form=form,
        code=code,
        new=new,
        state=state,
        picture=picture,
        passkeys=passkeys.listed(me.id),
        passkey_options=passkeys.options_to_add(door.settings(), me.id, me.session_id),
        why_no_passkeys=ceremonies.why_not(door.settings()),
    )


def _done(codes: list[str], message: str) -> Any:
    """The recovery codes, if this turned the second factor on; else the page again."""
    return AfterCommit(lambda: _codes(codes)) if codes else go(".index", message)


def _codes(codes: list[str]) -> Any:
    return show("accounts/recovery_codes.html", status=200, codes=codes)
