"""The browser sessions of other members, as an admin sees and ends them: browser and times, nothing else.

A session is a person's, not an organization's. So those of somebody who belongs to another organization as well are shown to
nobody but themselves: else whoever founds one and gets somebody in would learn when and with what they work elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import locks, principal
from fastpix.access.action import action, describe
from fastpix.accounts import sessions, user_agents
from fastpix.accounts.models import BrowserSession, MemberSession
from fastpix.db import db, now
from fastpix.errors import Missing, Refused
from fastpix.resources.members import domain as members
from fastpix.resources.members import membership
from fastpix.resources.members.models import MemberRow

ELSEWHERE = (
    "{name} belongs to another organization as well, so their sessions are theirs alone. Suspend or remove them to close this "
    "one to them."
)
YOURSELF = "Your own sessions are listed in your account."


@dataclass(frozen=True)
class MemberSessions:
    """A member's sessions, or a sentence why they are nobody else's business."""

    rows: list[MemberSession]
    closed: str = ""


@action("members.end_sessions", changes=False)
def shown(member_id: UUID) -> MemberSessions:
    """The living sessions of another member, last seen first; none with a reason where they are not shown."""
    member = members.get(member_id)
    if reason := _obstacle(member):
        return MemberSessions([], reason)
    return MemberSessions(_rows(member["person_id"]))


@action("members.end_sessions", is_alone=True)
def end(member_id: UUID, session_id: UUID) -> None:
    """End one session of another member.

    Raises `Missing` for one that is not theirs, or has ended; `Refused` as `shown` says; `NotFresh` for an admin's.
    """
    member = _open(member_id)
    row = next((row for row in _rows(member["person_id"]) if row["id"] == session_id), None)
    if row is None:
        raise Missing("This session has ended already.")
    locks.alone("person", member["person_id"], in_request=principal.current().request_id is not None)
    sessions.end_one(session_id)
    describe("member", member_id, member["name"], after={"ended": row["browser"]})


@action("members.end_sessions", is_alone=True)
def end_all(member_id: UUID) -> int:
    """End all sessions of another member, with sign-ins that wait for a code; how many sessions those were.

    Raises `Refused` as `shown` says, and `NotFresh` for an admin's.
    """
    member = _open(member_id)
    count = sessions.end_all(member["person_id"])
    describe("member", member_id, member["name"], after={"ended": count})
    return count


def _open(member_id: UUID) -> MemberRow:
    """Whose sessions they are. An admin is not signed out by a session that was left open."""
    member = members.get(member_id)
    if reason := _obstacle(member):
        raise Refused(reason)
    if member["role"] == "admin":
        principal.demand_fresh()
    return member


def _obstacle(member: MemberRow) -> str:
    """Why the sessions are not an admin's business; empty where they are."""
    if member["is_me"]:
        return YOURSELF
    is_elsewhere = len(membership.of_person(member["person_id"])) > 1
    return ELSEWHERE.format(name=member["name"]) if is_elsewhere else ""


def _rows(person_id: UUID) -> list[MemberSession]:
    living = sa.select(BrowserSession).where(BrowserSession.person_id == person_id, BrowserSession.expires_at > now())
    return [
        {
            "id": row.id,
            "browser": user_agents.named(row.user_agent),
            "created_at": row.created_at,
            "last_seen_at": row.last_seen_at,
        }
        for row in db.session.scalars(living.order_by(BrowserSession.last_seen_at.desc()))
    ]
