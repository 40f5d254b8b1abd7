"""What an access review shows, each found by one statement, with how many there are by another."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import db
from fastpix.resources.access_tokens.models import AccessToken
from fastpix.resources.audit.models import AuditRow
from fastpix.resources.members.models import Invitation, Member
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

Statement = sa.Select[*tuple[Any, ...]]


def all_of(at: datetime) -> dict[str, dict[str, Any]]:
    """Every section by its name: {rows, total}."""
    return {name: _section(statement) for name, statement in _statements(at).items()} | {"denials": _denials(at)}


def totals(at: datetime) -> dict[str, int]:
    """How many there are in every section."""
    counts = {name: _count(statement) for name, statement in _statements(at).items()}
    return counts | {"denials": _denials(at)["total"]}


def _statements(at: datetime) -> dict[str, Statement]:
    people = sa.select(
        Member.id,
        Person.name,
        Person.email,
        Member.role,
        Member.joined_at,
        Member.last_seen_at,
        Person.second_factor_at.is_not(None).label("has_second_factor"),
    ).join(Person, Person.id == Member.person_id)
    unseen = sa.func.coalesce(Member.last_seen_at, Member.joined_at)
    return {
        "admins": people.where(Member.role == "admin").order_by(Member.joined_at, Member.id),
        "unseen": people.where(unseen < at - UNSEEN).order_by(unseen, Member.id),
        "tokens": _tokens(at),
        "keys": sa.select(
            SigningKey.id, SigningKey.created_at, SigningKey.created_by, Workspace.name.label("workspace_name")
        )
        .join(Workspace, Workspace.id == SigningKey.workspace_id)
        .where(SigningKey.last_used_at.is_(None))
        .order_by(SigningKey.created_at, SigningKey.id),
        "invitations": sa.select(
            Invitation.id, Invitation.email, Invitation.role, Invitation.inviter_name, Invitation.expires_at
        )
        .where(Invitation.used_at.is_(None), Invitation.revoked_at.is_(None))
        .order_by(Invitation.created_at, Invitation.id),
    }


def _tokens(at: datetime) -> Statement:
    """Tokens that work, or would if somebody adopted them, and that nothing used for long."""
    used = sa.func.coalesce(AccessToken.last_used_at, AccessToken.created_at)
    return (
        sa.select(
            AccessToken.id,
            AccessToken.name,
            AccessToken.role,
            AccessToken.owner_name,
            AccessToken.owner_id.is_(None).label("is_suspended"),
            AccessToken.last_used_at,
            Workspace.name.label("workspace_name"),
        )
        .join(Workspace, Workspace.id == AccessToken.workspace_id)
        .where(
            AccessToken.revoked_at.is_(None),
            sa.or_(AccessToken.expires_at.is_(None), AccessToken.expires_at > at),
            used < at - UNUSED,
        )
        .order_by(used, AccessToken.id)
    )


def _section(statement: Statement) -> dict[str, Any]:
    rows = [dict(row._mapping) for row in db.session.execute(statement.limit(MOST))]
    return {"rows": rows, "total": len(rows) if len(rows) < MOST else _count(statement)}


def _count(statement: Statement) -> int:
    ids = statement.order_by(None).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(ids)) or 0


def _denials(at: datetime) -> dict[str, Any]:
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
    rows = [dict(row._mapping) for row in db.session.execute(grouped)]
    return {"rows": rows[:MOST], "total": sum(row["count"] for row in rows)}
