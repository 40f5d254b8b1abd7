"""Pages of who is not signed in yet: landing, first set-up, signing in, a forgotten password; and signing out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import redirect, request, session, url_for
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from fastpix.accounts import cookies, domain, identity, passkeys, recovery, sessions, setup
from fastpix.accounts.cookies import HALF_COOKIE, HALF_PATH, RESET_COOKIE
from fastpix.accounts.forms import ForgotForm, NewPasswordForm, SetUpForm, SignInCodeForm, SignInForm
from fastpix.accounts.models import FirstPerson
from fastpix.accounts.return_targets import safe_target
from fastpix.crypto import tokens
from fastpix.errors import Gone
from fastpix.mail import outbox
from fastpix.web.forms import AnywayForm
from fastpix.web.pages import AfterCommit, Pages, go, show, signed_in

pages = Pages("accounts", __name__, org=False)


@pages.public("GET", "/")
def home() -> Any:
    """Where a visitor belongs: set-up, sign-in, or the organization they are in."""
    if not current_user.is_authenticated:
        return redirect(url_for(".set_up") if setup.is_open() else url_for(".sign_in"))
    memberships = identity.memberships()
    open_ones = [each for each in memberships if not each.closed]
    if open_ones:
        return redirect(url_for("organizations.overview", org=open_ones[0].slug))
    return show("accounts/nowhere.html", suspended=[each.organization_name for each in memberships])


@pages.public("GET POST", "/set-up")
def set_up() -> Any:
    if not setup.is_open():
        return go(".sign_in", setup.DONE, "info")
    form = SetUpForm()
    if form.is_sent():
        with form.catching():
            person: FirstPerson = {
                "email": form.email.data or "",
                "name": form.name.data or "",
                "password": form.password.data or "",
            }
            secret, organization = setup.set_up(
                cookies.settings(), form.token.data or "", form.organization.data or "", person, cookies.browser()
            )
            return AfterCommit(lambda: _ready(secret, organization))
    return show(
        "accounts/set_up.html",
        form=form,
        token_path=setup.token_path(cookies.settings()),
        public_url=cookies.settings().public_url,
        mail_is_set_up=outbox.is_configured(),
    )


@pages.public("GET POST", "/sign-in")
def sign_in() -> Any:
    form = SignInForm()
    if request.method == "GET":
        form.next.data = safe_target(request.args.get("next")) or ""
        if current_user.is_authenticated:
            return redirect(form.next.data or url_for(".home"))
        if setup.is_open():
            return redirect(url_for(".set_up"))
    if form.is_sent():
        with form.catching():
            remember = bool(form.remember.data)
            arrival = _come_in(form, remember)
            target = safe_target(form.next.data) or None
            if arrival.needs_code:
                return cookies.carry(
                    redirect(url_for(".sign_in_code", next=target), 303), HALF_COOKIE, arrival.secret, HALF_PATH
                )
            return cookies.give_session(
                redirect(url_for(".arrived", next=target), 303), arrival.secret, is_remembered=remember
            )
    return show("accounts/sign_in.html", form=form, passkey_options=_options_to_sign_in())


def _come_in(form: SignInForm, remember: bool) -> domain.Arrival:
    """By a passkey alone, or by the password."""
    now, browser = cookies.settings(), cookies.browser()
    if form.passkey.data:
        answer = form.passkey.data
        secret = domain.sign_in_with_passkey(now, answer, _mark(), is_remembered=remember, browser=browser)
        return domain.Arrival(secret, False)
    email, password = form.email.data or "", form.password.data or ""
    return domain.sign_in(now, email, password, is_remembered=remember, browser=browser)


def _mark() -> str:
    """What only this browser has before anybody is signed in: the secret behind its CSRF tokens."""
    generate_csrf()
    return str(session["csrf_token"])


def _options_to_sign_in() -> str:
    return passkeys.options_to_sign_in(cookies.settings(), _mark())


@pages.public("GET POST", HALF_PATH)
def sign_in_code() -> Any:
    """After a right password, the second factor. Without such a password there is nothing here."""
    half = cookies.carried(HALF_COOKIE)
    form, options = SignInCodeForm(), ""
    try:
        person_id = sessions.find_half(half).person_id
        options = passkeys.options_to_prove(cookies.settings(), person_id, "code", tokens.digest(half))
        if form.is_sent():
            with form.catching():
                proof = domain.Proof(code=form.code.data or "", passkey=form.passkey.data or "")
                secret, remember = domain.finish_sign_in(cookies.settings(), half, proof, browser=cookies.browser())
                target = safe_target(request.args.get("next")) or None
                arrived = cookies.give_session(
                    redirect(url_for(".arrived", next=target), 303), secret, is_remembered=remember
                )
                return cookies.drop(arrived, HALF_COOKIE, HALF_PATH)
    except Gone as problem:
        return cookies.drop(go(".sign_in", str(problem) if half else "", "info"), HALF_COOKIE, HALF_PATH)
    return show("accounts/sign_in_code.html", form=form, passkey_options=options)


@pages.public("GET", "/sign-in/done")
def arrived() -> Any:
    """After a right password: go on, or say that the browser did not send the session's cookie back."""
    target = safe_target(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(target or url_for(".home"))
    form = SignInForm()
    form.next.data = target or ""
    form.form_errors.append(
        "The password was right, but your browser did not keep the sign-in. Allow cookies for this site"
        + (", and open it with https://." if cookies.settings().is_https and not request.is_secure else ".")
    )
    return show("accounts/sign_in.html", status=400, form=form, passkey_options=_options_to_sign_in())


@pages.page(domain.sign_out, "POST", "/sign-out")
def sign_out() -> Any:
    form = AnywayForm()
    if form.is_sent():
        domain.sign_out(signed_in().session_id)
        return cookies.take_session(go(".sign_in"), "You are signed out.")
    return show("accounts/sign_out.html", form=form)


@pages.public("GET POST", "/forgot")
def forgot() -> Any:
    form = ForgotForm()
    if form.is_sent():
        with form.catching():
            recovery.ask_reset(form.email.data or "", request.remote_addr or "")
            return show("accounts/forgot_sent.html", status=200, mail_is_set_up=outbox.is_configured())
    return show("accounts/forgot.html", form=form, mail_is_set_up=outbox.is_configured())


@pages.public("GET", "/reset/<secret>")
def reset_link(secret: str) -> Any:
    """Move the link's secret into a cookie; opening it uses nothing up (mail scanners open links)."""
    return cookies.carry(redirect(url_for(".reset")), RESET_COOKIE, secret, "/reset")


@pages.public("GET POST", "/reset")
def reset() -> Any:
    secret = cookies.carried(RESET_COOKIE)
    link = recovery.look_up("reset", secret)
    form = NewPasswordForm()
    if form.is_sent():
        with form.catching():
            recovery.reset(secret, form.password.data or "")
            return cookies.drop(go(".sign_in", "Your password is set. Sign in with it."), RESET_COOKIE, "/reset")
    return _closed(show("accounts/reset.html", form=form, email=recovery.address_of(link)))


@pages.public("GET", "/.well-known/change-password")
def well_known_change_password() -> Any:
    return redirect(url_for("account.password"))


def _ready(secret: str, organization: Mapping[str, object]) -> Response:
    """After the set-up was saved: its token is worthless, and the first admin is in."""
    setup.forget_token(cookies.settings())
    home = go("organizations.overview", org=organization["slug"])
    return cookies.give_session(home, secret, f"{organization['name']} is ready.")


def _closed(shown: tuple[str, int]) -> Response:
    return cookies.closed(Response(shown[0], shown[1], mimetype="text/html"))
