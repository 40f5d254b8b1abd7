"""What an access review shows, each found by one statement, with how many there are by another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVarTuple
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.access.table import Role
from fastpix.db import db
from fastpix.resources.access_review.models import (
    Denial,
    ReviewedInvitation,
    ReviewedKey,
    ReviewedPerson,
    ReviewedToken,
    Row,
    Section,
    Sections,
)
from fastpix.resources.access_tokens.models import AccessToken
from fastpix.resources.audit.models import AuditRow
from fastpix.resources.members.invitations.models import Invitation
from fastpix.resources.members.models import IS_ACTIVE, Member
from fastpix.resources.people.models import Person
from fastpix.resources.signing_keys.models import SigningKey
from fastpix.resources.workspaces.models import Workspace

# Rows shown of a section; beyond, its total and a link tell of the rest.
MOST = 15
UNSEEN = timedelta(days=60)
UNUSED = timedelta(days=90)
DENIED = timedelta(days=30)
# A person denied the same thing more often is counted up to here: the log keeps one row a minute.
MOST_DENIALS = 2000

Columns = TypeVarTuple("Columns")
People = sa.Select[UUID, str, str, Role, datetime, datetime | None, bool, str]


def all_of(at: datetime) -> Sections:
    """Every section by its name."""
    return {
        "admins": _section(_admins(), _person),
        "unseen": _section(_unseen(at), _person),
        "tokens": _section(_unused_tokens(at), _token),
        "keys": _section(_unused_keys(), _key),
        "invitations": _section(_open_invitations(), _invitation),
        "denials": _denials(at),
    }


def totals(at: datetime) -> dict[str, int]:
    """How many there are in every section."""
    statements = {
        "admins": _admins(),
        "unseen": _unseen(at),
        "tokens": _unused_tokens(at),
        "keys": _unused_keys(),
        "invitations": _open_invitations(),
    }
    counts = {name: _count(statement) for name, statement in statements.items()}
    return counts | {"denials": _denials(at)["total"]}


def _people() -> People:
    return sa.select(
        Member.id,
        Person.name,
        Person.email,
        Member.role,
        Member.joined_at,
        Member.last_seen_at,
        Person.second_factor_at.is_not(None).label("has_second_factor"),
        sa.case((IS_ACTIVE, ""), (Member.suspended_at.is_not(None), "suspended"), else_="ended").label("closed"),
    ).join(Person, Person.id == Member.person_id)


def _admins() -> People:
    return _people().where(Member.role == "admin").order_by(Member.joined_at, Member.id)


def _unseen(at: datetime) -> People:
    seen_at = sa.func.coalesce(Member.last_seen_at, Member.joined_at)
    return _people().where(seen_at < at - UNSEEN).order_by(seen_at, Member.id)


def _unused_tokens(at: datetime) -> sa.Select[UUID, str, Role, str, bool, bool, datetime | None, str]:
    """Tokens that work, or would if somebody adopted them, and that nothing used for long."""
    used_at = sa.func.coalesce(AccessToken.last_used_at, AccessToken.created_at)
    return (
        sa.select(
            AccessToken.id,
            AccessToken.name,
            AccessToken.role,
            AccessToken.owner_name,
            sa.or_(AccessToken.owner_id.is_(None), sa.not_(IS_ACTIVE)).label("is_suspended"),
            AccessToken.owner_id.is_(None).label("is_ownerless"),
            AccessToken.last_used_at,
            Workspace.name.label("workspace_name"),
        )
        .join(Workspace, Workspace.id == AccessToken.workspace_id)
        .outerjoin(Member, Member.id == AccessToken.owner_id)
        .where(
            AccessToken.revoked_at.is_(None),
            sa.or_(AccessToken.expires_at.is_(None), AccessToken.expires_at > at),
            used_at < at - UNUSED,
        )
        .order_by(used_at, AccessToken.id)
    )


def _unused_keys() -> sa.Select[UUID, datetime, str, str]:
    return (
        sa.select(SigningKey.id, SigningKey.created_at, SigningKey.created_by, Workspace.name.label("workspace_name"))
        .join(Workspace, Workspace.id == SigningKey.workspace_id)
        .where(SigningKey.last_used_at.is_(None))
        .order_by(SigningKey.created_at, SigningKey.id)
    )


def _open_invitations() -> sa.Select[UUID, str, Role, str, datetime]:
    return (
        sa.select(Invitation.id, Invitation.email, Invitation.role, Invitation.inviter_name, Invitation.expires_at)
        .where(Invitation.used_at.is_(None), Invitation.revoked_at.is_(None))
        .order_by(Invitation.created_at, Invitation.id)
    )


def _person(
    member_id: UUID,
    name: str,
    email: str,
    role: Role,
    joined_at: datetime,
    last_seen_at: datetime | None,
    has_second_factor: bool,
    closed: str,
) -> ReviewedPerson:
    return {
        "id": member_id,
        "name": name,
        "email": email,
        "role": role,
        "joined_at": joined_at,
        "last_seen_at": last_seen_at,
        "has_second_factor": has_second_factor,
        "closed": closed,
    }


def _token(
    token_id: UUID,
    name: str,
    role: Role,
    owner_name: str,
    is_suspended: bool,
    is_ownerless: bool,
    last_used_at: datetime | None,
    workspace_name: str,
) -> ReviewedToken:
    return {
        "id": token_id,
        "name": name,
        "role": role,
        "owner_name": owner_name,
        "is_suspended": is_suspended,
        "is_ownerless": is_ownerless,
        "last_used_at": last_used_at,
        "workspace_name": workspace_name,
    }


def _key(key_id: UUID, created_at: datetime, created_by: str, workspace_name: str) -> ReviewedKey:
    return {"id": key_id, "created_at": created_at, "created_by": created_by, "workspace_name": workspace_name}


def _invitation(
    invitation_id: UUID, email: str, role: Role, inviter_name: str, expires_at: datetime
) -> ReviewedInvitation:
    return {
        "id": invitation_id,
        "email": email,
        "role": role,
        "inviter_name": inviter_name,
        "expires_at": expires_at,
    }


def _section(statement: sa.Select[*Columns], as_row: Callable[[*Columns], Row]) -> Section[Row]:
    rows = [as_row(*columns) for columns in db.session.execute(statement.limit(MOST))]
    return {"rows": rows, "total": len(rows) if len(rows) < MOST else _count(statement)}


def _count(statement: sa.Select[*tuple[Any, ...]]) -> int:
    ids = statement.order_by(None).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(ids)) or 0


def _denials(at: datetime) -> Section[Denial]:
    """Who was denied what lately, the most frequent first."""
    lately = (
        sa.select(AuditRow.actor_name, AuditRow.action, AuditRow.at)
        .where(
            AuditRow.chain == tenancy.organization_id(),
            AuditRow.result == "denied",
            AuditRow.at > at - DENIED,
        )
        .order_by(AuditRow.number.desc())
        .limit(MOST_DENIALS)
        .subquery()
    )
    count, newest = sa.func.count().label("count"), sa.func.max(lately.c.at).label("last_at")
    grouped = sa.select(lately.c.actor_name, lately.c.action, count, newest)
    grouped = grouped.group_by(lately.c.actor_name, lately.c.action).order_by(count.desc(), lately.c.actor_name)
    rows = [
        Denial(actor_name=actor_name, action=action, count=times, last_at=last_at)
        for actor_name, action, times, last_at in db.session.execute(grouped)
    ]
    return {"rows": rows[:MOST], "total": sum(row["count"] for row in rows)}
