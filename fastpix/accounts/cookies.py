"""The cookies of accounts: of a session, of a browser that is known again, and of secrets that came by a link."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from flask import current_app, flash, g, request, session
from werkzeug.wrappers import Response

from fastpix.accounts import known_devices
from fastpix.accounts.domain import Browser
from fastpix.config.settings import Settings
from fastpix.crypto import tokens

# These, and all below, by `named`.
INVITE_COOKIE, RESET_COOKIE, EMAIL_COOKIE = "fastpix_invite", "fastpix_reset", "fastpix_email"
# A right password that waits for its code: sent to that page alone, so it cannot be taken for a session.
HALF_COOKIE, HALF_PATH = "fastpix_half", "/sign-in/code"
LINK_LIFE = timedelta(minutes=30)


def settings() -> Settings:
    """The settings of this instance."""
    ours: Settings = current_app.config["FASTPIX"]
    return ours


def session_cookie(settings: Settings) -> str:
    """Name of the session's cookie. `__Host-` lets a browser refuse one set by another host or without TLS."""
    return named("__Host-fastpix_session" if settings.is_https else "fastpix_session", settings)


def named(name: str, settings: Settings) -> str:
    """The cookie's name at this instance: browsers keep one jar for all ports of a host, so the port is part of it."""
    port = urlsplit(settings.public_url).port
    return f"{name}_{port}" if port else name


def carried(cookie: str) -> str:
    """The secret of a link that `carry` put into this cookie, empty without one."""
    return request.cookies.get(named(cookie, settings()), "")


def browser() -> Browser:
    return Browser(request.remote_addr or "", request.user_agent.string, _device())


def _device() -> str:
    """The secret by which this browser is known again; a new one until `give_session` puts it into the cookie."""
    secret = request.cookies.get(_device_cookie(), "")
    if tokens.is_one(secret):
        return secret
    if "device" not in g:
        g.device = tokens.new()
    return str(g.device)


def _device_cookie() -> str:
    return named("__Host-fastpix_device" if settings().is_https else "fastpix_device", settings())


def give_session(response: Response, secret: str, message: str = "", *, is_remembered: bool = False) -> Response:
    """Put a new session's secret into the browser, and forget what it carried before: messages, too, but for this one."""
    session.clear()
    if message:
        flash(message, "success")
    life = timedelta(days=settings().remember_days) if is_remembered else None
    response.set_cookie(
        session_cookie(settings()), secret, max_age=life, httponly=True, samesite="Lax", secure=settings().is_https
    )
    response.set_cookie(
        _device_cookie(),
        _device(),
        max_age=known_devices.KEPT,
        httponly=True,
        samesite="Lax",
        secure=settings().is_https,
    )
    return response


def renew_session(response: Response, secret: str, lasts_until: datetime | None) -> Response:
    """Put the session's new secret into the browser; a remembered one lasts as long as before."""
    name = session_cookie(settings())
    if any(header.startswith(f"{name}=") for header in response.headers.getlist("Set-Cookie")):
        return response  # the request itself began or ended a session: that counts
    response.set_cookie(name, secret, expires=lasts_until, httponly=True, samesite="Lax", secure=settings().is_https)
    return response


def take_session(response: Response, message: str = "") -> Response:
    """After signing out: nothing of the person stays in the browser, but for the message of what was done."""
    session.clear()
    if message:
        flash(message, "success")
    response.delete_cookie(session_cookie(settings()), httponly=True, samesite="Lax", secure=settings().is_https)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def carry(response: Response, cookie: str, secret: str, path: str) -> Response:
    """Move a link's secret from the address into a short cookie, so that it is in no history, log or referrer.

    What stands behind a link in a text, and got into it (`.`, `)`, `>`, a blank), is none of the secret.
    """
    response.set_cookie(
        named(cookie, settings()),
        tokens.beginning(secret),
        max_age=LINK_LIFE,
        path=path,
        httponly=True,
        samesite="Lax",
        secure=settings().is_https,
    )
    return closed(response)


def drop(response: Response, cookie: str, path: str) -> Response:
    response.delete_cookie(
        named(cookie, settings()), path=path, httponly=True, samesite="Lax", secure=settings().is_https
    )
    return closed(response)


def closed(response: Response) -> Response:
    """For pages reached by a secret link: kept nowhere, told to nobody."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
