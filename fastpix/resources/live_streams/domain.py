"""Live streams: create, edit, enable, disable, finish, reset the key, delete. With its neighbours the only writer."""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import principal
from fastpix.access.action import action, describe
from fastpix.db import db
from fastpix.errors import Missing, Refused, WrongState
from fastpix.resources.live_streams import events, lifecycle, queries, rules
from fastpix.resources.live_streams.models import ACTIVE, DISABLED, IDLE, LiveLogLine, LiveStream, LogLine, StreamRow
from fastpix.resources.live_streams.rules import StreamOptions
from fastpix.resources.playback_ids import domain as playback_ids
from fastpix.resources.playback_ids import rules as playback_rules
from fastpix.resources.playback_ids.models import LivePlaybackId
from fastpix.resources.workspaces import domain as workspaces

LOG_LINES = 50
NO_SUCH = "There is no such live stream here."
_ONE = sa.select(LiveStream).where(LiveStream.id == sa.bindparam("stream_id"))


@action("live_streams.view")
def get(stream_id: str) -> StreamRow:
    """One stream with its playback ids, simulcast targets and recordings. Raises `Missing`.

    Keys and secrets are in it for those alone who may change streams.
    """
    return queries.whole([load(stream_id)])[0]


@action("live_streams.view")
def log(stream_id: str) -> list[LogLine]:
    """What happened to a stream lately, newest first. Raises `Missing`."""
    load(stream_id)
    lines = sa.select(LiveLogLine).where(LiveLogLine.stream_id == stream_id)
    latest = db.session.scalars(lines.order_by(LiveLogLine.at.desc(), LiveLogLine.id).limit(LOG_LINES))
    return [{"at": line.at, "text": line.text} for line in latest]


@action("live_streams.create")
def create(workspace_id: UUID, options: StreamOptions) -> StreamRow:
    """A new stream with its first playback id, idle. Raises `Invalid`, `Refused` beyond a thousand in a workspace."""
    workspaces.check(workspace_id)
    if queries.total(workspace_id) >= rules.MOST:
        raise Refused(f"A workspace holds at most {rules.MOST} live streams. Delete one first.")
    stream = LiveStream(
        workspace_id=workspace_id,
        metadata_=rules.checked_metadata(options.metadata),
        max_resolution=playback_rules.choose("maxResolution", options.max_resolution, rules.RESOLUTIONS),
        reconnect_window=rules.checked_window(options.reconnect_window),
        media_policy=playback_rules.choose("mediaPolicy", options.media_policy, playback_rules.POLICIES),
        enable_recording=options.enable_recording,
        enable_dvr=options.enable_dvr,
        created_by=principal.current().shown_name,
    )
    db.session.add(stream)
    db.session.flush()
    queries.index_name(stream)
    first = LivePlaybackId(stream_id=stream.id, workspace_id=workspace_id)
    playback_ids.add(first, options.access_policy, options.restrictions)
    lifecycle.log_line(stream, "The stream was created.")
    db.session.flush()
    _tell(stream, after=_facts(stream) | {"policy": first.access_policy})
    events.stream(stream, "created")
    return get(stream.id)


@action("live_streams.edit")
def edit(stream_id: str, *, metadata: dict[str, Any] | None = None, reconnect_window: int | None = None) -> StreamRow:
    """Change metadata (replaced as a whole) or the reconnect window, in seconds; what is None stays.

    Raises `Missing`, `Invalid`, `WrongState` while the stream is disabled.
    """
    stream = locked(stream_id)
    rules.refuse_disabled(stream)
    before = _facts(stream)
    if metadata is not None:
        stream.metadata_ = rules.checked_metadata(metadata)
        queries.index_name(stream)
    if reconnect_window is not None:
        stream.reconnect_window = rules.checked_window(reconnect_window)
    db.session.flush()
    _tell(stream, before=before, after=_facts(stream))
    events.stream(stream, "updated")
    return get(stream_id)


