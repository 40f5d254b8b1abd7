"""What FastPix's service answered its own validators on 2026-05-20: keys and kinds, without values.

A dictionary is an object, a list of one shape an array of such, a word a kind (`KINDS`). A key that ends in "?" is left
out where there is no value. Operations that are not offered here are in `not_offered.txt`.
"""

from __future__ import annotations

import re
from typing import Any

Shape = Any  # a kind's name, a dictionary of shapes, or a list of one shape

KINDS: dict[str, re.Pattern[str] | type | tuple[type, ...]] = {
    "flag": bool,
    "count": int,
    "number": (int, float),
    "text": re.compile(r"[\s\S]*"),
    "uuid": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "hex": re.compile(r"[0-9a-f]{32}"),
    "time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"),
    "second": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
    "clock": re.compile(r"\d\d:\d\d:\d\d"),
    "digits": re.compile(r"\d+"),
    "fraction": re.compile(r"\d+\.\d{3}"),
    "address": re.compile(r"\w+://\S+"),
    "null": type(None),
}
PAGES = {"totalRecords": "count", "currentOffset": "count", "offsetCount": "count"}
RULE = {"defaultPolicy": "text", "allow": ["text"], "deny": ["text"]}
RESTRICTIONS = {"domains": RULE, "userAgents": RULE}
UNNAMED = {"accessPolicy": "text", "accessRestrictions": RESTRICTIONS}
PLAYBACK_ID = {"id": "uuid"} | UNNAMED
LIVE_PLAYBACK_ID = {"id": "uuid", "accessPolicy": "text"}
TRACK = {
    "id": "uuid", "type": "text", "status": "text", "languageCode?": "text", "languageName?": "text", "width?": "count",
    "height?": "count", "frameRate?": "fraction",
}  # fmt: skip
TRACK_MADE = {"id": "uuid", "type": "text", "url": "address", "languageCode": "text", "languageName": "text"}
MEDIA = {
    "thumbnail": "address", "id": "uuid", "workspaceId": "uuid", "metadata": {"*": "text"}, "mediaQuality": "text",
    "creatorId?": "text", "title?": "text", "maxResolution": "text", "sourceResolution": "digits", "status": "text",
    "mp4Support?": "text", "sourceAccess": "flag", "playbackIds": [PLAYBACK_ID], "tracks": [TRACK],
    "generatedSubtitles": [{"status": "text"}], "isAudioOnly": "flag", "subtitleAvailable": "flag",
    "duration": "clock", "aspectRatio": "text", "createdAt": "time", "updatedAt": "time",
    "sourceMediaId?": "uuid", "streamId?": "text",
}  # fmt: skip
# The service answered with an empty list; its description has these fields.
RECORDING = {name: kind for name, kind in MEDIA.items() if name not in ("metadata", "mediaQuality")}
MEDIA_MADE = {
    "id": "uuid", "trial": "flag", "status": "text", "createdAt": "time", "updatedAt": "time",
    "playbackIds": [PLAYBACK_ID], "metadata": {"*": "text"}, "mediaQuality": "text", "sourceAccess": "flag",
    "maxResolution": "text", "inputs": [{"type": "text", "url": "address"}], "optimizeAudio": "flag",
}  # fmt: skip
UPLOAD = {
    "uploadId": "uuid", "trial": "flag", "status": "text", "url": "address", "timeout": "count", "corsOrigin": "text",
    "pushMediaSettings": {
        "playbackIds": [UNNAMED], "metadata": {"*": "text"}, "mediaQuality": "text", "sourceAccess": "flag",
        "optimizeAudio": "flag",
    },
}  # fmt: skip
CANCELLED = {
    "uploadId": "uuid", "trial": "flag", "status": "text", "url": "address", "corsOrigin": "text",
    "maxResolution": "text", "accessPolicy": "text", "metadata": {"*": "text"},
    "title?": "text", "creatorId?": "text",
}  # fmt: skip
SIMULCAST = {"simulcastId": "text", "url": "text", "streamKey": "text", "isEnabled": "flag", "metadata?": {"*": "text"}}
STREAM_EDITED = {
    "streamId": "hex", "streamKey": "text", "srtSecret": "text", "trial": "flag", "status": "text",
    "maxResolution": "text", "maxDuration": "count", "createdAt": "time", "reconnectWindow": "count",
    "enableRecording": "flag", "enableDvrMode": "flag", "mediaPolicy": "text", "metadata?": {"*": "text"},
    "lowLatency": "flag", "closedCaptions": "flag", "playbackIds": [LIVE_PLAYBACK_ID],
    "srtPlaybackResponse": {"srtPlaybackStreamId": "text", "srtPlaybackSecret": "text"}, "mediaIds?": ["uuid"],
}  # fmt: skip
STREAM = STREAM_EDITED | {"simulcastResponses?": [SIMULCAST]}
PLAYLIST_ROW = {
    "id": "uuid", "name": "text", "type": "text", "referenceId": "text", "createdAt": "time", "mediaCount": "count",
}  # fmt: skip
PLAYLIST_MEDIA = {
    "createdAt": "time", "duration": "clock", "id": "uuid", "sourceResolution": "digits", "status": "text",
    "thumbnail": "address", "title?": "text", "creatorId?": "text",
}  # fmt: skip
PLAYLIST = PLAYLIST_ROW | {
    "description": "text", "mediaList": [PLAYLIST_MEDIA], "workspaceId": "uuid", "updatedAt": "time",
}  # fmt: skip
ERROR = {"success": "flag", "error": {"code": "count", "message": "text", "description": "text"}}
DONE = {"success": "flag"}
SPAN = {"timespan": ["count"]}
AGGREGATED = {"metadata": {"aggregation": "text"}}


