"""An authenticator app for the tests: somebody of the cast with a second factor, and the codes it shows."""

from __future__ import annotations

import html
import re

import pyotp

from fastpix.accounts import second_factor
from tests.cast import PASSWORD
from tests.doors import PageDoor

CODE = "/sign-in/code"


class App:
    """The app of one person. `code(1)` is that of the next time step: each works once."""

    def __init__(self, secret, recovery):
        self.totp, self.recovery = pyotp.TOTP(secret), recovery

    def code(self, ahead=0):
        return self.totp.generate_otp(second_factor._step() + ahead)


def waiting_app(page):
    """The app of a person who has begun, and whose first code is still to come."""
    text = page.get("/account/second-factor").text
    return App(re.search(r'id="totp-secret" value="([A-Z2-7]+)"', text)[1], [])


def enrol(page):
    """Set up a second factor as a person does, in the browser."""
    assert page.post("/account/second-factor/start").status_code == 303
    app = waiting_app(page)
    shown = page.post("/account/second-factor/confirm", {"code": app.code(-1)})
    assert shown.status_code == 200, shown.text
    codes = html.unescape(re.search(r'<textarea[^>]*id="recovery-codes"[^>]*>([^<]*)<', shown.text)[1]).split()
    app.recovery.extend(codes)
    return app


def sign_in(page, person, **more):
    return page.post("/sign-in", {"email": person.email, "password": PASSWORD} | more)


def half(world, person):
    """A browser that gave the right password."""
    page = PageDoor(world.app)
    assert sign_in(page, person).location == CODE
    return page


def is_in(page):
    return page.get("/account").status_code == 200
