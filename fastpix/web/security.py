"""What every answer gets: a request id, security headers, a known host; and the check of CSRF tokens."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from flask_wtf.csrf import CSRFProtect, validate_csrf
from werkzeug.sansio.utils import host_is_trusted
from wtforms.validators import ValidationError

from fastpix import db
from fastpix.access import principal
from fastpix.config.settings import Settings
from fastpix.web import envelope, public_paths

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: Origin and Referer of our own forms must arrive (pages with secrets in the address set it).
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
# Answered whatever the Host header says: probes of load balancers, and Prometheus, use addresses.
ANY_HOST = frozenset({"/healthz", "/readyz", "/metrics"})


class UntrustedHost(Exception):
    """The request's Host header is not the public address."""


def install(app: Flask, settings: Settings) -> None:
    CSRFProtect(app)  # gives templates csrf_token(); the check is ours, below
    host = settings.host
    trusted = LOOPBACK if host in ("localhost", "127.0.0.1", "::1") else (host,)
    # Hosts of their own lead to nothing but viewers' paths (`delivery.stream_hosts`).
    trusted_by_viewers = (
        *trusted,
        *(urlsplit(url).hostname or "" for url in (settings.stream_url, settings.images_url) if url),
    )
    app.session_interface = public_paths.Sessions()

    # Playlists and pictures may have hosts of their own.
    headers = HEADERS | {"Content-Security-Policy": content_policy((settings.stream_url, settings.images_url))}
    lasting = {"Strict-Transport-Security": "max-age=31536000"} if settings.is_https else {}
    if not settings.is_https and trusted is not LOOPBACK:
        del headers["Cross-Origin-Opener-Policy"]  # browsers heed it on trusted origins only, and complain elsewhere

    @lru_cache(maxsize=64)
    def is_trusted(host: str, is_viewers: bool) -> bool:
        return host_is_trusted(host.lower(), trusted_by_viewers if is_viewers else trusted)

    @app.before_request
    def begin() -> None:
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if re.fullmatch(r"[A-Za-z0-9-]{8,64}", given) else uuid.uuid4().hex
        db.set_reading(request.method in SAFE_METHODS)
        if request.path not in ANY_HOST and not is_trusted(request.host, public_paths.is_here()):
            raise UntrustedHost
        _receive_body(app)

    @app.after_request
    def finish(response: Response) -> Response:
        # By a set, not by setdefault: each of those would go through all headers once more.
        present = {name.lower() for name, _ in response.headers}
        wanted = lasting | (public_paths.headers() or headers)
        more = [pair for pair in wanted.items() if pair[0].lower() not in present]
        if "cache-control" not in present:
            more.append(("Cache-Control", "no-store"))
        response.headers.extend([*more, ("X-Request-Id", g.get("request_id", ""))])
        return response


def content_policy(media_urls: Iterable[str], *, form_action: str = "'self'", frame_ancestors: str = "'none'") -> str:
    """What a page may load (CSP): all of ours, and films and pictures from where `media_urls` lead."""
    parts = [urlsplit(url) for url in media_urls]
    media = "".join(
        f" {origin}" for origin in sorted({f"{part.scheme}://{part.netloc}" for part in parts if part.netloc})
    )
    return (
        "default-src 'none'; script-src 'self'; worker-src 'self' blob:; style-src 'self'; font-src 'self'; "
        # hls.js feeds the player from blobs, and captions into a track that is an empty file of its own (data:).
        f"img-src 'self' data:{media}; media-src 'self' blob: data:{media}; connect-src 'self'{media}; "
        f"form-action {form_action}; base-uri 'none'; frame-ancestors {frame_ancestors}"
    )


def _receive_body(app: Flask) -> None:
    """Read the body before anything is asked of the database: on SQLite a writer's lock must not wait for a slow sender.

    Not the bodies of files: those come in pieces, after who sends them is known and the transaction has ended.
    """
    view = app.view_functions.get(request.endpoint or "")
    if request.method not in SAFE_METHODS and not public_paths.is_here() and not getattr(view, "takes_files", False):
        g.received_body = request.get_data(cache=True)


def received_body() -> bytes | None:
    """The body of this request, where it was read before anything was asked of the database."""
    body: bytes | None = g.get("received_body")
    return body


def check_csrf_of_page(settings: Settings) -> None:
    """For an unsafe dashboard request without a right token: let the actor look, but change nothing.

    So a form that was open too long comes back with everything typed, instead of a bare error.
    """
    if request.method in SAFE_METHODS or envelope.is_api() or public_paths.is_here():
        return  # the API never reads a cookie, so there is nothing to forge
    try:
        _check_origin(settings)
        validate_csrf(request.form.get("csrf_token") or request.headers.get("X-CSRFToken"))
    except ValidationError as problem:
        g.csrf_problem = str(problem)
        principal.enter(replace(principal.current(), is_read_only=True))


def _check_origin(settings: Settings) -> None:
    """A browser says where a form came from; another site's is refused even with a token."""
    origin = request.headers.get("Origin")
    if origin in (None, "", "null"):
        return
    expected = {urlsplit(settings.public_url).netloc, request.host}
    if urlsplit(str(origin)).netloc not in expected:
        raise ValidationError(f"the form came from {origin}, and this server is {settings.public_url}")
