"""What is done with a playback id, whoever owns it. The verbs, with their permissions, are the owners' own:
media/playback_ids/domain.py and live_streams/playback_ids/domain.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from fastpix.access.tenancy import InWorkspace
from fastpix.db import db
from fastpix.errors import Missing, Refused
from fastpix.resources.playback_ids import queries, rules
from fastpix.resources.playback_ids.models import (
    NO_RULE,
    Audited,
    Drafts,
    LivePlaybackId,
    PlaybackId,
    PlaybackIdRow,
    Restrictions,
    Rule,
    RuleDraft,
)

MOST = 100


Owner = TypeVar("Owner", bound=InWorkspace)
OwnerId = TypeVar("OwnerId", UUID, str)
Table = TypeVar("Table", PlaybackId, LivePlaybackId)


def add(playback_id: PlaybackId | LivePlaybackId, policy: str, restrictions: Drafts) -> None:
    """Store a new one that knows its owner, with its policy and restrictions. Raises `Invalid`."""
    playback_id.access_policy = rules.choose("accessPolicy", policy, rules.POLICIES)
    playback_id.restrictions = rules.restrictions(restrictions)
    db.session.add(playback_id)
    db.session.flush()


@dataclass(frozen=True)
class PlaybackIds(Generic[Owner, OwnerId, Table]):
    """The playback ids of one kind of owner: in which table, under which column, and whom to tell of a change.

    `load` raises `Missing` where there is no such owner; `changed` gets the values before and after, for the audit log.
    """

    table: type[Table]
    owner_id: InstrumentedAttribute[OwnerId]
    noun: str
    load: Callable[[OwnerId], Owner]
    changed: Callable[[Owner, Table, Audited | None, Audited | None], None]

    def get(self, owner_id: OwnerId, playback_id: UUID) -> PlaybackIdRow:
        """One playback id. Raises `Missing`."""
        return queries.as_dict(self._load(owner_id, playback_id))

    def create(
        self, owner_id: OwnerId, policy: str, restrictions: Drafts | None = None, **columns: Any
    ) -> PlaybackIdRow:
        """A further one. Raises `Missing`, `Invalid`, `Refused` beyond 100."""
        owner = self.load(owner_id)
        count = sa.select(sa.func.count(self.table.id)).where(self.owner_id == owner_id)
        if (db.session.scalar(count) or 0) >= MOST:
            raise Refused(f"A {self.noun} has at most {MOST} playback ids. Delete one first.")
        row = self.table(**{self.owner_id.key: owner_id}, workspace_id=owner.workspace_id, **columns)
        add(row, policy, restrictions or {})
        self.changed(owner, row, None, _values(row))
        return queries.as_dict(row)

    def delete(self, owner_id: OwnerId, playback_id: UUID) -> None:
        """Delete one: what plays under it stops within seconds. Raises `Missing`."""
        row = self._load(owner_id, playback_id)
        before = _values(row)
        db.session.delete(row)
        db.session.flush()
        self.changed(self.load(owner_id), row, before, None)

    def restrict(self, owner_id: OwnerId, playback_id: UUID, kind: str, draft: RuleDraft) -> Rule:
        """Set the rule for "domains" or "userAgents"; what the draft leaves out stays. Raises `Missing`, `Invalid`."""
        row = self._load(owner_id, playback_id)
        rule = rules.rule(kind, draft, row.restrictions.get(kind, NO_RULE))
        self._set(owner_id, row, row.restrictions | {kind: rule})
        return rule

    def restrict_all(self, owner_id: OwnerId, playback_id: UUID, drafts: Drafts) -> None:
        """Set both rules at once, as a form does. Raises `Missing`, `Invalid`."""
        self._set(owner_id, self._load(owner_id, playback_id), rules.restrictions(drafts))

    def _set(self, owner_id: OwnerId, row: Table, restrictions: Restrictions) -> None:
        before = _values(row)
        row.restrictions = restrictions
        db.session.flush()
        self.changed(self.load(owner_id), row, before, _values(row))

    def _load(self, owner_id: OwnerId, playback_id: UUID) -> Table:
        one = sa.select(self.table).where(self.table.id == playback_id, self.owner_id == owner_id)
        row = db.session.scalar(one)
        if row is None:
            raise Missing(f"There is no such playback id of this {self.noun}.")
        return row


def _values(row: PlaybackId | LivePlaybackId) -> Audited:
    """As the audit log keeps them."""
    values: Audited = {"policy": row.access_policy, "restrictions": row.restrictions}
    return values | {"resolution": row.resolution} if isinstance(row, PlaybackId) else values
