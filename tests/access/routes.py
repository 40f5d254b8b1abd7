"""Every route there is, with the permission it must ask for and the ids in it, for the tests that walk them all.

The list of routes comes from the URL map; written by hand are the policy (`fastpix/proof/policy.py`) and the input
(`inputs.py`). A route that is missing there fails the matrix, so a new route is tested the day it is written.
"""

from __future__ import annotations

import re
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fastpix.access.action import Action
from fastpix.app import PUBLIC, create_app
from fastpix.proof.policy import POLICY as POLICY
from fastpix.web.api import HEX_IDS
from tests.access.inputs import INPUTS, Input, Scene
from tests.cast import House
from tests.world import test_settings


@dataclass(frozen=True)
class Route:
    """One endpoint with one method."""

    endpoint: str
    method: str
    rule: str
    action: Action | None

    @property
    def door(self) -> str:
        return "api" if self.rule.startswith("/v1/") else "page"

    @property
    def in_organization(self) -> bool:
        return self.rule.startswith("/o/<org>")

    @property
    def ids(self) -> list[str]:
        """The ids in the address, without the organization's name."""
        return [name for name in re.findall(r"<(?:\w+:)?(\w+)>", self.rule) if name != "org"]

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"


@cache
def routes() -> tuple[Route, ...]:
    app = create_app(test_settings(Path(tempfile.mkdtemp(prefix="fpx-routes-"))))
    return routes_of(app)


def routes_of(app: Any) -> tuple[Route, ...]:
    return tuple(
        Route(
            rule.endpoint,
            method,
            rule.rule.replace("<media:", "<"),
            getattr(app.view_functions[rule.endpoint], "action", None),
        )
        for rule in sorted(app.url_map.iter_rules(), key=lambda r: (r.rule, r.endpoint))
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    )


def guarded() -> list[Route]:
    return [route for route in routes() if route.endpoint not in PUBLIC]


# Ids by their name in the address. Members and tokens are Mel's, so that Ada can do to them whatever there is.
IDS: dict[str, Callable[[House], Any]] = {
    "member_id": lambda h: h.members.get("mel") or h.members["rex"],
    "workspace_id": lambda h: h.workspace,
    "invitation_id": lambda h: h.invitation,
    "key_id": lambda h: h.signing_key,
    "token_id": lambda h: (h.tokens.get("mel member") or h.tokens["rex member"]).id,
}
IDS |= {"memberId": IDS["member_id"], "workspaceId": IDS["workspace_id"], "invitationId": IDS["invitation_id"]}
IDS |= {"signingKeyId": IDS["key_id"], "tokenId": IDS["token_id"]}
IDS |= {
    "media_id": lambda h: h.shelf.media,
    "mediaId": lambda h: h.shelf.media,
    "livestreamId": lambda h: h.shelf.media.hex,
    "playback_id": lambda h: h.shelf.playback_id,
    "playbackId": lambda h: h.shelf.playback_id,
    "track_id": lambda h: h.shelf.track,
    "trackId": lambda h: h.shelf.track,
    "upload_id": lambda h: h.shelf.upload,
    "uploadId": lambda h: h.shelf.upload,
    "playlist_id": lambda h: h.playlist,
    "playlistId": lambda h: h.playlist,
    "stream_id": lambda h: h.shelf.stream,
    "streamId": lambda h: h.shelf.stream,
    "simulcast_id": lambda h: h.shelf.simulcast,
    "simulcastId": lambda h: h.shelf.simulcast,
    "webhook_id": lambda h: h.webhook,
    "webhookId": lambda h: h.webhook,
    "delivery_id": lambda h: h.delivery,
    "deliveryId": lambda h: h.delivery,
}
# Where the same name means another thing: the playback ids of live streams.
LIVE_IDS: dict[str, Callable[[House], Any]] = {
    "playback_id": lambda h: h.shelf.live_playback_id,
    "playbackId": lambda h: h.shelf.live_playback_id,
}
LIVE_RULES = ("/v1/live/", "/o/<org>/live/")


def right_input(route: Route, scene: Scene) -> Input:
    """The input of a route; for a plain GET there is nothing to say. A route nobody described is a KeyError."""
    told = INPUTS.get((route.endpoint, route.method))
    if told is None:
        if route.method != "GET":
            raise KeyError(f"{route} has no entry in INPUTS (tests/access/inputs.py)")
        told = lambda _scene: Input(200)  # noqa: E731
    found = told(scene)
    known = IDS | LIVE_IDS if route.rule.startswith(LIVE_RULES) else IDS
    for name in route.ids:
        if name not in found.values:
            found.values[name] = known[name](scene.house)
    return found


def address(route: Route, values: dict[str, Any], org: str) -> str:
    """The path of a route with its ids put in."""
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda m: org if m[1] == "org" else _written(m[1], values[m[1]]), route.rule)


def _written(name: str, value: Any) -> str:
    """Ids of live streams are written without hyphens, and others with them, whatever the id is of."""
    text = str(value)
    if name in HEX_IDS or name in ("stream_id", "simulcast_id"):
        return text.replace("-", "")
    return str(uuid.UUID(text)) if re.fullmatch("[0-9a-f]{32}", text) else text
