"""Where a browser may be sent after signing in: to pages of ours, and nowhere else."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import current_app
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect


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
