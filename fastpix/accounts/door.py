"""Cookies and return targets: what a browser carries through the door, and where it may be sent afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from flask import current_app, g, request, session
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response

from fastpix import tokens
from fastpix.accounts import devices
from fastpix.accounts.domain import Browser
from fastpix.settings import Settings

INVITE_COOKIE, RESET_COOKIE, EMAIL_COOKIE = "fastpix_invite", "fastpix_reset", "fastpix_email"
# A right password that waits for its code: sent to that page alone, so it cannot be taken for a session.
HALF_COOKIE, HALF_PATH = "fastpix_half", "/sign-in/code"
LINK_LIFE = timedelta(minutes=30)


def settings() -> Settings:
    """The settings of this instance."""
    found: Settings = current_app.config["FASTPIX"]
    return found


def session_cookie(given: Settings) -> str:
    """Name of the session's cookie. `__Host-` lets a browser refuse one set by another host or without TLS."""
    return "__Host-fastpix_session" if given.is_https else "fastpix_session"


def browser() -> Browser:
    return Browser(request.remote_addr or "", request.user_agent.string, _device())


def _device() -> str:
    """The secret by which this browser is known again; a new one until `give_session` puts it into the cookie."""
    kept = request.cookies.get(_device_cookie(), "")
    if tokens.is_one(kept):
        return kept
    if "device" not in g:
        g.device = tokens.new()
    return str(g.device)


def _device_cookie() -> str:
    return "__Host-fastpix_device" if settings().is_https else "fastpix_device"


def give_session(response: Response, secret: str, *, is_remembered: bool = False) -> Response:
    """Put a new session's secret into the browser, and forget what it carried before."""
    session.clear()
    life = timedelta(days=settings().remember_days) if is_remembered else None
    response.set_cookie(
        session_cookie(settings()), secret, max_age=life, httponly=True, samesite="Lax", secure=settings().is_https
    )
    response.set_cookie(
        _device_cookie(),
        _device(),
        max_age=devices.KEPT,
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


def take_session(response: Response) -> Response:
    """After signing out: nothing of the person stays in the browser."""
    session.clear()
    response.delete_cookie(session_cookie(settings()), httponly=True, samesite="Lax", secure=settings().is_https)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def carry(response: Response, cookie: str, secret: str, path: str) -> Response:
    """Move a link's secret from the address into a short cookie, so that it is in no history, log or referrer."""
    response.set_cookie(
        cookie, secret, max_age=LINK_LIFE, path=path, httponly=True, samesite="Lax", secure=settings().is_https
    )
    return closed(response)


def drop(response: Response, cookie: str, path: str) -> Response:
    response.delete_cookie(cookie, path=path, httponly=True, samesite="Lax", secure=settings().is_https)
    return closed(response)


def closed(response: Response) -> Response:
    """For pages reached by a secret link: kept nowhere, told to nobody."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


def safe_target(target: str | None) -> str | None:
    """The target, if it is a page of ours: a path that the URL map answers to GET. Anything else is None."""
    if not target or any(ord(character) < 33 for character in target) or "\\" in target:
        return None
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    if parts.scheme or parts.netloc or not parts.path.startswith("/") or parts.path.startswith("//"):
        return None
    try:
        endpoint, _ = current_app.url_map.bind("").match(parts.path, method="GET")
    except (HTTPException, RequestRedirect):
        return None
    return (
        target if endpoint not in ("static", "accounts.sign_in", "accounts.sign_in_code", "accounts.arrived") else None
    )