@action("live_streams.edit")
def enable(stream_id: str) -> None:
    """Let a disabled stream be published to again. Raises `Missing`, `WrongState` unless it is disabled."""
    stream = locked(stream_id)
    if stream.status != DISABLED:
        raise WrongState("Only a disabled stream can be enabled.", "stream is not disabled")
    lifecycle.enable(stream)
    lifecycle.log_line(stream, f"{principal.current().shown_name} enabled the stream.")
    _tell_status(stream, DISABLED, IDLE)
    events.stream(stream, "updated")


@action("live_streams.edit")
def disable(stream_id: str) -> None:
    """Cut off who publishes, and let nobody publish. Raises `Missing`, `WrongState` if it is disabled already."""
    stream = locked(stream_id)
    if stream.status == DISABLED:
        raise WrongState("This stream is disabled already.", "stream already disabled")
    before = stream.status
    who = principal.current().shown_name
    lifecycle.end(stream, f"{who} disabled the stream, which ended the broadcast.", DISABLED)
    lifecycle.log_line(stream, f"{who} disabled the stream.")
    _tell_status(stream, before, DISABLED)
    events.stream(stream, "updated")


@action("live_streams.edit")
def finish(stream_id: str) -> None:
    """End the broadcast now, without waiting for the encoder to return. Raises `Missing`, `WrongState` unless active."""
    stream = locked(stream_id)
    if stream.status != ACTIVE:
        raise WrongState("Only active streams can be marked as completed.", "stream cannot be completed")
    lifecycle.end(stream, f"{principal.current().shown_name} finished the broadcast.")
    _tell_status(stream, ACTIVE, IDLE)


@action("live_streams.edit")
def reset_key(stream_id: str) -> StreamRow:
    """New keys and secrets: the old ones end at once, and who publishes with them is cut off. Raises `Missing`.

    A broadcast that is out waits for its encoder to come back with the new key.
    """
    stream = locked(stream_id)
    stream.key_generation = secrets.token_hex(16)
    who = principal.current().shown_name
    lifecycle.log_line(stream, f"{who} reset the stream key.")
    if stream.connection_id is not None:
        lifecycle.disconnect(stream, "The encoder was cut off, since its key was reset.")
    db.session.flush()
    _tell(stream, after={"key": "reset"})
    events.stream(stream, "updated")
    return get(stream_id)


@action("live_streams.delete")
def delete(stream_id: str) -> None:
    """Delete a stream: an encoder is cut off, what was recorded stays as media. Raises `Missing`."""
    stream = locked(stream_id)
    before = _facts(stream)
    lifecycle.end(stream, "The stream was deleted.")
    _tell(stream, before=before)
    db.session.flush()
    events.stream(stream, "deleted")
    db.session.delete(stream)
    db.session.flush()


def _tell_status(stream: LiveStream, before: str, after: str) -> None:
    db.session.flush()
    _tell(stream, before={"status": before}, after={"status": after})


def load(stream_id: str) -> LiveStream:
    """The row of a stream. Raises `Missing`."""
    stream = db.session.scalar(_ONE, {"stream_id": stream_id})
    if stream is None:
        raise Missing(NO_SUCH)
    return stream


def locked(stream_id: str) -> LiveStream:
    """The same, its state as it is now and ours until the transaction ends. Raises `Missing`."""
    stream = lifecycle.locked(stream_id)
    if stream is None:
        raise Missing(NO_SUCH)
    return stream


def _facts(stream: LiveStream) -> dict[str, object]:
    facts = ("status", "max_resolution", "reconnect_window", "media_policy", "enable_recording", "enable_dvr")
    return {name: getattr(stream, name) for name in facts} | {"metadata": stream.metadata_}


def _tell(stream: LiveStream, **changes: Any) -> None:
    describe("live_stream", stream.id, stream.name, workspace_id=stream.workspace_id, **changes)
