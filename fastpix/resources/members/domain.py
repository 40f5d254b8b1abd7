"""Members: who is in the organization, their role and workspaces, removing them, leaving. The only writer of `members`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal, TypedDict, Unpack
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import principal, table
from fastpix.access.action import Change, action, describe
from fastpix.access.table import Role
from fastpix.db import db
from fastpix.errors import Invalid, Missing, Refused
from fastpix.resources.access_tokens.models import CreatedToken
from fastpix.resources.media.uploads.models import Upload
from fastpix.resources.members import name_search, notifications, ordering, queries
from fastpix.resources.members.invariant import admin_count, membership_change
from fastpix.resources.members.models import IS_ACTIVE_ADMIN, Member, MemberRow, MemberWorkspace, Successors
from fastpix.resources.members.offboarding import presentation as endings
from fastpix.resources.members.offboarding import queries as offboarding
from fastpix.resources.members.offboarding.domain import STOPPED
from fastpix.resources.people import domain as people
from fastpix.resources.people.models import Person
from fastpix.resources.workspaces import domain as workspaces
from fastpix.resources.workspaces import unfinished

Workspaces = Literal["all"] | list[UUID]

# Of those who could take over, so many are shown at once; the others are found by their words.
SUCCESSORS = 10

_ONE = sa.select(Member).where(Member.id == sa.bindparam("member_id"))


class Filters(TypedDict, total=False):
    """Those of `queries.keyset`."""

    role: str
    status: str
    after: str
    before: str
    limit: int


@action("members.view")
def page(query: str = "", **filters: Unpack[Filters]) -> queries.Page:
    """One page of the people, newest first; of those whom `query` finds, by its words."""
    return _page(query, **filters)


@action("members.view")
def ordered(
    sort: str, number: int, size: int = queries.PAGE, **narrowed: Unpack[ordering.Narrowed]
) -> ordering.Ordered:
    """One page, by its number, of the people in an order of `ordering.SORTS`; only where `ordering.may_be_sorted`."""
    return ordering.page(sort, number, size, **narrowed)


@action("members.view")
def listed(offset: int, limit: int, sort: str = "", **narrowed: Unpack[ordering.Narrowed]) -> ordering.Numbered:
    """The people by page number (1-based) with the total, for the API. Raises `Invalid` (see `ordering.listed`)."""
    return ordering.listed(offset, limit, sort, **narrowed)


@action("members.view")
def get(member_id: UUID) -> MemberRow:
    """One member with their workspaces. Raises `Missing`."""
    return queries.one(member_id)


@action("members.edit", is_alone=True)
def edit(member_id: UUID, role: Role | None = None, workspace_access: Workspaces | None = None) -> MemberRow:
    """Set role and workspaces; what is None stays. Raises `Missing`, `Invalid`, `Refused` for the last admin."""
    before = queries.one(member_id)
    with membership_change(name=before["name"]):
        member = _load(member_id)
        old_role = member.role
        ending = offboarding.of(member_id) if old_role == "admin" and role == "member" else None
        if role is not None:
            _set_role(member, table.checked_role(role))
        if workspace_access is not None:
            _grant(member, workspace_access)
        db.session.flush()
    after = queries.one(member_id)
    stopped = {STOPPED: endings.names(ending)} if ending else {}
    describe("member", member_id, before["name"], before=facts(before), after=facts(after) | stopped)
    if member.role != old_role:
        notifications.role_changed(after, after["role"], endings.sentences(ending, is_removed=False) if ending else "")
    return after


@action("members.remove", is_alone=True)
def remove(member_id: UUID, adopted: tuple[CreatedToken, ...] = ()) -> None:
    """Remove somebody else, with everything that hangs on the membership but `adopted`; the person's account stays.

    Raises `Missing`, and `Refused` for oneself (that is `leave`) and for the last admin.
    """
    before = queries.one(member_id)
    if member_id == principal.current().member_id:
        raise Refused("You cannot remove yourself. Use “Leave organization” instead.")
    with membership_change(name=before["name"], by=-1):
        member = _load(member_id)
        if member.role == "admin":
            principal.demand_fresh()
        people.rights_changed(member.person_id)
        ending = offboarding.of(member_id)
        notifications.membership_changed(
            member,
            f"{_me()} removed {before['name']} ({before['email']}) from {{organization}}."
            + endings.sentences(ending, is_removed=True, adopted=adopted),
            to_member=notifications.removed_in_words(),
        )
        unfinished.forget(Upload.by_member_id == member_id)
        db.session.delete(member)
    after = {STOPPED: endings.names(ending, adopted)}
    describe("member", member_id, before["name"], before=facts(before), after=after)


@action("members.leave", is_alone=True)
def leave(successor_id: UUID | None = None) -> None:
    """Leave the organization; the successor, when an admin names one, becomes an admin in the same transaction.

    Raises `Refused` when the last admin names nobody, `Invalid` for a successor who is not a member here.
    """
    member_id = principal.current().member_id
    if member_id is None:
        raise Refused("Only a person or a person's token can leave an organization.")
    before = queries.one(member_id)
    successor: MemberRow | None = None
    # Naming a successor makes an admin: else any member could make an accomplice one on the way out.
    if successor_id is not None:
        principal.demand("members.edit")
        principal.demand_fresh()
    with membership_change(name="You", by=-1):
        if successor_id is not None:
            successor = _promote(successor_id, member_id)
        elif is_last_admin(before):
            raise Refused(
                "You are the only admin here. Choose who takes over as admin, invite an admin first, "
                "or delete the organization."
            )
        member = _load(member_id)
        people.rights_changed(member.person_id)
        ending = offboarding.of(member_id)
        notifications.membership_changed(
            member,
            f"{before['name']} ({before['email']}) left {{organization}}."
            + _handed_over(successor)
            + endings.sentences(ending, is_removed=True),
            to_member="You left {organization}. Your account stays." + _handed_over(successor),
        )
        unfinished.forget(Upload.by_member_id == member_id)
        db.session.delete(member)
    after = {STOPPED: endings.names(ending)} | ({"successor": successor["name"]} if successor else {})
    describe("member", member_id, before["name"], before=facts(before), after=after)


@action("members.leave", changes=False)
def successors(query: str = "") -> Successors:
    """Who could take over, the first few and how many in all, and whether somebody must: for the leave page."""
    me = principal.current().member_id
    own = queries.one(me) if me else None
    if not principal.may("members.edit"):
        return {"is_required": False, "people": [], "total": 0}
    return {
        "is_required": own is not None and is_last_admin(own),
        "people": _page(query, role="member", status="active", limit=SUCCESSORS).rows,
        "total": queries.numbered(1, 1, query=query, role="member", status="active")[1],
    }


def _page(query: str, **filters: Unpack[Filters]) -> queries.Page:
    return name_search.page(query=query, **filters) if query.strip() else queries.keyset(**filters)


def is_last_admin(member: MemberRow) -> bool:
    """Whether this member is the only admin: for saying so before a form is sent."""
    lasts = member["suspended_at"] is None and member["ends_at"] is None
    return member["role"] == "admin" and lasts and admin_count() == 1


def add_founder(person: Person) -> Member:
    """Add the founder of the organization in scope as its first admin. Not a verb: `organizations.domain` calls it."""
    return _add(person.id, "admin", "all")


def join(person_id: UUID, role: Role, workspace_access: Workspaces) -> Member:
    """Add a person who accepted an invite. Not a verb: `acceptance` calls it inside its membership change."""
    return _add(person_id, role, workspace_access)


def is_member(person_id: UUID) -> bool:
    return db.session.scalar(sa.select(Member.id).where(Member.person_id == person_id)) is not None


def without_second_factor(most: int = 20) -> tuple[int, list[str]]:
    """How many members have no second factor, and the names of some: whom requiring one would stop."""
    unprotected = sa.select(Person.name).join(Member, Member.person_id == Person.id)
    unprotected = unprotected.where(Person.second_factor_at.is_(None))
    total = db.session.scalar(unprotected.with_only_columns(sa.func.count(Member.id))) or 0
    return total, list(db.session.scalars(unprotected.order_by(Person.name_folded).limit(most)))


def admin_names(most: int = 5) -> list[str]:
    """Names of the admins, earliest first: who can grant what somebody lacks."""
    rows = sa.select(Person.name).join(Member, Member.person_id == Person.id).where(IS_ACTIVE_ADMIN)
    return list(db.session.scalars(rows.order_by(Member.joined_at).limit(most)))


def checked_workspaces(workspace_access: Workspaces, field: str = "workspaces") -> list[UUID]:
    """The ids, each checked to be a workspace of this organization. Raises `Invalid`."""
    if workspace_access == "all":
        return []
    unknown = set(workspace_access) - workspaces.ids()
    if unknown:
        raise Invalid(field, f"There is no workspace {sorted(map(str, unknown))[0]} in this organization.")
    return list(dict.fromkeys(workspace_access))


def _load(member_id: UUID) -> Member:
    member = db.session.scalar(_ONE, {"member_id": member_id}, execution_options={"populate_existing": True})
    if member is None:
        raise Missing("There is no such member here.")
    return member


def _add(person_id: UUID, role: Role, workspace_access: Workspaces) -> Member:
    member = Member(person_id=person_id, role=role)
    db.session.add(member)
    db.session.flush()
    _grant(member, workspace_access)
    return member


def _grant(member: Member, workspace_access: Workspaces) -> None:
    workspace_ids = checked_workspaces(workspace_access)
    member.all_workspaces = workspace_access == "all"
    if workspace_access == "all":
        return  # the list is kept: it takes effect again when somebody chooses "these"
    db.session.execute(sa.delete(MemberWorkspace).where(MemberWorkspace.member_id == member.id))
    db.session.add_all(MemberWorkspace(member_id=member.id, to_workspace_id=each) for each in workspace_ids)


def _set_role(member: Member, role: Role) -> None:
    """Set a role; the person's proof of who they are counts for the new one only when given again."""
    if member.role != role:
        principal.demand_fresh()
        member.role = role
        people.rights_changed(member.person_id)


