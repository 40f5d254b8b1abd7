"""The organization: its details and policies, founding and deleting one. The only writer of `organizations`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import principal, table, tenancy
from fastpix.access.action import action, describe, personal
from fastpix.db import db
from fastpix.errors import Invalid, Missing
from fastpix.jobs import queue
from fastpix.resources.members import domain as members
from fastpix.resources.members import notifications
from fastpix.resources.members.models import IS_ACTIVE_ADMIN, Member
from fastpix.resources.members.until import domain as until
from fastpix.resources.organizations.models import FormerSlug, Me, Organization, OrganizationRow, PermissionRow
from fastpix.resources.people import domain as people
from fastpix.resources.people.models import Person
from fastpix.resources.workspaces import domain as workspaces
from fastpix.resources.workspaces import unfinished
from fastpix.text import counting, naming, zones

_OWN = sa.select(Organization)
# Fewer would let an admin remove their tracks by way of a setting.
MOST_AUDIT_DAYS = 36500
# What each policy means now, as a clause for the mail to the admins.
_POLICIES: dict[str, Callable[[Any], str]] = {
    "members_edit_workspaces": lambda on: f"members may {'edit' if on else 'no longer edit'} workspace details",
    "audit_days": lambda days: (
        "the audit log is kept " + (f"for {counting.counted(days, 'day')}" if days else "for ever")
    ),
    "access_review_mail": lambda on: (
        f"admins are {'' if on else 'no longer '}reminded every month to review the access"
    ),
    "require_second_factor": lambda on: f"a second factor is {'required' if on else 'no longer required'}",
}
_RESERVED = frozenset({"new", "api", "admin", "account", "static", "docs", "v1"})


@action("organizations.view")
def get() -> OrganizationRow:
    """The organization in scope."""
    return as_dict(_load())


@action("organizations.view")
def me() -> Me:
    """Who the actor is here: role, workspaces and permissions, in table order."""
    actor = principal.current()
    allowed = [row.key for row in table.PERMISSIONS if row.key in actor.permissions]
    return {"actor": actor, "organization": as_dict(_load()), "permissions": allowed}


@action("organizations.view")
def access_table() -> list[PermissionRow]:
    """The role table as it holds in this organization, with what the actor itself may do."""
    actor = principal.current()
    return [
        {
            "key": row.key,
            "area": row.area,
            "does": row.does,
            "admin": row.allows("admin", actor.switches),
            "member": row.allows("member", actor.switches),
            "mine": row.key in actor.permissions,
            "fresh": table.FRESH.get(row.key, ""),
        }
        for row in table.PERMISSIONS
    ]


@action("organizations.edit", is_alone=True)
def edit(
    name: str | None = None,
    slug: str | None = None,
    members_edit_workspaces: bool | None = None,
    audit_days: int | None = None,
    require_second_factor: bool | None = None,
    access_review_mail: bool | None = None,
    time_zone: str | None = None,
) -> OrganizationRow:
    """Change name, address or policies; what is None stays. Former addresses redirect. Raises `Invalid`, `NotFresh`."""
    organization = _load()
    before = _facts(organization)
    if name is not None:
        organization.name = _checked_name(name)
    if slug is not None and slug != organization.slug:
        _move(organization, slug)
    if members_edit_workspaces is not None and members_edit_workspaces != organization.members_edit_workspaces:
        principal.demand_fresh()
        organization.members_edit_workspaces = members_edit_workspaces
    if audit_days is not None and audit_days != organization.audit_days:
        principal.demand_fresh()
        organization.audit_days = _checked_days(audit_days)
    if require_second_factor is not None and require_second_factor != organization.require_second_factor:
        _require_second_factor(organization, require_second_factor)
    if access_review_mail is not None and access_review_mail != organization.access_review_mail:
        principal.demand_fresh()
        organization.access_review_mail = access_review_mail
    moved: dict[str, Any] = {}
    if time_zone is not None and time_zone != organization.time_zone:
        organization.time_zone = zones.checked(time_zone)
        moved = {"ends_moved": until.move_to(time_zone)}
    after = _facts(organization)
    if changes := [say(after[name]) for name, say in _POLICIES.items() if after[name] != before[name]]:
        notifications.policy_changed(changes)
    describe("organization", organization.id, organization.name, before=before, after=after | moved)
    return as_dict(organization)


@action("organizations.delete", is_alone=True)
def delete() -> None:
    """Delete the organization with everything in it. People keep their accounts, the audit log its rows."""
    organization = _load()
    describe("organization", organization.id, organization.name, before=_facts(organization))
    queue.enqueue("storage.remove", {"folder": str(organization.id)}, organization_id=organization.id)
    unfinished.forget()
    db.session.delete(organization)
    db.session.flush()


@personal("organizations.create")
def create(name: str, founder: Person) -> OrganizationRow:
    """A new organization with its workspaces `production` and `development`, and the founder as its admin.

    Raises `Invalid` for a bad name.
    """
    organization = add(name, founder)
    describe(
        "organization", organization.id, organization.name, after=_facts(organization), organization_id=organization.id
    )
    return as_dict(organization)


def add(name: str, founder: Person) -> Organization:
    """The rows of a new organization. Not a verb: `create`, the set-up and the operator's command call it."""
    name = _checked_name(name)
    organization = Organization(name=name, slug=_free_slug(name), member_count=1)
    with tenancy.everywhere("a new organization has no scope yet"):
        db.session.add(organization)
        db.session.flush()
    with tenancy.inside(organization.id):
        members.add_founder(founder)
        workspaces.add("production", "production")
        workspaces.add("development", "development")
    return organization


