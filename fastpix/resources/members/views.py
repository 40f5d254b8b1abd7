"""Members in the dashboard: the list, editing access, removing, leaving."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, redirect, request, url_for

from fastpix.access import principal, table
from fastpix.errors import Invalid
from fastpix.resources.members import domain, invitations, offboarding
from fastpix.resources.members.forms import AccessForm, LeaveForm, RemoveForm
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web.menu import Entry
from fastpix.web.resource import Pages, go, show

pages = Pages("members", __name__, "/members", menu=(Entry("Members", "members.index", "users", "members.view"),))


@pages.page(domain.page, "GET", "/")
def index() -> Any:
    """People, searched and filtered by the query string, and the number of pending invites."""
    filters = {"query": request.args.get("q", "")[:254], "role": request.args.get("role", "")}
    found = domain.page(**filters, after=request.args.get("after", ""), before=request.args.get("before", ""))
    shown: dict[str, Any] = {"q": filters["query"], "role": filters["role"]}
    return show(
        "members/index.html",
        members=found.rows,
        total=found.total,
        newer_url=found.newer and url_for(".index", before=found.newer, **shown),
        older_url=found.older and url_for(".index", after=found.older, **shown),
        filters=shown,
        waiting=invitations.waiting(),
        here=url_for(".index"),  # rows build their links on it: 50 calls of url_for cost a millisecond
        may={key: principal.may(f"members.{key}") for key in ("invite", "edit", "remove")},
    )


@pages.page(domain.edit, "GET POST", "/<uuid:member_id>/edit")
def edit(member_id: UUID) -> Any:
    member = domain.get(member_id)
    form = AccessForm()
    form.offer(workspaces.choices())
    form.fill(member)
    if form.is_sent():
        with form.catching():
            after = domain.edit(member_id, form.role.data, form.workspace_access)
            said = f"{after['name']} is now {_article(after['role'])} with {_reach(after)}."
            if (member["role"], after["role"]) == ("admin", "member"):
                return go(".receipt", said, member_id=member_id)
            return go(".index", said)
    gains, losses = table.gains_and_losses(member["role"], _other(member["role"]), principal.current().switches)
    return show(
        "members/edit.html",
        form=form,
        member=member,
        other_role=_other(member["role"]),
        gains=gains,
        losses=losses,
        ending=offboarding.preview(member_id) if member["role"] == "admin" else None,
        is_last_admin=domain.is_last_admin(member),
    )


@pages.page(domain.remove, "GET POST", "/<uuid:member_id>/remove")
def remove(member_id: UUID) -> Any:
    member = domain.get(member_id)
    if member["is_me"]:
        return redirect(url_for(".leave"))
    ending = offboarding.preview(member_id)
    form = RemoveForm()
    form.offer(ending["tokens"])
    if form.is_sent():
        with form.catching():
            adopted = offboarding.adopt(member_id, form.adopt.data or [])
            domain.remove(member_id)
            if adopted:  # their new secrets are shown now and never again
                return show("members/adopted.html", status=200, member=member, tokens=adopted)
            return go(".receipt", member_id=member_id)
    is_last_admin = domain.is_last_admin(member)
    return show("members/remove.html", form=form, member=member, ending=ending, is_last_admin=is_last_admin)


@pages.page(offboarding.receipt, "GET", "/<uuid:member_id>/receipt")
def receipt(member_id: UUID) -> Any:
    """What ended with a membership or an admin's role; it may be opened again as long as the audit log is kept."""
    return show("members/receipt.html", receipt=offboarding.receipt(member_id))


@pages.page(domain.leave, "GET POST", "/leave")
def leave() -> Any:
    offered = domain.successors(request.args.get("q", "")[:254])
    form = LeaveForm()
    nobody = {} if offered["is_required"] else {"": "Nobody: the admins here go on"}
    form.successor.choices = nobody | {
        str(m["id"]): f"{m['name']} ({m['email']}, {m['role']})" for m in offered["people"]
    }
    form.successor.validate_choice = False
    if form.is_sent():
        with form.catching():
            domain.leave(_chosen(form.successor.data))
            g.pop("standing", None)
            return go("accounts.home", "You left the organization.")
    if request.method == "GET" and nobody:
        form.successor.data = ""
    return show(
        "members/leave.html",
        form=form,
        is_required=offered["is_required"],
        people=offered["people"],
        query=request.args.get("q", ""),
        ending=offboarding.preview_of_mine(),
        may_hand_over=principal.may("members.edit"),
        may_invite=principal.may("members.invite"),
        may_delete=principal.may("organizations.delete"),
    )


def _chosen(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Invalid("successorId", "Choose one of the people shown.") from None


def _other(role: table.Role) -> table.Role:
    return "member" if role == "admin" else "admin"


def _article(role: str) -> str:
    return "an admin" if role == "admin" else "a member"


def _reach(member: dict[str, Any]) -> str:
    if member["role"] == "admin" or member["workspaces"] == "all":
        return "access to all workspaces"
    count = len(member["workspaces"])
    return f"access to {count} workspace{'' if count == 1 else 's'}" if count else "access to no workspace"
