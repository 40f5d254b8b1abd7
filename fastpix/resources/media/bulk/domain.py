"""Many media changed at once: one transaction, an audit row and a result for each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa

from fastpix.access.action import Change, action, describe_each
from fastpix.db import db
from fastpix.errors import Invalid, Refused
from fastpix.resources.media import events
from fastpix.resources.media.bulk.models import Outcome
from fastpix.resources.media.models import Media
from fastpix.resources.media.playback_ids import domain as one_by_one
from fastpix.resources.playback_ids import rules
from fastpix.resources.playback_ids.models import PlaybackId

MOST = 100
NOTHING = "Nothing was chosen that is still here. Tick some media first."
GONE = "There is no such media here."


@action("media.edit")
def set_privacy(media_ids: Iterable[UUID], policy: str) -> list[Outcome]:
    """Make many media public or private, each as `playback_ids.domain.set_privacy` does; what is so already is skipped.

    Raises `Invalid`, and `Refused` where nothing would be changed.
    """
    rules.choose("policy", policy, rules.POLICIES)
    ids = list(dict.fromkeys(media_ids))
    if len(ids) > MOST:
        raise Invalid("mediaIds", f"At most {MOST} media at once.")
    # In one order, so that two such changes at once wait for each other and not each for the other.
    chosen = db.session.scalars(sa.select(Media).where(Media.id.in_(ids)).order_by(Media.id)).all()
    if not chosen:
        raise Refused(NOTHING)
    playback_ids = _playback_ids(media.id for media in chosen)
    before = {media.id: one_by_one.privacy(playback_ids[media.id]) for media in chosen}
    changing = [media for media in chosen if before[media.id] != policy]
    if not changing:
        raise Refused(f"{_has_it(policy)} Nothing was changed.")
    for media in changing:
        one_by_one.switch(media, playback_ids[media.id], policy)
    describe_each(_change(media, before[media.id], policy) for media in changing)
    for media in changing:
        events.media(media, "media.updated")
    names = {media.id: media.title or media.source_name for media in chosen}
    return [_outcome(each, names, before, policy) for each in ids]


def _playback_ids(media_ids: Iterable[UUID]) -> dict[UUID, list[PlaybackId]]:
    """Of each media, oldest first."""
    found: dict[UUID, list[PlaybackId]] = defaultdict(list)
    every = sa.select(PlaybackId).where(PlaybackId.media_id.in_(list(media_ids)))
    for row in db.session.scalars(every.order_by(PlaybackId.created_at, PlaybackId.id)):
        found[row.media_id].append(row)
    return found


def _change(media: Media, before: str, policy: str) -> Change:
    return Change(
        "media", str(media.id), media.title or media.source_name, {"privacy": before}, {"privacy": policy},
        media.workspace_id,
    )  # fmt: skip


def _has_it(policy: str) -> str:
    return f"It is {policy} already."


def _outcome(media_id: UUID, names: dict[UUID, str], before: dict[UUID, str], policy: str) -> Outcome:
    if media_id not in names:
        return Outcome(id=media_id, name="", result="skipped", reason=GONE, before="")
    is_changed = before[media_id] != policy
    return Outcome(
        id=media_id,
        name=names[media_id],
        result="changed" if is_changed else "skipped",
        reason="" if is_changed else _has_it(policy),
        before=before[media_id],
    )
