"""What was not allowed leaves a trace too: who tried what, written after the request's own transaction was undone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, current_app, g, request

from fastpix.access import principal, table
from fastpix.access.action import Entry
from fastpix.web import after_answer

_AN_ID = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")


def install(app: Flask, record: Callable[[Entry], None]) -> None:
    """Write the noted attempt of a request with `record`, which opens a transaction of its own."""

    def write(response: Response) -> Response:
        entry: Entry | None = g.pop("attempt", None)
        if entry is not None:
            after_answer.write(lambda: record(entry), "a denied attempt could not be recorded")
        return response

    app.after_request(write)


def denied(permission: str) -> None:
    """Note that somebody known lacks a permission."""
    _note(permission, "denied", {})


def refused(problem: Exception) -> None:
    """Note that a rule said no to a change by somebody who may. Who only looks has tried nothing."""
    action = getattr(current_app.view_functions.get(request.endpoint or ""), "action", None)
    if action is not None and not action.is_personal and action.changes:
        _note(action.key, "refused", {"reason": str(problem)})


def _note(key: str, result: str, after: dict[str, Any]) -> None:
    actor = principal.current()
    is_ones_own = key in table.PERSONAL  # done in no organization: only a session that has ended may be what was wrong
    if actor.kind not in ("person", "token") or (actor.organization_id is None and not is_ones_own):
        return  # strangers leave lines in the access log, not rows
    if actor.is_viewing:
        return  # an admin who finds out what a member may not do tries nothing forbidden
    entry = Entry(key, organization_id=actor.organization_id, after=after, result=result)
    # What it was about, as the address says it: whether there is such a thing is not asked.
    for name, value in (request.view_args or {}).items():
        if _AN_ID.fullmatch(str(value)):
            words = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
            entry.target_kind, entry.target_id = words.removesuffix("_id")[:32], str(value)
    g.attempt = entry
