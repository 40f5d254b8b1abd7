"""Playback ids: the addresses under which a media or a live stream plays. One thing in two tables, one for each owner."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NotRequired, TypedDict
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.access.tenancy import InWorkspace
from fastpix.db import Base, id_column, now


class Rule(TypedDict):
    """Who may play, by the names of docs/fastpix-contract.md, section 3.3. `allow` counts under deny alone, `deny` under allow alone."""

    defaultPolicy: str  # stored and sent by this name
    allow: list[str]
    deny: list[str]


class RuleDraft(TypedDict, total=False):
    """A rule as somebody gives it: what is left out stands as it is, or is that of `NO_RULE`."""

    defaultPolicy: str
    allow: list[str]
    deny: list[str]


# A rule for "domains" and one for "userAgents".
Restrictions = dict[str, Rule]
# The same as given, where each may be left out.
Drafts = Mapping[str, Rule | RuleDraft]
NO_RULE: Rule = {"defaultPolicy": "allow", "allow": [], "deny": []}
NO_RESTRICTIONS: Restrictions = {"domains": NO_RULE, "userAgents": NO_RULE}


class PlaybackIdRow(TypedDict):
    """A playback id as it leaves the domain; `resolution` and `media_id` are of those of media alone."""

    id: UUID
    access_policy: str
    restrictions: Restrictions
    created_at: datetime
    resolution: NotRequired[str | None]
    media_id: NotRequired[UUID]
    stream_id: NotRequired[str]


class Audited(TypedDict):
    """What the audit log keeps of a playback id before and after a change."""

    policy: str
    restrictions: Restrictions
    resolution: NotRequired[str | None]


class _PlaybackId:
    """What both tables have."""

    id: Mapped[UUID] = id_column()
    access_policy: Mapped[str] = mapped_column(sa.String(8))
    restrictions: Mapped[Restrictions] = mapped_column(sa.JSON, default=lambda: NO_RESTRICTIONS)
    created_at: Mapped[datetime] = mapped_column(default=now)


class PlaybackId(_PlaybackId, InWorkspace, Base):
    """An address under which a media plays, with its own policy, restrictions and highest resolution."""

    __tablename__ = "playback_ids"

    media_id: Mapped[UUID] = mapped_column(sa.Uuid, sa.ForeignKey("media.id", ondelete="CASCADE"), index=True)
    resolution: Mapped[str | None] = mapped_column(sa.String(6))


class LivePlaybackId(_PlaybackId, InWorkspace, Base):
    """An address under which the broadcasts of a stream play, with its own policy and restrictions."""

    __tablename__ = "live_playback_ids"

    stream_id: Mapped[str] = mapped_column(
        sa.String(32), sa.ForeignKey("live_streams.id", ondelete="CASCADE"), index=True
    )
