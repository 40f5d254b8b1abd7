"""The second factor in one's own account: app, passkeys, recovery codes, turning it off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from fastpix.accounts import cookies, passkey_protocol, passkeys, second_factor
from fastpix.accounts.forms import CodeForm, PasskeyForm
from fastpix.web.forms import EmptyForm, Form
from fastpix.web.pages import AfterCommit, Pages, go, show, signed_in

pages = Pages("second_factor", __name__, "/account/second-factor", org=False)


@pages.page(second_factor.state, "GET", "")
def index() -> Any:
    return _page(CodeForm())


@pages.page(second_factor.start, "POST", "/start")
def start() -> Any:
    def begin() -> Any:
        second_factor.start(signed_in().id)
        return go(".index")

    return _sent(EmptyForm(), begin)


@pages.page(second_factor.activate, "POST", "/confirm")
def activate() -> Any:
    form = CodeForm()

    def turn_on() -> Any:
        codes = second_factor.activate(cookies.settings(), signed_in().id, form.code.data or "")
        return _done(codes, "Your authenticator app is set up.")

    return _sent(form, turn_on)


@pages.page(passkeys.add, "POST", "/passkeys")
def add_passkey() -> Any:
    form = PasskeyForm()

    def add() -> Any:
        me, name, answer = signed_in(), form.name.data or "", form.passkey.data or ""
        codes = passkeys.add(cookies.settings(), me.id, me.session_id, name, answer)
        return _done(codes, f"The passkey “{name}” is added.")

    return _sent(form, add)


@pages.page(passkeys.remove, "POST", "/passkeys/<uuid:passkey_id>/remove")
def remove_passkey(passkey_id: UUID) -> Any:
    def remove() -> Any:
        is_left = passkeys.remove(signed_in().id, passkey_id)
        off = "" if is_left else " Your second factor is turned off."
        return go(".index", f"The passkey is removed.{off}")

    return _sent(EmptyForm(), remove)


@pages.page(second_factor.turn_off, "POST", "/off")
def turn_off() -> Any:
    def remove_all() -> Any:
        second_factor.turn_off(signed_in().id)
        return go(".index", "Your second factor is turned off.")

    return _sent(EmptyForm(), remove_all)


@pages.page(second_factor.renew_codes, "POST", "/codes")
def renew_codes() -> Any:
    def renew() -> Any:
        codes = second_factor.renew_codes(signed_in().id)
        return AfterCommit(lambda: _codes(codes))

    return _sent(EmptyForm(), renew)


def _sent(form: Form, change: Callable[[], Any]) -> Any:
    """What a form of this page changes, if it is sent; else the page again, with the reason where that is refused."""
    if form.is_sent():
        with form.catching():
            return change()
    return _page(form)


def _page(form: Form) -> Any:
    me = signed_in()
    state = second_factor.state(me.id)
    code = form if isinstance(form, CodeForm) else CodeForm(formdata=None)
    new = form if isinstance(form, PasskeyForm) else PasskeyForm(formdata=None)
    # Drawn here: the address holds the secret, which goes to nobody.
    import segno  # for this page alone

    picture = segno.make(state["uri"], error="m").svg_data_uri(scale=5, border=4, light="#fff") if state["uri"] else ""
    return show(
        "accounts/second_factor.html",
        form=form,
        code=code,
        new=new,
        state=state,
        picture=picture,
        passkeys=passkeys.listed(me.id),
        passkey_options=passkeys.options_to_add(cookies.settings(), me.id, me.session_id),
        why_no_passkeys=passkey_protocol.why_not(cookies.settings()),
    )


def _done(codes: list[str], message: str) -> Any:
    """The recovery codes, if this turned the second factor on; else the page again."""
    return AfterCommit(lambda: _codes(codes)) if codes else go(".index", message)


def _codes(codes: list[str]) -> Any:
    return show("accounts/recovery_codes.html", status=200, codes=codes)
