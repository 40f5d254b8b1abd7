"""What must hold before a single request is answered: every endpoint is guarded, or public by name and reason.

And nothing that a setting names stands in the way of one.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from flask import Flask

from fastpix.errors import Misconfigured


def check_endpoints(app: Flask, public: Mapping[str, str]) -> None:
    """Raise RuntimeError for an endpoint without an action that is not in the list of public ones, and the reverse.

    And for a view that is a coroutine, which nothing here would wait for.
    """
    for endpoint, view in app.view_functions.items():
        if inspect.iscoroutinefunction(view):
            raise RuntimeError(f"{endpoint} is a coroutine; views here are plain functions")
        guarded = hasattr(view, "action")
        if guarded == (endpoint in public):
            fault = "has a guard and is in the list of public endpoints" if guarded else "has no guard"
            raise RuntimeError(f"{endpoint} {fault} (see fastpix.app.PUBLIC)")
    for endpoint in public:
        if endpoint not in app.view_functions:
            raise RuntimeError(f"{endpoint} is in the list of public endpoints, and there is no such endpoint")


def check_internal_prefix(app: Flask, prefix: str) -> None:
    """Raise `Misconfigured` where nginx would take addresses of ours for its internal location."""
    first = prefix.split("/")[1] if prefix else ""
    if first and any(rule.rule.split("/")[1] == first for rule in app.url_map.iter_rules()):
        raise Misconfigured(
            f"FASTPIX_ACCEL_PREFIX={prefix}: fastpix has addresses below /{first}/ itself. "
            "Give a path that nothing else has, such as /_fastpix_media/."
        )