def _data(shape: Shape) -> Shape:
    return {"success": "flag", "data": shape}


def _page(shape: Shape) -> Shape:
    return {"success": "flag", "data": [shape], "pagination": PAGES}


# The answer of each operation, by FastPix's names of them.
ANSWERS: dict[str, Shape] = {
    "create-media": _data(MEDIA_MADE),
    "list-media": _page(MEDIA),
    "get-media": _data(MEDIA),
    "updated-media": _data(MEDIA),
    "updated-mp4Support": _data(MEDIA),
    "updated-source-access": _data(MEDIA),
    "delete-media": DONE,
    "get-media-clips": _page(MEDIA),
    "list-live-clips": _page(RECORDING),
    "retrieveMediaInputInfo": _data(
        {"configuration": {"url": "address"}, "file": {"containerFormat": "text", "tracks": [TRACK]}}
    ),
    "direct-upload-video-media": _data(UPLOAD),
    "list-uploads": _page(UPLOAD),
    "cancel-upload": _data(CANCELLED),
    "create-media-playback-id": _data(PLAYBACK_ID | {"resolution": "null"}),
    "list-playback-ids": _data([PLAYBACK_ID]),
    "get-playback-id": _data(PLAYBACK_ID),
    "update-domain-restrictions": _data(RULE),
    "update-user-agent-restrictions": _data(RULE),
    "delete-media-playback-id": DONE,
    "Add-media-track": _data(TRACK_MADE),
    "update-media-track": _data(TRACK_MADE),
    "delete-media-track": DONE,
    "create-a-playlist": _data(PLAYLIST),
    "get-all-playlists": _page(PLAYLIST_ROW),
    "get-playlist-by-id": _data(PLAYLIST),
    "update-a-playlist": _data(PLAYLIST),
    "add-media-to-playlist": _data(PLAYLIST),
    "change-media-order-in-playlist": _data(PLAYLIST),
    "delete-media-from-playlist": _data(PLAYLIST),
    "delete-a-playlist": DONE,
    "create-new-stream": _data(STREAM_EDITED),
    "get-all-streams": _page(STREAM),
    "get-live-stream-by-id": _data(STREAM),
    "update-live-stream": _data(STREAM_EDITED),
    "enable-live-stream": DONE,
    "disable-live-stream": DONE,
    "complete-live-stream": ERROR,
    "delete-live-stream": DONE,
    "get-live-stream-viewer-count-by-id": _data({"views": "count"}),
    "create-playbackId-of-stream": _data(LIVE_PLAYBACK_ID),
    "get-live-stream-playback-id": _data(LIVE_PLAYBACK_ID),
    "delete-playbackId-of-stream": DONE,
    "create-simulcast-of-stream": _data(SIMULCAST),
    "get-specific-simulcast-of-stream": _data(SIMULCAST),
    "update-specific-simulcast-of-stream": _data(SIMULCAST),
    "delete-simulcast-of-stream": DONE,
    "create_signing_key": _data({"id": "uuid", "privateKey": "text", "createdAt": "time"}),
    "list_signing_keys": _page({"id": "uuid", "createdAt": "time"}),
    "get-signing_key_by_id": _data({"workspaceId": "uuid", "signingKeyId": "uuid", "publicKey": "text"}),
    "delete_signing_key": _data({"message": "text"}),
    "list_overall_values": _data(
        {
            "value": "number",
            "totalWatchTime": "count",
            "totalViews": "count",
            "totalPlayTime": "count",
            "uniqueViews": "count",
            "globalValue": "number",
        }
    )
    | AGGREGATED
    | SPAN,
    "get_timeseries_data": _data([{"intervalTime": "second", "metricValue": "number", "numberOfViews": "count"}])
    | {"metadata": {"granularity": "text", "aggregation": "text"}}
    | SPAN,
    "list_breakdown_values": _page(
        {
            "views": "count",
            "value": "number",
            "totalWatchTime": "count",
            "totalPlayingTime": "count",
            "field": "text",
        }
    )
    | AGGREGATED
    | SPAN,
    "list_by_top_content": _data([{"videoTitle": "text", "views": "count", "uniqueViews": "count"}]) | SPAN,
    "list_dimensions": _data(["text"]),
    "list_filter_values_for_dimension": _data([{"value": "text", "uniqueCount": "count", "count": "count"}]) | SPAN,
    "list_video_views": _page({"viewId": "uuid"}) | SPAN,
    "list_comparison_values": _data([{"name": "text"}]) | SPAN,
    "list_errors": _data({"errors": [{"id": "digits"}], "topErrors": [{"code": "text"}]}) | SPAN,
}