def present_slug(former: str) -> str | None:
    """The slug an organization has now, for one it had before; None where nobody had it."""
    with tenancy.everywhere("an old address redirects before anybody is known to be a member"):
        return db.session.scalar(
            sa.select(Organization.slug)
            .join(FormerSlug, FormerSlug.of_organization_id == Organization.id)
            .where(FormerSlug.slug == former)
        )


def find(slug: str) -> UUID:
    """The id of the organization with this slug. Raises `Missing`. For commands and sign-in, not for verbs."""
    with tenancy.everywhere("an organization is found by its address"):
        organization_id = db.session.scalar(sa.select(Organization.id).where(Organization.slug == slug))
    if organization_id is None:
        raise Missing(f"There is no organization {slug}.")
    return organization_id


def without_admin() -> dict[str, int]:
    """Slugs of the organizations that nobody can manage, each with its number of members. None by any path of ours."""
    with tenancy.everywhere("the operator's command looks at all organizations"):
        admin = sa.exists().where(Member.organization_id == Organization.id, IS_ACTIVE_ADMIN)
        count = sa.select(sa.func.count(Member.id)).where(Member.organization_id == Organization.id).scalar_subquery()
        left = sa.select(Organization.slug, count).where(~admin).order_by(Organization.slug)
        return dict(iter(db.session.execute(left)))


def as_dict(organization: Organization) -> OrganizationRow:
    return {
        "id": organization.id,
        "slug": organization.slug,
        "name": organization.name,
        "members_edit_workspaces": organization.members_edit_workspaces,
        "audit_days": organization.audit_days,
        "require_second_factor": organization.require_second_factor,
        "access_review_mail": organization.access_review_mail,
        "time_zone": organization.time_zone,
        "member_count": organization.member_count,
        "created_at": organization.created_at,
    }


def _load() -> Organization:
    organization = db.session.scalar(_OWN)
    if organization is None:
        raise Missing("There is no such organization.")
    return organization


def _checked_name(text: str) -> str:
    return naming.checked(text, 80)


def _checked_days(days: int) -> int:
    if days and not 30 <= days <= MOST_AUDIT_DAYS:
        raise Invalid("auditDays", f"Give a number from 30 to {MOST_AUDIT_DAYS}, or 0 to keep everything.")
    return days


def _require_second_factor(organization: Organization, is_required: bool) -> None:
    """Nobody shuts themselves out: who turns it on has one."""
    principal.demand_fresh()
    person_id = principal.current().person_id
    if is_required and person_id is not None and people.second_factor_since(person_id) is None:
        raise Invalid("require_second_factor", "Set up your own second factor first, in your account.")
    organization.require_second_factor = is_required


def _move(organization: Organization, slug: str) -> None:
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", slug) or slug in _RESERVED:
        raise Invalid("slug", "Use 1 to 40 lower-case letters, digits and hyphens, such as acme-video.")
    with tenancy.everywhere("addresses are unique in the instance"):
        owner = db.session.scalar(sa.select(Organization.id).where(Organization.slug == slug))
        former = db.session.get(FormerSlug, slug)
        if owner or (former and former.of_organization_id != organization.id):
            raise Invalid("slug", f"{slug} is taken. Choose another one.")
        if former:
            db.session.delete(former)
        db.session.add(FormerSlug(slug=organization.slug, of_organization_id=organization.id))
        organization.slug = slug
        db.session.flush()


def _free_slug(name: str) -> str:
    slug = naming.slug(name, "organization")
    with tenancy.everywhere("addresses are unique in the instance"):
        slugs = set(db.session.scalars(sa.select(Organization.slug).where(Organization.slug.startswith(slug))))
        slugs |= set(db.session.scalars(sa.select(FormerSlug.slug).where(FormerSlug.slug.startswith(slug))))
    return naming.free(slug, slugs | _RESERVED)


def _facts(organization: Organization) -> dict[str, Any]:
    return {
        "name": organization.name,
        "slug": organization.slug,
        "members_edit_workspaces": organization.members_edit_workspaces,
        "audit_days": organization.audit_days,
        "require_second_factor": organization.require_second_factor,
        "access_review_mail": organization.access_review_mail,
        "time_zone": organization.time_zone,
    }
