"""Live streams: create, edit, enable, disable, finish, reset the key, delete. With its neighbours the only writer."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix import names
from fastpix.access import principal
from fastpix.access.action import action, describe
from fastpix.db import db
from fastpix.errors import Invalid, Missing, Refused, WrongState
from fastpix.resources.live_streams import announce, broadcasts, search
from fastpix.resources.live_streams.models import (
    ACTIVE,
    DISABLED,
    IDLE,
    LiveLogLine,
    LivePlaybackId,
    LiveStream,
)
from fastpix.resources.media import asked
from fastpix.resources.media.models import NO_RESTRICTIONS
from fastpix.resources.workspaces import domain as workspaces

MOST = 1000
RESOLUTIONS = ("1080p", "720p", "480p")
POLICIES = ("public", "private")
SHORTEST_WINDOW, LONGEST_WINDOW = 60, 1800
LOG_LINES = 50
NO_SUCH = "There is no such live stream here."
_ONE = sa.select(LiveStream).where(LiveStream.id == sa.bindparam("stream_id"))


@dataclass
class Wanted:
    """What a stream is asked for (contract section 4.1)."""

    access_policy: str = "public"
    restrictions: dict[str, Any] = field(default_factory=dict)
    max_resolution: str = "1080p"
    reconnect_window: int = 60
    media_policy: str = "public"
    metadata: dict[str, Any] = field(default_factory=dict)
    enable_recording: bool = True
    enable_dvr: bool = False


@action("live_streams.view")
def get(stream_id: str) -> dict[str, Any]:
    """One stream with its playback ids, simulcast targets and recordings. Raises `Missing`.

    Keys and secrets are in it for those alone who may change streams.
    """
    return search.whole([load(stream_id)])[0]


@action("live_streams.view")
def log(stream_id: str) -> list[dict[str, Any]]:
    """What happened to a stream lately, newest first: {at, text}. Raises `Missing`."""
    load(stream_id)
    lines = sa.select(LiveLogLine).where(LiveLogLine.stream_id == stream_id)
    found = db.session.scalars(lines.order_by(LiveLogLine.at.desc(), LiveLogLine.id).limit(LOG_LINES))
    return [{"at": line.at, "text": line.text} for line in found]


@action("live_streams.create")
def create(workspace_id: UUID, wanted: Wanted) -> dict[str, Any]:
    """A new stream with its first playback id, idle. Raises `Invalid`, `Refused` beyond a thousand in a workspace."""
    workspaces.check(workspace_id)
    if search.total(workspace_id) >= MOST:
        raise Refused(f"A workspace holds at most {MOST} live streams. Delete one first.")
    stream = LiveStream(
        workspace_id=workspace_id,
        metadata_=_checked_metadata(wanted.metadata),
        max_resolution=asked.choose("maxResolution", wanted.max_resolution, RESOLUTIONS),
        reconnect_window=_checked_window(wanted.reconnect_window),
        media_policy=asked.choose("mediaPolicy", wanted.media_policy, POLICIES),
        enable_recording=wanted.enable_recording,
        enable_dvr=wanted.enable_dvr,
        created_by=principal.current().shown_name,
    )
    db.session.add(stream)
    db.session.flush()
    search.rename(stream)
    first = add_playback_id(stream, wanted.access_policy, wanted.restrictions)
    broadcasts.note(stream, "The stream was created.")
    db.session.flush()
    _tell(stream, after=_facts(stream) | {"policy": first.access_policy})
    announce.stream(stream, "created")
    return get(stream.id)


@action("live_streams.edit")
def edit(
    stream_id: str, *, metadata: dict[str, Any] | None = None, reconnect_window: int | None = None
) -> dict[str, Any]:
    """Change metadata (replaced as a whole) or the reconnect window, in seconds; what is None stays.

    Raises `Missing`, `Invalid`, `WrongState` while the stream is disabled.
    """
    stream = locked(stream_id)
    refuse_disabled(stream)
    before = _facts(stream)
    if metadata is not None:
        stream.metadata_ = _checked_metadata(metadata)
        search.rename(stream)
    if reconnect_window is not None:
        stream.reconnect_window = _checked_window(reconnect_window)
    db.session.flush()
    _tell(stream, before=before, after=_facts(stream))
    announce.stream(stream, "updated")
    return get(stream_id)


@action("live_streams.edit")
def enable(stream_id: str) -> None:
    """Let a disabled stream be published to again. Raises `Missing`, `WrongState` unless it is disabled."""
    stream = locked(stream_id)
    if stream.status != DISABLED:
        raise WrongState("Only a disabled stream can be enabled.", "stream is not disabled")
    stream.status = IDLE
    broadcasts.note(stream, f"{principal.current().shown_name} enabled the stream.")
    db.session.flush()
    _tell(stream, before={"status": DISABLED}, after={"status": IDLE})
    announce.stream(stream, "updated")


@action("live_streams.edit")
def disable(stream_id: str) -> None:
    """Cut off who publishes, and let nobody publish. Raises `Missing`, `WrongState` if it is disabled already."""
    stream = locked(stream_id)
    if stream.status == DISABLED:
        raise WrongState("This stream is disabled already.", "stream already disabled")
    before = stream.status
    who = principal.current().shown_name
    broadcasts.end(stream, f"{who} disabled the stream, which ended the broadcast.", DISABLED)
    broadcasts.note(stream, f"{who} disabled the stream.")
    db.session.flush()
    _tell(stream, before={"status": before}, after={"status": DISABLED})
    announce.stream(stream, "updated")


@action("live_streams.edit")
def finish(stream_id: str) -> None:
    """End the broadcast now, without waiting for the encoder to return. Raises `Missing`, `WrongState` unless active."""
    stream = locked(stream_id)
    if stream.status != ACTIVE:
        raise WrongState("Only active streams can be marked as completed.", "stream cannot be completed")
    broadcasts.end(stream, f"{principal.current().shown_name} finished the broadcast.")
    db.session.flush()
    _tell(stream, before={"status": ACTIVE}, after={"status": IDLE})


@action("live_streams.edit")
def reset_key(stream_id: str) -> dict[str, Any]:
    """New keys and secrets: the old ones end at once, and who publishes with them is cut off. Raises `Missing`.

    A broadcast that is out waits for its encoder to come back with the new key.
    """
    stream = locked(stream_id)
    stream.key_generation = secrets.token_hex(16)
    who = principal.current().shown_name
    broadcasts.note(stream, f"{who} reset the stream key.")
    if stream.connection_id is not None:
        broadcasts.away(stream, "The encoder was cut off, since its key was reset.")
    db.session.flush()
    _tell(stream, after={"key": "reset"})
    announce.stream(stream, "updated")
    return get(stream_id)


@action("live_streams.delete")
def delete(stream_id: str) -> None:
    """Delete a stream: an encoder is cut off, what was recorded stays as media. Raises `Missing`."""
    stream = locked(stream_id)
    before = _facts(stream)
    broadcasts.end(stream, "The stream was deleted.")
    _tell(stream, before=before)
    db.session.flush()
    announce.stream(stream, "deleted")
    db.session.delete(stream)
    db.session.flush()


def load(stream_id: str) -> LiveStream:
    """The row of a stream. Raises `Missing`."""
    stream = db.session.scalar(_ONE, {"stream_id": stream_id})
    if stream is None:
        raise Missing(NO_SUCH)
    return stream


def locked(stream_id: str) -> LiveStream:
    """The same, its state as it is now and ours until the transaction ends. Raises `Missing`."""
    stream = broadcasts.locked(stream_id)
    if stream is None:
        raise Missing(NO_SUCH)
    return stream


def add_playback_id(stream: LiveStream, policy: str, restrictions: dict[str, Any] | None = None) -> LivePlaybackId:
    """The row of a new playback id. Not a verb: `create` and `playback_ids.create` call it. Raises `Invalid`."""
    row = LivePlaybackId(
        stream_id=stream.id,
        workspace_id=stream.workspace_id,
        access_policy=asked.choose("accessPolicy", policy, POLICIES),
        restrictions={kind: asked.rule(kind, (restrictions or {}).get(kind)) for kind in NO_RESTRICTIONS},
    )
    db.session.add(row)
    db.session.flush()
    return row


def refuse_disabled(stream: LiveStream) -> None:
    """Raises `WrongState` for a disabled stream, of which nothing can be changed (contract L4, L17)."""
    if stream.status == DISABLED:
        raise WrongState("This stream is disabled. Enable it first.", "stream is disabled")


def _checked_metadata(given: dict[str, Any]) -> dict[str, str]:
    """The metadata, whose entry `name` (or `title`) is what the stream is called. Raises `Invalid`."""
    kept = asked.metadata(given)
    for entry in ("name", "title"):
        names.visible(kept.get(entry, ""), "metadata")
    return kept


def _checked_window(seconds: int) -> int:
    if not SHORTEST_WINDOW <= seconds <= LONGEST_WINDOW:
        raise Invalid("reconnectWindow", f"Give {SHORTEST_WINDOW} to {LONGEST_WINDOW} seconds.")
    return seconds


def _facts(stream: LiveStream) -> dict[str, Any]:
    facts = ("status", "max_resolution", "reconnect_window", "media_policy", "enable_recording", "enable_dvr")
    return {name: getattr(stream, name) for name in facts} | {"metadata": stream.metadata_}


def _tell(stream: LiveStream, **changes: Any) -> None:
    describe("live_stream", stream.id, stream.name, workspace_id=stream.workspace_id, **changes)