def differences(shape: Shape, value: Any, place: str = "") -> set[str]:
    """What of a value is not as the shape has it, such as `data[].title: more` or `data[].duration: no clock`."""
    if isinstance(shape, list):
        if not isinstance(value, list):
            return {f"{place}: no list"}
        return {each for one in value for each in differences(shape[0], one, f"{place}[]")}
    if isinstance(shape, dict):
        return _of_object(shape, value, place) if isinstance(value, dict) else {f"{place}: no object"}
    kind = KINDS[shape]
    if not isinstance(kind, re.Pattern):
        return set() if type(value) in (kind if isinstance(kind, tuple) else (kind,)) else {f"{place}: no {shape}"}
    return set() if isinstance(value, str) and kind.fullmatch(value) else {f"{place}: no {shape}"}


def _of_object(shape: dict[str, Shape], value: dict[str, Any], place: str) -> set[str]:
    found: set[str] = set()
    for key, inner in shape.items():
        at = f"{place}.{key.rstrip('?')}".lstrip(".")
        if key == "*":
            return {each for name in value for each in differences(inner, value[name], f"{place}.*")}
        if key.rstrip("?") in value:
            found |= differences(inner, value[key.rstrip("?")], at)
        elif not key.endswith("?"):
            found.add(f"{at}: missing")
    known = {key.rstrip("?") for key in shape}
    return found | {f"{place}.{key}: more".lstrip(".") for key in value.keys() - known}
