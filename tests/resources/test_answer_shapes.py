"""Our answers beside FastPix's own: the same keys and kinds, or a line in docs/api.md, "What is different here"."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.resources.answer_shapes import ANSWERS, differences

pytestmark = pytest.mark.sqlite
PAGE = Path(__file__).resolve().parent.parent.parent / "docs/api.md"
FILM = {"inputs": [{"type": "video", "url": "https://files.example/a.mp4"}], "accessPolicy": "public"}
UPLOAD = {"corsOrigin": "*", "pushMediaSettings": {"accessPolicy": "public"}}
TRACK = {"url": "https://files.example/it.vtt", "type": "subtitle", "languageCode": "it", "languageName": "Italian"}
NAMES = {"url": "https://files.example/en.vtt", "languageCode": "en", "languageName": "British"}
RULE = {"defaultPolicy": "deny", "allow": ["example.com"], "deny": []}
TARGET = {"url": "rtmps://live.elsewhere.example/app", "streamKey": "a-key"}
NOT_READY = ("Created", "Failed")
STREAM = {"playbackSettings": {}, "inputMediaSettings": {"metadata": {"name": "Talk"}}}

# Each operation as it is asked for; {media} and the like are names of the shelf, {playlist} and {key} are made before.
REQUESTS: dict[str, tuple[str, str, Any]] = {
    "create-media": ("POST", "on-demand", FILM),
    "list-media": ("GET", "on-demand", None),
    "get-media": ("GET", "on-demand/{media}", None),
    "updated-media": ("PATCH", "on-demand/{media}", {"title": "New", "creatorId": "c", "metadata": {"a": "b"}}),
    "updated-mp4Support": ("PATCH", "on-demand/{media}/update-mp4Support", {"mp4Support": "audioOnly,capped_4k"}),
    "updated-source-access": ("PATCH", "on-demand/{media}/source-access", {"sourceAccess": True}),
    "delete-media": ("DELETE", "on-demand/{media}", None),
    "get-media-clips": ("GET", "on-demand/{media}/media-clips", None),
    "list-live-clips": ("GET", "on-demand/{media.hex}/live-clips", None),
    "retrieveMediaInputInfo": ("GET", "on-demand/{media}/input-info", None),
    "direct-upload-video-media": ("POST", "on-demand/upload", UPLOAD),
    "list-uploads": ("GET", "on-demand/uploads", None),
    "cancel-upload": ("PUT", "on-demand/upload/{upload}/cancel", None),
    "create-media-playback-id": ("POST", "on-demand/{media}/playback-ids", {"accessPolicy": "public"}),
    "list-playback-ids": ("GET", "on-demand/{media}/playback-ids", None),
    "get-playback-id": ("GET", "on-demand/{media}/playback-ids/{playback_id}", None),
    "update-domain-restrictions": ("PATCH", "on-demand/{media}/playback-ids/{playback_id}/domains", RULE),
    "update-user-agent-restrictions": ("PATCH", "on-demand/{media}/playback-ids/{playback_id}/user-agents", RULE),
    "delete-media-playback-id": ("DELETE", "on-demand/{media}/playback-ids?playbackId={playback_id}", None),
    "Add-media-track": ("POST", "on-demand/{media}/tracks", {"tracks": TRACK}),
    "update-media-track": ("PATCH", "on-demand/{media}/tracks/{track}", NAMES),
    "delete-media-track": ("DELETE", "on-demand/{media}/tracks/{track}", None),
    "create-a-playlist": ("POST", "on-demand/playlists", {"name": "New", "referenceId": "n", "type": "manual"}),
    "get-all-playlists": ("GET", "on-demand/playlists", None),
    "get-playlist-by-id": ("GET", "on-demand/playlists/{playlist}", None),
    "update-a-playlist": ("PUT", "on-demand/playlists/{playlist}", {"name": "Renamed", "description": "d"}),
    "add-media-to-playlist": ("PATCH", "on-demand/playlists/{bare}/media", {"mediaIds": ["{media}"]}),
    "change-media-order-in-playlist": ("PUT", "on-demand/playlists/{playlist}/media", {"mediaIds": ["{media}"]}),
    "delete-media-from-playlist": ("DELETE", "on-demand/playlists/{playlist}/media", {"mediaIds": ["{media}"]}),
    "delete-a-playlist": ("DELETE", "on-demand/playlists/{playlist}", None),
    "create-new-stream": ("POST", "live/streams", STREAM),
    "get-all-streams": ("GET", "live/streams", None),
    "get-live-stream-by-id": ("GET", "live/streams/{stream}", None),
    "update-live-stream": ("PATCH", "live/streams/{stream}", {"metadata": {"updated": "true"}}),
    "enable-live-stream": ("PUT", "live/streams/{disabled_stream}/live-enable", None),
    "disable-live-stream": ("PUT", "live/streams/{stream}/live-disable", None),
    "complete-live-stream": ("PUT", "live/streams/{stream}/finish", None),
    "delete-live-stream": ("DELETE", "live/streams/{stream}", None),
    "get-live-stream-viewer-count-by-id": ("GET", "live/streams/{active_stream}/viewer-count", None),
    "create-playbackId-of-stream": ("POST", "live/streams/{stream}/playback-ids", {"accessPolicy": "public"}),
    "get-live-stream-playback-id": ("GET", "live/streams/{stream}/playback-ids/{live_playback_id}", None),
    "delete-playbackId-of-stream": ("DELETE", "live/streams/{stream}/playback-ids?playbackId={live_playback_id}", None),
    "create-simulcast-of-stream": ("POST", "live/streams/{stream}/simulcast", TARGET),
    "get-specific-simulcast-of-stream": ("GET", "live/streams/{stream}/simulcast/{simulcast}", None),
    "update-specific-simulcast-of-stream": ("PUT", "live/streams/{stream}/simulcast/{simulcast}", {"isEnabled": False}),
    "delete-simulcast-of-stream": ("DELETE", "live/streams/{stream}/simulcast/{simulcast}", None),
    "create_signing_key": ("POST", "iam/signing-keys", None),
    "list_signing_keys": ("GET", "iam/signing-keys", None),
    "get-signing_key_by_id": ("GET", "iam/signing-keys/{key}", None),
    "delete_signing_key": ("DELETE", "iam/signing-keys/{key}", None),
    "list_overall_values": ("GET", "data/metrics/views/overall", None),
    "get_timeseries_data": ("GET", "data/metrics/playing_time/timeseries", None),
    "list_breakdown_values": ("GET", "data/metrics/views/breakdown", None),
    "list_by_top_content": ("GET", "data/viewlist/top-content", None),
    "list_dimensions": ("GET", "data/dimensions", None),
    "list_filter_values_for_dimension": ("GET", "data/dimensions/video_title", None),
    "list_video_views": ("GET", "data/viewlist", None),
    "list_comparison_values": ("GET", "data/metrics/comparison", None),
    "list_errors": ("GET", "data/errors", None),
}


@pytest.fixture
def names(api, shelf):
    """What the requests name."""
    made = {"key": api.post("iam/signing-keys").json["data"]["id"]}
    for name in ("playlist", "bare"):
        body = {"name": "Talks", "referenceId": name, "type": "manual"}
        made[name] = api.post("on-demand/playlists", body).json["data"]["id"]
    api.patch(f"on-demand/playlists/{made['playlist']}/media", {"mediaIds": [str(shelf.media)]})
    return vars(shelf) | made


def allowed(name):
    """The differences that docs/api.md gives a reason for, and that this operation's answer may have."""
    table = re.search(r"<!-- differences -->\n.*\n.*\n((?:.*\n)*?)<!-- /differences -->", PAGE.read_text())
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table[1].splitlines()]
    assert all(reason.endswith(".") for _, _, reason in rows)
    return {what.strip("`") for what, where, _ in rows if name in re.split(r"[`, ]+", where)}


