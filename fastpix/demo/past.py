"""When the demo's people joined and were here last, its films came in, and an invite ended: dates over a year.

The audit log keeps the time of its filling, since its rows are chained and say what did happen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from fastpix.access.table import Role
from fastpix.db import db, now
from fastpix.demo.films import Film
from fastpix.resources.media.models import LogLine, Media
from fastpix.resources.members.invitations.models import Invitation
from fastpix.resources.members.models import Member
from fastpix.resources.people.models import Person


@dataclass(frozen=True)
class Joined:
    """Somebody who joined so many days ago and was last seen so many hours ago (None: never). `workspaces` are names;
    none are all."""

    email: str
    name: str
    days: int
    hours_unseen: int | None
    role: Role = "member"
    workspaces: tuple[str, ...] = ()


def tell(people: Sequence[Joined], films: Sequence[Film], expired: str) -> None:
    """Set the dates of what is in the organization in scope; the invite of `expired` ends yesterday."""
    members = {email: member for member, email in db.session.execute(_MEMBERS)}
    for each in people:
        member = members.pop(each.email)
        member.joined_at = _ago(days=each.days)
        member.last_seen_at = None if each.hours_unseen is None else _ago(hours=each.hours_unseen)
    for founder in members.values():
        founder.joined_at = _ago(days=365)
    for film in films:
        media = db.session.scalars(sa.select(Media).where(Media.title == film.title)).one()
        _move(media, timedelta(days=film.days))
    invite = db.session.scalars(sa.select(Invitation).where(Invitation.email == expired)).one()
    invite.created_at = invite.sent_at = _ago(days=8)
    invite.expires_at = _ago(days=1)
    db.session.flush()


_MEMBERS = sa.select(Member, Person.email).join(Person, Person.id == Member.person_id)


def _move(media: Media, earlier: timedelta) -> None:
    """With the lines of its log."""
    for line in db.session.scalars(sa.select(LogLine).where(LogLine.media_id == media.id)):
        line.at -= earlier
    media.created_at, media.updated_at = media.created_at - earlier, media.updated_at - earlier


def _ago(**units: float) -> datetime:
    return now() - timedelta(**units)
