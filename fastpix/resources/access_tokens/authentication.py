"""What a token may do now: its role, narrowed by ticks and workspace, capped by its owner's role.

See docs/access.md, "Access tokens".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import table, tenancy
from fastpix.access.principal import Actor
from fastpix.access.table import Role
from fastpix.crypto import tokens
from fastpix.db import db, now
from fastpix.errors import SecondFactorMissing, Suspended
from fastpix.resources.access_tokens.models import AccessToken
from fastpix.resources.members.models import IS_ACTIVE, Member, MemberWorkspace
from fastpix.resources.organizations.models import Organization
from fastpix.resources.people.models import Person


@dataclass(frozen=True)
class Authority:
    """A token that was proved, with its owner's membership now."""

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
    secret_number: int
    owner_is_active: bool

    @property
    def switches(self) -> frozenset[str]:
        return table.switches(members_edit_workspaces=self.members_edit_workspaces)


_GRANT = (
    sa.exists()
    .where(MemberWorkspace.member_id == Member.id, MemberWorkspace.to_workspace_id == AccessToken.workspace_id)
    .correlate(Member, AccessToken)
)
# The secret is found by its SHA-256: no comparison of secrets, and no hint by time how much of one was right.
_LIVING = (
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
        AccessToken.secret_number,
        IS_ACTIVE,
    )
    .join(Member, Member.id == AccessToken.owner_id)
    .join(Person, Person.id == Member.person_id)
    .join(Organization, Organization.id == AccessToken.organization_id)
    .where(
        AccessToken.id == sa.bindparam("token_id"),
        AccessToken.revoked_at.is_(None),
        sa.or_(
            AccessToken.expires_at.is_(None),
            AccessToken.expires_at > sa.bindparam("at", type_=AccessToken.created_at.type),
        ),
    )
)
_FIND = _LIVING.where(AccessToken.secret_hash == sa.bindparam("secret_hash"))
_AGAIN = _LIVING.where(AccessToken.secret_number == sa.bindparam("secret_number"))
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
        values = {"token_id": parsed, "secret_hash": tokens.digest(secret), "at": now()}
        row = tenancy.rows(_FIND, values).one_or_none()
    return Authority(*tuple(row)) if row else None


def again(token_id: UUID, secret_number: int) -> Authority | None:
    """What a token that was proved before may do now, with that secret of its; None as of `prove`, or if it was adopted."""
    with tenancy.everywhere("a token is read again as it was proved"):
        values = {"token_id": token_id, "secret_number": secret_number, "at": now()}
        row = tenancy.rows(_AGAIN, values).one_or_none()
    return Authority(*tuple(row)) if row else None


def actor(authority: Authority, **of_request: Any) -> Actor:
    """The token as actor, with the rights that the role table gives; `of_request` as in `Actor`. Raises
    `Suspended`, `SecondFactorMissing`."""
    if not authority.owner_is_active:
        raise Suspended(
            f"{authority.owner_name}, who owns this token, is suspended in the organization, or their access has ended. The "
            "token works again once an admin resumes or extends them, or adopts it."
        )
    if authority.owner_lacks_second_factor:
        raise SecondFactorMissing(
            f"The organization requires a second factor, and {authority.owner_name}, who owns this token, has none. "
            "The token works again, with all its permissions, once they set one up or another admin adopts it."
        )
    is_admin = authority.role == authority.owner_role == "admin"
    return Actor(
        "token",
        f"token {authority.name}",
        "api",
        owner_name=authority.owner_name,
        permissions=table.permissions_of_token(
            authority.role, authority.owner_role, authority.may_manage_people, authority.switches
        ),
        role="admin" if is_admin else "member",
        person_id=authority.person_id,
        member_id=authority.member_id,
        token_id=authority.token_id,
        token_secret=authority.secret_number,
        organization_id=authority.organization_id,
        workspace_ids=frozenset({authority.workspace_id} if authority.owner_has_workspace else ()),
        token_workspace_id=authority.workspace_id,
        sees_all_workspaces=authority.may_manage_people and is_admin,
        may_manage_people=table.tick_counts(authority.role, authority.owner_role, authority.may_manage_people),
        expires_at=authority.expires_at,
        switches=authority.switches,
        **of_request,
    )


def note_use(token_id: UUID, address: str) -> None:
    """Note that the token was used just now. Called at most once a minute, after the request's transaction."""
    with tenancy.everywhere("last use is noted outside the request's scope"):
        db.session.execute(_USED, {"used_id": token_id, "at": now(), "address": address})
