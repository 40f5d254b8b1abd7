"""Browser sessions on the server's side: a table keyed by the SHA-256 of the cookie. Nothing that authorizes is in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import locks, principal, tenancy
from fastpix.access.action import describe, personal
from fastpix.accounts import user_agents
from fastpix.accounts.models import BrowserSession, HalfSession, SessionRow
from fastpix.config import instance
from fastpix.config.settings import Settings
from fastpix.crypto import tokens
from fastpix.db import CLOCKS_DIFFER, affected_rows, db, now
from fastpix.errors import Gone, Missing
from fastpix.resources.people.models import Person


@dataclass(frozen=True)
class SignedIn:
    """The signed-in person, as flask-login's `current_user` carries them: it asks for the three marks and `get_id`."""

    is_authenticated: ClassVar[bool] = True
    is_active: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False

    id: UUID
    name: str
    email: str
    email_canonical: str
    is_verified: bool
    theme: str
    session_id: UUID
    last_seen_at: datetime
    expires_at: datetime
    is_remembered: bool
    proved_at: datetime
    rights_changed_at: datetime | None
    viewing_organization_id: UUID | None = None
    viewing_workspaces: list[str] | None = None
    viewing_until: datetime | None = None
    is_operator: bool = False

    def get_id(self) -> str:
        return str(self.id)

    @property
    def is_viewing(self) -> bool:
        """Whether this session looks through a member's eyes just now, in `viewing_organization_id`."""
        return self.viewing_until is not None and self.viewing_until > now()

    @property
    def viewed_workspaces(self) -> frozenset[UUID] | None:
        """Which workspaces the member looked through enters; None for all."""
        return None if self.viewing_workspaces is None else frozenset(map(UUID, self.viewing_workspaces))

    @property
    def is_fresh(self) -> bool:
        """Whether the last proof of who this is was minutes ago, and no role of theirs changed since."""
        return is_fresh(self.proved_at, self.rights_changed_at)


def is_fresh(proved_at: datetime, rights_changed_at: datetime | None) -> bool:
    """Whether a proof of then counts as fresh now: a role of the person that changed since makes it old.

    One from the future, of a clock that was set back since, might stay fresh for as long as that: it is none.
    """
    if rights_changed_at is not None and rights_changed_at >= proved_at:
        return False
    moment = now()
    return moment - timedelta(minutes=principal.FRESH_MINUTES) < proved_at <= moment + instance.part(most_ahead)


def most_ahead(_settings: Settings) -> timedelta:
    """How far in the future a proof may lie. Who tries everything for an hour (`access_check`, tests) puts more there."""
    return CLOCKS_DIFFER


_FIND = (
    sa.select(
        Person.id,
        Person.name,
        Person.email,
        Person.email_canonical,
        Person.email_verified_at.is_not(None),
        Person.theme,
        BrowserSession.id,
        BrowserSession.last_seen_at,
        BrowserSession.expires_at,
        BrowserSession.is_remembered,
        BrowserSession.proved_at,
        Person.rights_changed_at,
        BrowserSession.viewing_organization_id,
        BrowserSession.viewing_workspaces,
        BrowserSession.viewing_until,
        Person.is_operator,
    )
    .join(Person, Person.id == BrowserSession.person_id)
    .where(
        BrowserSession.token_hash == sa.bindparam("hash"),
        BrowserSession.expires_at > sa.bindparam("at", type_=BrowserSession.expires_at.type),
    )
)


def find(cookie: str) -> SignedIn | None:
    """Who a session cookie belongs to; None when it is unknown, ended or expired."""
    row = tenancy.rows(_FIND, {"hash": tokens.digest(cookie), "at": now()}).one_or_none()
    return SignedIn(*tuple(row)) if row else None


def start(person_id: UUID, life: timedelta, *, is_remembered: bool, address: str, user_agent: str) -> str:
    """A new session for a person; the secret is for the cookie. Every sign-in makes a new one."""
    return _add(
        BrowserSession(
            person_id=person_id,
            is_remembered=is_remembered,
            expires_at=now() + life,
            address=address[:64],
            user_agent=user_agent[:300],
        )
    )


def _add(session: BrowserSession | HalfSession) -> str:
    """Store a session under a new secret, which is for a cookie."""
    secret = tokens.new()
    session.token_hash = tokens.digest(secret)
    db.session.add(session)
    db.session.flush()
    return secret


HALF_LIFE = timedelta(minutes=10)
_HALF_ENDED = "This took too long. Sign in again."


