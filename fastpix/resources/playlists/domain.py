"""Playlists: list, create, edit, delete, and what lies in them. The only writer of its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access.action import action, describe
from fastpix.access.principal import current
from fastpix.db import db, now
from fastpix.errors import Invalid, Missing, Refused, WrongState
from fastpix.resources.media.models import READY, Media
from fastpix.resources.playlists import queries
from fastpix.resources.playlists import rules as checks
from fastpix.resources.playlists.models import (
    MANUAL,
    MOST_MEDIA,
    ORDERS,
    SMART,
    TYPES,
    Playlist,
    PlaylistFacts,
    PlaylistItem,
    PlaylistRow,
    PlaylistWithMedia,
)
from fastpix.resources.workspaces import domain as workspaces
from fastpix.text import naming

_NEWEST = sa.select(Playlist).order_by(Playlist.created_at.desc(), Playlist.id.desc())
_COUNT = sa.select(sa.func.count(Playlist.id))
_ONE = sa.select(Playlist).where(Playlist.id == sa.bindparam("playlist_id"))
_ITEMS = (
    sa.select(PlaylistItem)
    .where(PlaylistItem.playlist_id == sa.bindparam("playlist_id"))
    .order_by(PlaylistItem.position, PlaylistItem.media_id)
)


@action("media.view")
def listed(offset: int = 1, limit: int = 10, workspace_id: UUID | None = None) -> tuple[list[PlaylistRow], int]:
    """The playlists by page number (1-based), newest first, with the total; all workspaces unless one is named."""
    here = Playlist.workspace_id == workspace_id if workspace_id is not None else sa.true()
    playlists = db.session.scalars(_NEWEST.where(here).offset((offset - 1) * limit).limit(limit)).all()
    counts = queries.counts(playlists)
    return [_as_row(playlist, counts[playlist.id]) for playlist in playlists], db.session.scalar(
        _COUNT.where(here)
    ) or 0


@action("media.view")
def get(playlist_id: UUID) -> PlaylistWithMedia:
    """One playlist with its media in play order (`media_list`) and their `media_count`. Raises `Missing`."""
    return _whole(_load(playlist_id))


@action("media.create")
def create(
    workspace_id: UUID,
    name: str,
    type_: str,
    *,
    reference_id: str = "",
    description: str = "",
    limit: int = MOST_MEDIA,
    play_order: str = "",
    rules: Mapping[str, Any] | None = None,
) -> PlaylistWithMedia:
    """A new playlist; one without a reference id gets its own id. Raises `Invalid`, `Refused` for a taken reference id.

    A smart one needs `play_order` and `rules` (`rules.date_ranges`); a manual one is empty at first.
    """
    workspaces.check(workspace_id)
    playlist = Playlist(
        workspace_id=workspace_id,
        name=naming.checked(name, 255),
        type=checks.one_of("type", type_, TYPES),
        description=checks.checked_description(description),
        limit=checks.checked_limit(limit),
        play_order=checks.one_of("playOrder", play_order, ORDERS) if play_order or type_ == SMART else "",
        rules=checks.checked_rules(type_, rules or {}),
        reference_id=_free_reference(workspace_id, reference_id) if reference_id else "",
        created_by=current().shown_name,
    )
    db.session.add(playlist)
    db.session.flush()
    playlist.reference_id = playlist.reference_id or str(playlist.id)
    _describe(playlist, after=_facts(playlist))
    return _whole(playlist)


@action("media.edit")
def edit(playlist_id: UUID, name: str, description: str) -> PlaylistWithMedia:
    """Give another name and description; what lies in it stays. Raises `Missing`, `Invalid`."""
    playlist = _load(playlist_id, to_change=True)
    before = _facts(playlist)
    playlist.name, playlist.description = naming.checked(name, 255), checks.checked_description(description)
    _describe(playlist, before=before, after=_facts(playlist))
    return _whole(playlist)


@action("media.delete")
def delete(playlist_id: UUID) -> None:
    """Delete a playlist; its media stay. Raises `Missing`."""
    playlist = _load(playlist_id, to_change=True)
    facts = _facts(playlist)
    db.session.delete(playlist)
    db.session.flush()
    describe("playlist", playlist_id, playlist.name, before=facts, workspace_id=playlist.workspace_id)


@action("media.edit")
def add(playlist_id: UUID, media_ids: Sequence[UUID], at: int | None = None) -> PlaylistWithMedia:
    """Put media at the end, or `at` a place (from 1), in the order given; what lies in it already stays where it is.

    Raises `Missing`, `WrongState` for a smart playlist, `Invalid` for media that is not Ready in the playlist's
    workspace, and for more than the playlist's limit.
    """
    playlist, items = _open(playlist_id)
    present = {item.media_id for item in items}
    new = [media_id for media_id in dict.fromkeys(media_ids) if media_id not in present]
    _check_media(playlist, new)
    if len(present) + len(new) > playlist.limit:
        raise Invalid("mediaIds", f"This playlist holds at most {playlist.limit} media, and has {len(present)}.")
    last = items[-1].position if items else 0
    made = [_item(playlist, media_id, last + place) for place, media_id in enumerate(new, 1)]
    db.session.add_all(made)
    if at is not None:
        before = min(max(at - 1, 0), len(items))
        for position, item in enumerate((*items[:before], *made, *items[before:]), 1):
            item.position = position
    _describe(playlist, after={"added": [str(media_id) for media_id in new]})
    return _whole(playlist)


@action("media.edit")
def reorder(playlist_id: UUID, media_ids: Sequence[UUID]) -> PlaylistWithMedia:
    """Play the media in this order, which names each of them once.

    Raises `Missing`, `WrongState` for a smart playlist, `Invalid`.
    """
    playlist, items = _open(playlist_id)
    before, after = [item.media_id for item in items], list(media_ids)
    if sorted(before) != sorted(after):
        raise Invalid("mediaIds", "Name every media of the playlist once, in the new order.")
    places = {media_id: place for place, media_id in enumerate(after, 1)}
    for item in items:
        item.position = places[item.media_id]
    moved = [str(media_id) for old, media_id in zip(before, after, strict=True) if old != media_id]
    _describe(playlist, after={"moved": moved})
    return _whole(playlist)


@action("media.edit")
def remove(playlist_id: UUID, media_ids: Sequence[UUID]) -> PlaylistWithMedia:
    """Take media out; they stay in the workspace. Raises `Missing`, `WrongState` for a smart playlist, `Invalid`."""
    playlist, items = _open(playlist_id)
    removed = set(media_ids)
    absent = removed - {item.media_id for item in items}
    if absent:
        raise Invalid("mediaIds", f"{min(map(str, absent))} is not in this playlist.")
    for item in items:
        if item.media_id in removed:
            db.session.delete(item)
    _describe(playlist, before={"removed": sorted(map(str, removed))})
    return _whole(playlist)


def _load(playlist_id: UUID, to_change: bool = False) -> Playlist:
    """The row; `to_change` keeps others from changing it meanwhile, so that places and the limit hold."""
    statement = _ONE.with_for_update() if to_change else _ONE
    playlist = db.session.scalar(statement, {"playlist_id": playlist_id})
    if playlist is None:
        raise Missing("playlist not found")
    return playlist


def _open(playlist_id: UUID) -> tuple[Playlist, list[PlaylistItem]]:
    """A playlist to put media in or take it out, with its items in order."""
    playlist = _load(playlist_id, to_change=True)
    if playlist.type != MANUAL:
        raise WrongState("A smart playlist fills itself by its rules. Make a manual one to choose media yourself.")
    return playlist, list(db.session.scalars(_ITEMS, {"playlist_id": playlist_id}))


def _item(playlist: Playlist, media_id: UUID, position: int) -> PlaylistItem:
    return PlaylistItem(
        playlist_id=playlist.id, workspace_id=playlist.workspace_id, media_id=media_id, position=position
    )


def _check_media(playlist: Playlist, media_ids: Sequence[UUID]) -> None:
    statement = sa.select(Media.id, Media.status)
    statement = statement.where(Media.workspace_id == playlist.workspace_id, Media.id.in_(media_ids))
    statuses = {row.id: row.status for row in db.session.execute(statement)}
    for media_id in media_ids:
        if media_id not in statuses:
            raise Invalid("mediaIds", f"There is no media {media_id} in the playlist's workspace.")
        if statuses[media_id] != READY:
            raise Invalid("mediaIds", f"The media {media_id} is {statuses[media_id]}. Add it once it is Ready.")


def _free_reference(workspace_id: UUID, text: str) -> str:
    text = text.strip()
    if not 0 < len(text) <= 255 or not text.isprintable():
        raise Invalid("referenceId", "Give a text of at most 255 characters, without invisible ones.")
    taken = sa.select(Playlist.id).where(Playlist.workspace_id == workspace_id, Playlist.reference_id == text)
    if db.session.scalar(taken) is not None:
        raise Refused(
            f"There is a playlist with the reference ID {text} in this workspace already. Choose another one."
        )
    return text


def _describe(
    playlist: Playlist, *, before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None
) -> None:
    playlist.updated_at = now()
    db.session.flush()
    describe("playlist", playlist.id, playlist.name, before=before, after=after, workspace_id=playlist.workspace_id)


def _facts(playlist: Playlist) -> PlaylistFacts:
    return PlaylistFacts(
        name=playlist.name, reference_id=playlist.reference_id, type=playlist.type, description=playlist.description,
        limit=playlist.limit, play_order=playlist.play_order, rules=dict(playlist.rules),
    )  # fmt: skip


def _as_row(playlist: Playlist, media_count: int) -> PlaylistRow:
    return PlaylistRow(
        **_facts(playlist), id=playlist.id, workspace_id=playlist.workspace_id, created_by=playlist.created_by,
        created_at=playlist.created_at, updated_at=playlist.updated_at, media_count=media_count,
    )  # fmt: skip


def _whole(playlist: Playlist) -> PlaylistWithMedia:
    media = queries.media_of(playlist)
    return {**_as_row(playlist, len(media)), "media_list": media}
