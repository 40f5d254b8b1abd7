"""Many members at once in the dashboard: ticked in the list, or all whom its filter finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import request, url_for

from fastpix.access.table import Role
from fastpix.resources.members import presentation as members_presentation
from fastpix.resources.members import views as members_views
from fastpix.resources.members.bulk import domain, presentation
from fastpix.resources.members.bulk.domain import MOST
from fastpix.resources.members.bulk.forms import ChosenForm
from fastpix.resources.workspaces import domain as workspaces
from fastpix.text.counting import counted
from fastpix.web.forms import EmptyForm, as_uuids
from fastpix.web.pages import Pages, attachment, go, show

if TYPE_CHECKING:
    from fastpix.resources.members.bulk.models import Outcome
    from fastpix.resources.members.domain import Workspaces
    from fastpix.resources.members.models import MemberRow

# In the address: one came from a person's page, and goes back there.
FROM_PERSON = "person"
# A change that is undone by a button is kept in a cookie, which holds 4 kB.
UNDOABLE = 50

pages = Pages("members_bulk", __name__, "/members/chosen")


@pages.page(domain.edit, "GET POST", "/edit")
def edit() -> Any:
    """Role and workspaces of the chosen; what is not chosen stays."""
    rows, form = chosen(), ChosenForm()
    form.offer(workspaces.choices())
    if form.is_sent():
        with form.catching():
            outcomes = domain.edit([row["id"] for row in rows], form.new_role, form.new_access)
            return back(_told(outcomes, form.new_role, form.new_access), rows, undo=_undo(rows, outcomes, form))
    return show("members_bulk/edit.html", form=form, **shown(rows))


@pages.page(domain.remove, "GET POST", "/remove")
def remove() -> Any:
    """Removing the chosen, but for oneself."""
    rows, form = chosen(), EmptyForm()
    if form.is_sent():
        with form.catching():
            outcomes = domain.remove([row["id"] for row in rows])
            removed = sum(each["result"] == "changed" for each in outcomes)
            return back(f"{counted(removed, 'person was', 'people were')} removed.", rows)
    return show("members_bulk/remove.html", form=form, **shown(rows))


@pages.page(domain.everyone, "GET", "/people.csv")
def export() -> Any:
    """The people whom the list's filter finds, as a file for spreadsheets."""
    rows = domain.everyone(*_filter())
    return presentation.as_csv(rows), {**attachment("members", "csv"), "Content-Type": "text/csv; charset=utf-8"}


def chosen() -> list[MemberRow]:
    """The ticked ones; or, where that box is ticked, all whom the filter of the list finds."""
    if request.method == "GET" and request.args.get("all"):
        return domain.matching(*_filter())
    sent = request.form if request.method == "POST" else request.args
    return domain.chosen(as_uuids(sent.getlist("member")[:MOST]))


def _filter() -> tuple[str, str, str, str]:
    """Words, role, access and the further filter of the list."""
    role, status, only = (request.args.get(name, "") for name in ("role", "status", "only"))
    return request.args.get("q", "")[:254], role, status, only


def shown(rows: list[MemberRow]) -> dict[str, Any]:
    """What the pages of all changes show of the chosen; `list_url` is where one came from."""
    person = _person(rows)
    came_from = url_for("members.detail", member_id=person) if person else members_views.list_url()
    return {"members": rows, "is_most": len(rows) == MOST, "most": MOST, "list_url": came_from}


def back(message: str, rows: list[MemberRow], undo: dict[str, Any] | None = None) -> Any:
    """Where one came from, with what happened and, where it can be, a button that undoes it."""
    if person := _person(rows):
        return go("members.detail", message, undo=undo, member_id=person, back=list_place())
    return go("members.index", message, undo=undo, **members_views.list_one_came_from())


def list_place() -> str | None:
    """The list that the page before had come from, for addresses that lead on."""
    return request.values.get("back", "")[: members_views.MOST_BACK] or None


def _person(rows: list[MemberRow]) -> UUID | None:
    """The one person from whose page one came."""
    return rows[0]["id"] if len(rows) == 1 and FROM_PERSON in request.args else None


def _told(outcomes: list[Outcome], role: Role | None, access: Workspaces | None) -> str:
    """What all who were changed have now."""
    changed = [each["name"] for each in outcomes if each["result"] == "changed"]
    who = changed[0] if len(changed) == 1 else counted(len(changed), "person", "people")
    verb = "is" if len(changed) == 1 else "are"
    reach = "all workspaces" if access == "all" else counted(len(access or ()), "workspace", "workspaces")
    reach = reach if access else "no workspace"
    if role is None:
        return f"{who} {'has' if len(changed) == 1 else 'have'} access to {reach} now."
    kind = ("an admin" if role == "admin" else "a member") if len(changed) == 1 else f"{role}s"
    return f"{who} {verb} now {kind}{'' if access is None else f', with access to {reach}'}."


def _undo(rows: list[MemberRow], outcomes: list[Outcome], form: ChosenForm) -> dict[str, Any] | None:
    """The form that sets the roles back; of workspaces each had others, and a cookie holds the ids of few."""
    changed = {each["id"] for each in outcomes if each["result"] == "changed"}
    old = {row["role"] for row in rows if row["id"] in changed}
    # Who is an admin no more may set nothing back.
    is_mine = any(row["is_me"] for row in rows if row["id"] in changed)
    if form.new_role is None or form.new_access is not None or len(old) != 1 or len(changed) > UNDOABLE or is_mine:
        return None
    return members_presentation.undo(url_for(".edit", back=list_place()), sorted(changed), old.pop())
