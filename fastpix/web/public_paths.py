"""The paths of viewers: fetched by players on any site, without cookie, session or identity, and refused in JSON."""

from __future__ import annotations

from flask import Flask, Request, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

PLAYERS, PAGES = ("/stream/", "/images/"), ("/embed/",)
# Files that come in and originals that go out: the signed address is the proof (`fastpix.intake`).
FILES = ("/upload/", "/source/")
_ALL = PLAYERS + PAGES + FILES
_LOADS_NOTHING = "default-src 'none'; frame-ancestors 'none'"
# The secret is in the address: no cookie counts here, so any site may read the answer.
_FOR_PLAYERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Content-Length, Content-Range, Retry-After",
    "Content-Security-Policy": _LOADS_NOTHING,
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
# Which origin may read the answer is said by each upload.
_FOR_FILES = {name: value for name, value in _FOR_PLAYERS.items() if not name.startswith("Access-Control-")}
# The page says itself who may frame it. Its origin must arrive where it fetches, since restrictions look at it.
_FOR_PAGES = {
    "Content-Security-Policy": _LOADS_NOTHING,
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Referrer-Policy": "strict-origin",
    "X-Content-Type-Options": "nosniff",
}


def is_here() -> bool:
    """Whether the request is a viewer's, decided by its path alone."""
    return request.path.startswith(_ALL)


def headers() -> dict[str, str] | None:
    """What an answer to a viewer gets in place of the dashboard's headers; None for everybody else."""
    if request.path.startswith(FILES):
        return _FOR_FILES
    return _FOR_PLAYERS if request.path.startswith(PLAYERS) else _FOR_PAGES if is_here() else None


class Sessions(SecureCookieSessionInterface):
    """No session for viewers: no cookie is read or set, and no answer varies by one."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        return None if request.path.startswith(_ALL) else super().open_session(app, request)
