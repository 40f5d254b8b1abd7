"""Every route there is, with the permission it must ask for and the ids in it, for the tests that walk them all.

The list of routes comes from the URL map; written by hand are the policy (`fastpix/access_check/policy.py`) and the input
(`inputs.py`). A route that is missing there fails the matrix, so a new route is tested the day it is written.
"""

from __future__ import annotations

import re
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from fastpix.access_check import callers as matrix
from fastpix.access_check.callers import LIVE_RULES, Route
from fastpix.access_check.policy import POLICY as POLICY
from fastpix.app import PUBLIC, create_app
from fastpix.web.api import HEX_IDS
from tests.access.inputs import INPUTS
from tests.access.scene import Input, Scene
from tests.cast import House
from tests.world import test_settings


@cache
def routes() -> tuple[Route, ...]:
    app = create_app(test_settings(Path(tempfile.mkdtemp(prefix="fpx-routes-"))))
    return routes_of(app)


def routes_of(app: Any) -> tuple[Route, ...]:
    """Without HEAD, which is GET without its body."""
    return tuple(
        replace(route, rule=route.rule.replace("<media:", "<"))
        for route in matrix.routes_of(app)
        if route.method != "HEAD"
    )


def guarded() -> list[Route]:
    return [route for route in routes() if route.endpoint not in PUBLIC]


# Ids by their name in the address. Members and tokens are Mel's, so that Ada can do to them whatever there is.
IDS: dict[str, Callable[[House], Any]] = matrix.both_spellings(
    {
        "member": lambda h: h.members.get("mel") or h.members["rex"],
        "workspace": lambda h: h.workspace,
        "invitation": lambda h: h.invitation,
        "key": lambda h: h.signing_key,
        "signingKey": lambda h: h.signing_key,
        "token": lambda h: (h.tokens.get("mel member") or h.tokens["rex member"]).id,
        "media": lambda h: h.shelf.media,
        "livestream": lambda h: h.shelf.media.hex,
        "playback": lambda h: h.shelf.playback_id,
        "track": lambda h: h.shelf.track,
        "upload": lambda h: h.shelf.upload,
        "playlist": lambda h: h.playlist,
        "stream": lambda h: h.shelf.stream,
        "simulcast": lambda h: h.shelf.simulcast,
        "webhook": lambda h: h.webhook,
        "delivery": lambda h: h.delivery,
    }
)
# Where the same name means another thing: the playback ids of live streams.
LIVE_IDS: dict[str, Callable[[House], Any]] = matrix.both_spellings({"playback": lambda h: h.shelf.live_playback_id})


def ids_of(route: Route) -> dict[str, Callable[[House], Any]]:
    return IDS | LIVE_IDS if route.rule.startswith(LIVE_RULES) else IDS


def right_input(route: Route, scene: Scene) -> Input:
    """The input of a route; for a plain GET there is nothing to say. A route nobody described is a KeyError."""
    told = INPUTS.get((route.endpoint, route.method))
    if told is None:
        if route.method != "GET":
            raise KeyError(f"{route} has no entry in INPUTS (tests/access/inputs.py)")
        told = lambda _scene: Input(200)  # noqa: E731
    found = told(scene)
    known = ids_of(route)
    for name in route.ids:
        if name not in found.values:
            found.values[name] = known[name](scene.house)
    return found


def address(route: Route, values: dict[str, Any], org: str) -> str:
    """The path of a route with its ids put in."""
    return matrix.fill(route.rule, lambda name: org if name == "org" else _written(name, values[name]))


def _written(name: str, value: Any) -> str:
    """Ids of live streams are written without hyphens, and others with them, whatever the id is of."""
    text = str(value)
    if name in HEX_IDS or name in ("stream_id", "simulcast_id"):
        return text.replace("-", "")
    return str(uuid.UUID(text)) if re.fullmatch("[0-9a-f]{32}", text) else text
