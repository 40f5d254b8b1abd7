"""The page of a person in the organization: what they may do here, what hangs on them, and what they did last."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request, url_for

from fastpix.access import principal, table
from fastpix.accounts import member_sessions
from fastpix.resources.audit import domain as audit
from fastpix.resources.audit import presentation as audit_rows
from fastpix.resources.audit.queries import Filter
from fastpix.resources.members import domain
from fastpix.resources.members.offboarding import domain as offboarding
from fastpix.resources.members.until import domain as until
from fastpix.resources.members.views import list_url
from fastpix.resources.members.views import pages as members
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web.pages import show

LATEST = 8


@members.page(domain.get, "GET", "/<uuid:member_id>")
def detail(member_id: UUID) -> Any:
    """For everybody who may see people; tokens, keys and the log for those who may see these."""
    member = domain.get(member_id)
    can = table.permissions_of(member["role"], principal.current().switches)
    may = principal.may_each("members", "edit", "remove", "suspend", "end_sessions")
    return show(
        "overview/person.html",
        member=member,
        sentence=table.ROLE_SENTENCES[member["role"]],
        abilities=[row.does for row in table.PERMISSIONS if row.key in can],
        end=until.last_day(member),
        holds=offboarding.preview(member_id) if may["remove"] else None,
        done=_log(Filter(actor=str(member["person_id"]))),
        happened=_log(Filter(thing=str(member_id))),
        log_url=url_for("audit.index"),
        list_url=list_url(),
        sessions=member_sessions.shown(member_id) if may["end_sessions"] and not member["is_me"] else None,
        list_place=request.args.get("back"),
        is_last_admin=domain.is_last_admin(member),
        may=may,
    )


def _log(filter_by: Filter) -> list[audit_rows.ShownEntry]:
    """The last rows of the audit log, for those who may read it."""
    if not principal.may("audit.view"):
        return []
    names = workspaces.choices()
    return [audit_rows.shown(row, names) for row in audit.listed(filter_by, 1, LATEST)[0]]
