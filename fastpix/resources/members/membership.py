"""The memberships of a person, with what decides their rights, for the identity of a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import table, tenancy
from fastpix.access.principal import Actor, Door
from fastpix.access.table import Role
from fastpix.db import db, now
from fastpix.resources.members.models import Member, MemberWorkspace
from fastpix.resources.organizations.models import Organization
from fastpix.resources.people.models import Person


@dataclass(frozen=True)
class Membership:
    """One membership of a person, as the identity of a request needs it."""

    member_id: UUID
    role: Role
    all_workspaces: bool
    last_seen_at: datetime | None
    organization_id: UUID
    slug: str
    organization_name: str
    members_edit_workspaces: bool
    lacks_second_factor: bool
    suspended_at: datetime | None
    ends_at: datetime | None

    @property
    def closed(self) -> str:
        """Why it gives no right now, "suspended" or "ended"; else empty. To be asked before any right is read from it."""
        if self.suspended_at is not None:
            return "suspended"
        return "ended" if self.ends_at is not None and self.ends_at <= now() else ""

    @property
    def switches(self) -> frozenset[str]:
        """The organization's turned-on switches, by the names the role table uses."""
        return table.switches(members_edit_workspaces=self.members_edit_workspaces)


# Of members, their organizations and people: what `Membership` holds.
COLUMNS: tuple[Any, ...] = (
    Member.id,
    Member.role,
    Member.all_workspaces,
    Member.last_seen_at,
    Organization.id.label("organization_id"),
    Organization.slug,
    Organization.name,
    Organization.members_edit_workspaces,
    sa.and_(Organization.require_second_factor, Person.second_factor_at.is_(None)),
    Member.suspended_at,
    Member.ends_at,
)
_OF_PERSON = (
    sa.select(*COLUMNS)
    .join(Organization, Organization.id == Member.organization_id)
    .join(Person, Person.id == Member.person_id)
    .where(Member.person_id == sa.bindparam("person_id"))
    .order_by(Organization.name, Organization.id)
)
_GRANTED = sa.select(MemberWorkspace.to_workspace_id).where(MemberWorkspace.member_id == sa.bindparam("member_id"))
_SEEN = (
    sa.update(Member)
    .where(Member.id == sa.bindparam("seen_id"))
    .values(last_seen_at=sa.bindparam("at", type_=Member.last_seen_at.type))
    .execution_options(synchronize_session=False)
)


def of_person(person_id: UUID) -> list[Membership]:
    """All memberships of a person, the suspended ones too, by the organizations' names."""
    with tenancy.everywhere("who somebody is comes before any scope"):
        return [Membership(*row) for row in tenancy.rows(_OF_PERSON, {"person_id": person_id})]


def granted_workspaces(member_id: UUID) -> frozenset[UUID]:
    """The workspaces a member with limited access may enter."""
    with tenancy.everywhere("who somebody is comes before any scope"):
        return frozenset(tenancy.rows(_GRANTED, {"member_id": member_id}).scalars())


def reach(membership: Membership) -> frozenset[UUID] | None:
    """The workspaces a member may enter; None for all. Admins always have all."""
    if membership.role == "admin" or membership.all_workspaces:
        return None
    return granted_workspaces(membership.member_id)


def actor(
    here: Membership,
    person_id: UUID,
    name: str,
    door: Door,
    *,
    workspace_ids: frozenset[UUID] | None,
    **of_request: Any,
) -> Actor:
    """The person as actor in that organization, with the rights that the role table gives; `of_request` as in `Actor`."""
    return Actor(
        "person",
        name,
        door,
        permissions=frozenset() if here.closed else table.permissions_of(here.role, here.switches),
        role=here.role,
        person_id=person_id,
        member_id=here.member_id,
        organization_id=here.organization_id,
        workspace_ids=workspace_ids,
        switches=here.switches,
        **of_request,
    )


def note_seen(member_id: UUID) -> None:
    """Note that the member was here just now. Called at most once a minute, after the request's transaction."""
    with tenancy.everywhere("last seen is noted outside the request's scope"):
        db.session.execute(_SEEN, {"seen_id": member_id, "at": now()})