def _promote(successor_id: UUID, leaver_id: UUID) -> MemberRow:
    if successor_id == leaver_id:
        raise Invalid("successorId", "Choose somebody else to take over.")
    try:
        member = _load(successor_id)
    except Missing:
        raise Invalid("successorId", "Choose a member of this organization.") from None
    successor = queries.one(successor_id)
    if member.suspended_at is not None or member.ends_at is not None:
        why = "is suspended" if member.suspended_at else "has access until a day only"
        raise Invalid("successorId", f"{successor['name']} {why}. Change that first, or choose somebody else.")
    if member.role != "admin":
        _set_role(member, "admin")
        db.session.flush()
        notifications.role_changed(successor, "admin")
    return successor


def _handed_over(successor: MemberRow | None) -> str:
    return f" {successor['name']} took over as admin." if successor else ""


def facts(member: MemberRow) -> dict[str, Any]:
    """What a row of the audit log says of a member."""
    granted = "all" if member["workspaces"] == "all" else [w["name"] for w in member["workspaces"]]
    end = end_facts(member["ends_on"], member["ends_at"]) if member["ends_on"] else {}
    return {"role": member["role"], "workspaces": granted, "email": member["email"], **end}


def end_facts(day: date | None, at: datetime | None) -> dict[str, str | None]:
    """The same of an end: its day, and the moment that it meant then."""
    return {"ends_on": day.isoformat() if day else None, "ends_at": at.isoformat() if at else None}


def change(before: MemberRow, after: dict[str, Any]) -> Change:
    """One of several members who were changed at once, for the audit log."""
    return Change("member", str(before["id"]), before["name"], facts(before), after)


def _me() -> str:
    return principal.current().shown_name