def found(name, answer):
    """How the answer differs. Media that are not Ready are left out: those of FastPix's answers all are."""
    body = answer.json
    data = body.get("data")
    if isinstance(data, list):
        body["data"] = [row for row in data if isinstance(row, str) or row.get("status") not in NOT_READY]
    elif isinstance(data, dict) and "mediaList" in data:
        data["mediaList"] = [row for row in data["mediaList"] if row["status"] not in NOT_READY]
    return {each.rpartition(".")[2] for each in differences(ANSWERS[name], body)}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_as_fastpix_gives_it(api, names, name):
    method, path, body = REQUESTS[name]
    if body and "mediaIds" in body:
        body = {"mediaIds": [each.format(**names) for each in body["mediaIds"]]}
    answer = api.open(method, path.format(**names), json=body)
    assert answer.status_code == (400 if name == "complete-live-stream" else 201 if method == "POST" else 200)
    assert found(name, answer) == allowed(name)


def test_a_difference_is_seen():
    shape = {"a": "clock", "b?": ["count"], "c": {"*": "text"}, "d": "flag"}
    assert differences(shape, {"a": "00:00:10", "c": {"x": "y"}, "d": True}) == set()
    odd = {"a": "10.0", "b": [1, True], "c": {"x": 1}, "e": 1}
    assert differences(shape, odd) == {"a: no clock", "b[]: no count", "c.*: no text", "d: missing", "e: more"}