def start_half(person_id: UUID, *, is_remembered: bool) -> str:
    """Note that the password was right and a code is awaited; the secret is for a cookie that opens nothing else."""
    return _add(HalfSession(person_id=person_id, is_remembered=is_remembered, expires_at=now() + HALF_LIFE))


def find_half(secret: str) -> HalfSession:
    """Whose password was right. Raises `Gone` when it is unknown, used or too old."""
    living = sa.select(HalfSession).where(
        HalfSession.token_hash == tokens.digest(secret), HalfSession.expires_at > now()
    )
    half = db.session.scalar(living)
    if half is None:
        raise Gone(_HALF_ENDED)
    return half


def use_half(secret: str) -> None:
    """Use it up. Raises `Gone` when another request was quicker."""
    half = sa.delete(HalfSession).where(HalfSession.token_hash == tokens.digest(secret))
    if affected_rows(half) != 1:
        raise Gone(_HALF_ENDED)


def renew(session_id: UUID) -> str:
    """After a fresh proof: the session gets a new secret, so that a copied cookie does not become fresh with it.

    Only an UPDATE, as part of another verb. Raises `Missing` for a session that ended meanwhile.
    """
    secret = tokens.new()
    renewal = sa.update(BrowserSession).where(BrowserSession.id == session_id)
    if affected_rows(renewal.values(token_hash=tokens.digest(secret), proved_at=now())) != 1:
        raise Missing("This session has ended. Sign in again.")
    return secret


@personal("sessions.end", changes=False)
def listed(person_id: UUID) -> list[SessionRow]:
    """A person's living sessions, last seen first."""
    rows = sa.select(BrowserSession).where(BrowserSession.person_id == person_id, BrowserSession.expires_at > now())
    return [
        {
            "id": row.id,
            "created_at": row.created_at,
            "last_seen_at": row.last_seen_at,
            "expires_at": row.expires_at,
            "is_remembered": row.is_remembered,
            "address": row.address,
            "browser": user_agents.named(row.user_agent),
        }
        for row in db.session.scalars(rows.order_by(BrowserSession.last_seen_at.desc()))
    ]


@personal("sessions.end", is_alone=True)
def end(person_id: UUID, session_id: UUID) -> None:
    """End one of a person's own sessions. Raises `Missing` for somebody else's or none."""
    session = db.session.scalar(
        sa.select(BrowserSession).where(BrowserSession.id == session_id, BrowserSession.person_id == person_id)
    )
    if session is None:
        raise Missing("This session has ended already.")
    describe("session", session_id, user_agents.named(session.user_agent), before={"address": session.address})
    db.session.delete(session)
    db.session.flush()


@personal("sessions.end", is_alone=True)
def end_others(person_id: UUID, but: UUID) -> int:
    """End all of a person's sessions except one; how many those were."""
    ended = end_all(person_id, but=but)
    describe("session", person_id, "all others", after={"ended": ended})
    return ended


def end_all(person_id: UUID, but: UUID | None = None) -> int:
    """End a person's sessions, and sign-ins that wait for a code, as part of another verb (new password).

    To be called before the verb changes anything else of the person (the order of locks: `access.locks`).
    """
    locks.alone("person", person_id, in_request=principal.current().request_id is not None)
    halves = sa.delete(HalfSession).where(HalfSession.person_id == person_id)
    db.session.execute(halves.execution_options(synchronize_session=False))
    statement = sa.delete(BrowserSession).where(BrowserSession.person_id == person_id)
    if but is not None:
        statement = statement.where(BrowserSession.id != but)
    return affected_rows(statement)


def end_one(session_id: UUID) -> None:
    """End one session, as part of signing out."""
    db.session.execute(
        sa.delete(BrowserSession).where(BrowserSession.id == session_id).execution_options(synchronize_session=False)
    )


def note_seen(session_id: UUID, address: str) -> None:
    """Note that the session was used. Only an UPDATE: a session ended meanwhile is never written back."""
    db.session.execute(
        sa.update(BrowserSession)
        .where(BrowserSession.id == session_id)
        .values(last_seen_at=now(), address=address[:64])
        .execution_options(synchronize_session=False)
    )


def prune() -> int:
    """Delete expired sessions, half ones too; how many those were. The worker calls it."""
    tables = (BrowserSession, HalfSession)
    return sum(affected_rows(sa.delete(table).where(table.expires_at <= now())) for table in tables)
