"""Many members changed at once: one transaction, one check that an admin remains, an audit row and a result for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import principal, table
from fastpix.access.action import action, describe_each
from fastpix.access.table import Role
from fastpix.db import db
from fastpix.errors import Invalid, Refused
from fastpix.resources.media.uploads.models import Upload
from fastpix.resources.members import domain as members
from fastpix.resources.members import notifications
from fastpix.resources.members.bulk import queries
from fastpix.resources.members.bulk.models import Outcome
from fastpix.resources.members.domain import Workspaces
from fastpix.resources.members.invariant import membership_change
from fastpix.resources.members.models import Member, MemberRow, MemberWorkspace
from fastpix.resources.members.offboarding import presentation as endings
from fastpix.resources.members.offboarding import queries as offboarding
from fastpix.resources.members.offboarding.domain import STOPPED
from fastpix.resources.members.offboarding.models import EndingNames
from fastpix.resources.people import domain as people
from fastpix.resources.workspaces import unfinished

MOST = queries.MOST
NO_ADMIN_LEFT = (
    "Then no admin would be left, and an organization always keeps one. Leave one admin out of it, or make somebody else "
    "an admin first."
)
NOBODY = "Nobody was chosen who is still a member here. Tick some people first."
GONE = "There is no such member here."
HAS_IT = "They have this already."
YOURSELF = "You cannot remove yourself here. Use “Leave organization”."
_UNSYNCHRONIZED = {"synchronize_session": False}


@action("members.edit", is_alone=True)
def edit(
    member_ids: Iterable[UUID], role: Role | None = None, workspace_access: Workspaces | None = None
) -> list[Outcome]:
    """Set role and workspaces of many; what is None stays. Who has both already is skipped.

    Raises `Invalid`, and `Refused` where nobody would be changed or no admin would remain: then nothing is changed.
    """
    wanted_role = None if role is None else table.checked_role(role)
    ids, before = looked_up(member_ids)
    granted = None if workspace_access is None else members.checked_workspaces(workspace_access)
    changing = [row for row in before if not _has(row, wanted_role, workspace_access, granted)]
    if not changing:
        raise Refused(f"{HAS_IT} Nothing was changed.")
    with membership_change(refusal=NO_ADMIN_LEFT):
        of_role = [row for row in changing if wanted_role is not None and row["role"] != wanted_role]
        ended = endings_of([row for row in of_role if row["role"] == "admin"])
        if wanted_role is not None and of_role:
            principal.demand_fresh()
            _set_role(of_role, wanted_role)
        if workspace_access is not None:
            _grant(changing, workspace_access, granted or [])
    after = {row["id"]: row for row in queries.chosen(row["id"] for row in changing)}
    describe_each(members.change(row, members.facts(after[row["id"]]) | ended.get(row["id"], {})) for row in changing)
    if wanted_role is not None and of_role:
        notifications.roles_changed(of_role, wanted_role)
    return outcomes(ids, before, changing, reason=HAS_IT)


@action("members.remove", is_alone=True)
def remove(member_ids: Iterable[UUID]) -> list[Outcome]:
    """Remove many, with everything that hangs on each membership; oneself is skipped.

    Raises `Invalid`, and `Refused` where nobody would be removed or no admin would remain: then nobody is.
    """
    ids, before = looked_up(member_ids)
    leaving = [row for row in before if not row["is_me"]]
    if not leaving:
        raise Refused(YOURSELF)
    with membership_change(refusal=NO_ADMIN_LEFT, by=-len(leaving)):
        if any(row["role"] == "admin" for row in leaving):
            principal.demand_fresh()
        ended = endings_of(leaving)
        people.rights_changed(*(row["person_id"] for row in leaving))
        notifications.removed(leaving)
        ids_of_leaving = [row["id"] for row in leaving]
        unfinished.forget(Upload.by_member_id.in_(ids_of_leaving))
        gone = sa.delete(Member).where(Member.id.in_(ids_of_leaving))
        db.session.execute(gone.execution_options(**_UNSYNCHRONIZED))
    describe_each(members.change(row, dict(ended[row["id"]])) for row in leaving)
    return outcomes(ids, before, leaving, reason=YOURSELF)


@action("members.edit", changes=False)
def chosen(member_ids: Iterable[UUID]) -> list[MemberRow]:
    """The members of these ids by name, for the page that asks what to do with them; at most `MOST`."""
    return queries.chosen(member_ids)


@action("members.edit", changes=False)
def matching(query: str = "", role: str = "", status: str = "", only: str = "") -> list[MemberRow]:
    """All members whom the list's filter finds, for the same page; at most `MOST`."""
    return queries.matching(query, role, status, only)


