"""The second factor in one's own account: setting it up, recovery codes, turning it off."""

from __future__ import annotations

from typing import Any

import segno

from fastpix.accounts import door, second_factor
from fastpix.accounts.forms import CodeForm
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
            return AfterCommit(lambda: _codes(codes))
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
    state = second_factor.state(signed_in().id)
    code = form if isinstance(form, CodeForm) else CodeForm(formdata=None)
    # Drawn here: the address holds the secret, which goes to nobody.
    picture = segno.make(state["uri"], error="m").svg_data_uri(scale=5, border=4, light="#fff") if state["uri"] else ""
    return show("accounts/second_factor.html", form=form, code=code, state=state, picture=picture)


def _codes(codes: list[str]) -> Any:
    return show("accounts/recovery_codes.html", status=200, codes=codes)
