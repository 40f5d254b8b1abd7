"""What the log says of a request: its id, rule and who asks; for lines logged meanwhile, and for the one at its end.

Never the path as it was typed, which may hold a secret, nor a query, header or body: the rule says which page it was.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, g, has_request_context, request

from fastpix.access import principal

# Where the web server finds it when the answer is sent (`gunicorn_config`).
FACTS = "fastpix.facts"


def install(app: Flask) -> None:
    """To be called before anything that answers, so that all answers are seen."""

    @app.after_request
    def note(response: Response) -> Response:
        request.environ[FACTS] = facts()
        return response


def facts() -> dict[str, Any]:
    """Who acts, and in which request: ids alone, None where there is none."""
    actor = principal.current()
    told: dict[str, Any] = {
        "organization_id": actor.organization_id,
        "person_id": actor.person_id,
        "token_id": actor.token_id,
    }
    if has_request_context():
        told |= {"request_id": g.get("request_id"), "method": request.method, "rule": rule()}
    return told


def rule() -> str:
    """The route of this request, with names for its values; empty where there is no such page."""
    return request.url_rule.rule if request.url_rule is not None else ""