@action("members.view")
def everyone(query: str = "", role: str = "", status: str = "", only: str = "") -> Iterator[MemberRow]:
    """All members whom the list's filter finds, newest first, for a file."""
    return queries.everyone(query, role, status, only)


def looked_up(member_ids: Iterable[UUID]) -> tuple[list[UUID], list[MemberRow]]:
    """The ids, each once, and the members they name. Not a verb: verbs about many call it.

    Raises `Invalid` for too many, and `Refused` for nobody.
    """
    ids = list(dict.fromkeys(member_ids))
    if len(ids) > MOST:
        raise Invalid("memberIds", f"At most {MOST:,} people at once.")
    found = queries.chosen(ids)
    if not found:
        raise Refused(NOBODY)
    return ids, found


def _has(row: MemberRow, role: Role | None, access: Workspaces | None, granted: list[UUID] | None) -> bool:
    """Whether nothing of this member would change."""
    if role is not None and row["role"] != role:
        return False
    if access is None or granted is None:
        return True
    has = row["workspaces"]
    return has == "all" if access == "all" else has != "all" and {each["id"] for each in has} == set(granted)


def _set_role(rows: list[MemberRow], role: Role) -> None:
    changed = sa.update(Member).where(Member.id.in_([row["id"] for row in rows])).values(role=role)
    db.session.execute(changed.execution_options(**_UNSYNCHRONIZED))
    people.rights_changed(*(row["person_id"] for row in rows))


def _grant(rows: list[MemberRow], access: Workspaces, granted: list[UUID]) -> None:
    ids = [row["id"] for row in rows]
    changed = sa.update(Member).where(Member.id.in_(ids)).values(all_workspaces=access == "all")
    db.session.execute(changed.execution_options(**_UNSYNCHRONIZED))
    if access == "all":
        return  # the lists are kept, as for one member
    gone = sa.delete(MemberWorkspace).where(MemberWorkspace.member_id.in_(ids))
    db.session.execute(gone.execution_options(**_UNSYNCHRONIZED))
    db.session.add_all(MemberWorkspace(member_id=one, to_workspace_id=each) for one in ids for each in granted)
    db.session.flush()


def endings_of(rows: list[MemberRow]) -> dict[UUID, dict[str, EndingNames]]:
    """What ends with the role or the membership, for the audit rows. Only those on whom something hangs are looked up."""
    some = queries.with_something([row["id"] for row in rows]) if rows else set()
    nothing: EndingNames = {"tokens": [], "adopted": [], "invitations": [], "signing_keys": [], "uploads": 0}
    return {
        row["id"]: {STOPPED: endings.names(offboarding.of(row["id"])) if row["id"] in some else nothing} for row in rows
    }


def outcomes(
    ids: list[UUID], before: list[MemberRow], changed: list[MemberRow], *, reason: str, own_reason: str = ""
) -> list[Outcome]:
    """One for each id that was given, in that order; `reason` is why some members were left out, `own_reason` why oneself
    was, where that is another one."""
    known, done = {row["id"]: row for row in before}, {row["id"] for row in changed}

    def of(member_id: UUID) -> Outcome:
        row = known.get(member_id)
        if row is None:
            return Outcome(id=member_id, name="", result="skipped", reason=GONE)
        if member_id in done:
            return Outcome(id=member_id, name=row["name"], result="changed", reason="")
        why = (own_reason or reason) if row["is_me"] else reason
        return Outcome(id=member_id, name=row["name"], result="skipped", reason=why)

    return [of(each) for each in ids]
