"""What a token may do now: its role, narrowed by ticks and workspace, capped by its owner's role (access.md section 5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from fastpix import tokens
from fastpix.access import tenancy
from fastpix.access.table import Role
from fastpix.db import db, now
from fastpix.resources.access_tokens.models import AccessToken
from fastpix.resources.members.models import Member, MemberWorkspace
from fastpix.resources.organizations.models import Organization
from fastpix.resources.people.models import Person


@dataclass(frozen=True)
class Authority:
    """A token that was proved, with its owner's standing now."""

    token_id: UUID
    name: str
    role: Role
    may_manage_people: bool
    workspace_id: UUID
    expires_at: datetime | None
    last_used_at: datetime | None
    organization_id: UUID
    member_id: UUID
    person_id: UUID
    owner_name: str
    owner_role: Role
    owner_has_workspace: bool
    members_edit_workspaces: bool
    owner_lacks_second_factor: bool

    @property
    def switches(self) -> frozenset[str]:
        return frozenset({"members_edit_workspaces"} if self.members_edit_workspaces else ())


_GRANT = (
    sa.exists()
    .where(MemberWorkspace.member_id == Member.id, MemberWorkspace.to_workspace_id == AccessToken.workspace_id)
    .correlate(Member, AccessToken)
)
# The secret is found by its SHA-256: no comparison of secrets, and no hint by time how much of one was right.
_FIND = (
    sa.select(
        AccessToken.id,
        AccessToken.name,
        AccessToken.role,
        AccessToken.may_manage_people,
        AccessToken.workspace_id,
        AccessToken.expires_at,
        AccessToken.last_used_at,
        AccessToken.organization_id,
        Member.id,
        Member.person_id,
        Person.name,
        Member.role,
        sa.or_(Member.role == "admin", Member.all_workspaces, _GRANT),
        Organization.members_edit_workspaces,
        sa.and_(Organization.require_second_factor, Person.second_factor_at.is_(None)),
    )
    .join(Member, Member.id == AccessToken.owner_id)
    .join(Person, Person.id == Member.person_id)
    .join(Organization, Organization.id == AccessToken.organization_id)
    .where(
        AccessToken.id == sa.bindparam("token_id"),
        AccessToken.secret_hash == sa.bindparam("secret_hash"),
        AccessToken.revoked_at.is_(None),
        sa.or_(
            AccessToken.expires_at.is_(None),
            AccessToken.expires_at > sa.bindparam("at", type_=AccessToken.created_at.type),
        ),
    )
)
_USED = (
    sa.update(AccessToken)
    .where(AccessToken.id == sa.bindparam("used_id"))
    .values(last_used_at=sa.bindparam("at", type_=AccessToken.created_at.type), last_used_from=sa.bindparam("address"))
    .execution_options(synchronize_session=False)
)


def prove(token_id: str, secret: str) -> Authority | None:
    """The authority of a token id and secret, or None: unknown, wrong, revoked, expired, or its owner is gone."""
    try:
        parsed = UUID(token_id)
    except ValueError:
        return None
    with tenancy.everywhere("a token is proved before its organization is known"):
        found = db.session.execute(
            _FIND, {"token_id": parsed, "secret_hash": tokens.digest(secret), "at": now()}
        ).one_or_none()
    return Authority(*tuple(found)) if found else None


def used(token_id: UUID, address: str) -> None:
    """Note that the token was used just now. Called at most once a minute, after the request's transaction."""
    with tenancy.everywhere("last use is noted outside the request's scope"):
        db.session.execute(_USED, {"used_id": token_id, "at": now(), "address": address})
