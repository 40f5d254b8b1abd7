"""Members in the dashboard: the list, editing access, removing, leaving."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID

from flask import g, redirect, request, url_for

from fastpix.access import principal, table
from fastpix.errors import Invalid, Refused
from fastpix.mail import outbox
from fastpix.resources.members import domain, ordering, presentation
from fastpix.resources.members.forms import AccessForm, LeaveForm, RemoveForm
from fastpix.resources.members.invitations import domain as invitations
from fastpix.resources.members.offboarding import domain as offboarding
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web import list_pages
from fastpix.web.menu import Entry
from fastpix.web.pages import Pages, go, show, turn_back

if TYPE_CHECKING:
    from fastpix.resources.members.models import MemberRow
    from fastpix.resources.members.offboarding.models import Ending

# What the address of the list may hold.
LIST = ("q", "role", "status", "only", "sort", "rows", "page", "after", "before")
MOST_BACK = 300
STATUS_NAMES = {"active": "Not suspended", "suspended": "Suspended", "ending": "Until a day"}
SORT_NAMES = {"": "Newest first", "name": "By name", "role": "Admins first", "seen": "Seen last first"}
ONLY_NAMES = {"never": "Never seen", "unprotected": "Without second factor"}
SIZES = (25, 50, 100)

pages = Pages(
    "members",
    __name__,
    "/members",
    menu=(Entry("Members", "members.index", "users", "members.view", "People", "team people users colleagues"),),
)


@pages.page(domain.page, "GET", "/")
def index() -> Any:
    """People, searched, filtered and ordered by the query string, and the number of pending invites."""
    query, role = request.args.get("q", "")[:254], request.args.get("role", "")
    may_be_sorted, sort, only = ordering.may_be_sorted(), "", ""
    if may_be_sorted:
        sort, only = request.args.get("sort", ""), ordering.allowed(request.args.get("only", ""))
    sort = sort if sort in ordering.SORTS else ""
    size = request.args.get("rows", SIZES[0], type=int)
    size = size if size in SIZES else SIZES[0]
    status = request.args.get("status", "") if request.args.get("status") in STATUS_NAMES else ""
    filters: dict[str, Any] = {"q": query, "role": role, "status": status, "only": only}
    shown = {"sort": sort or None, "rows": size if size != SIZES[0] else None}
    may = principal.may_each("members", "invite", "edit", "remove", "suspend")
    return show(
        "members/index.html",
        **(_by_number(filters, shown, size) if sort or only else _by_place(filters, shown, size)),
        filters=filters,
        sort=sort,
        heads=_heads(filters, shown, sort) if may_be_sorted else {},
        only_names={value: name for value, name in ONLY_NAMES.items() if may_be_sorted and ordering.allowed(value)},
        size=size,
        sizes=[(each, url_for(".index", **_given(filters | shown | {"rows": each}))) for each in SIZES],
        sort_name=SORT_NAMES[sort].lower() if sort or not query else "by name",
        chips=list_pages.chips(
            {
                "q": (query, f"“{query}”"),
                "role": (role, f"{role.capitalize()}s"),
                "status": (status, STATUS_NAMES.get(status, "")),
                "only": (only, ONLY_NAMES.get(only, "")),
            },
            **shown,
        ),
        waiting=invitations.count_open(),
        here=url_for(".index"),  # rows build their links on it: 50 calls of url_for cost a millisecond
        back=f"?{urlencode({'back': here_again})}" if (here_again := list_pages.here_again(LIST)) else "",
        here_again=here_again,
        may=may,
        statuses=STATUS_NAMES,
        sentences=table.ROLE_SENTENCES,
    )


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def _heads(filters: dict[str, Any], shown: dict[str, Any], sort: str) -> dict[str, dict[str, Any]]:
    """The heads of columns that the list is put in order by: {label: {label, url, current}}."""
    of_column = {"Name": "name", "Role": "role", "Last seen": "seen", "Joined": ""}
    return {
        label: {
            "label": label,
            "url": url_for(".index", **_given(filters | shown | {"sort": value})),
            "current": value == sort,
        }
        for label, value in of_column.items()
    }


def _by_place(filters: dict[str, Any], shown: dict[str, Any], size: int) -> dict[str, Any]:
    """Those who joined last first, or by how they fit the search; the pages beside it begin where this one ends."""
    after, before = request.args.get("after", ""), request.args.get("before", "")
    narrowed = {"role": filters["role"], "status": filters["status"]}
    page = domain.page(filters["q"], **narrowed, after=after, before=before, limit=size)
    there = _given(filters | shown)
    return {
        "members": page.rows,
        "total": page.total,
        "newer_url": page.newer and url_for(".index", before=page.newer, **there),
        "older_url": page.older and url_for(".index", after=page.older, **there),
    }


def _by_number(filters: dict[str, Any], shown: dict[str, Any], size: int) -> dict[str, Any]:
    """In the chosen order; by name the letters lead to the pages they begin on."""
    narrowed = {name: filters[name] for name in ("role", "status", "only")}
    page = domain.ordered(shown["sort"] or "", list_pages.number(), size, query=filters["q"], **narrowed)

    def at(number: int) -> str:
        return url_for(".index", **_given(filters | shown), page=number)

    return {
        "members": page.rows,
        "total": page.total,
        "newer_url": at(page.number - 1) if page.number > 1 else None,
        "older_url": at(page.number + 1) if page.number < page.pages else None,
        "number": page.number,
        "pages": [(number, at(number)) for number in list_pages.near(page.number, page.pages)],
        "letters": [(letter, f"{at(number)}#{_mark(letter)}") for letter, number in page.letters if page.pages > 1],
        "marks": {member_id: _mark(letter) for member_id, letter in page.marks.items()},
    }


@pages.page(domain.edit, "POST", "/<uuid:member_id>/role")
def set_role(member_id: UUID) -> Any:
    """The menu in a row of the list, which says there what the role gives and takes."""
    before = domain.get(member_id)
    ending = offboarding.preview(member_id) if before["role"] == "admin" else None
    try:
        after = domain.edit(member_id, table.checked_role(request.form.get("role", "")))
    except Refused as problem:  # there is no form that could come back
        return turn_back(problem, ".index", **list_one_came_from())
    return _changed(before, after, ending)


@pages.page(domain.edit, "GET POST", "/<uuid:member_id>/edit")
def edit(member_id: UUID) -> Any:
    member = domain.get(member_id)
    form = AccessForm()
    form.offer(workspaces.choices())
    form.fill(member["role"], presentation.workspace_access(member["workspaces"]))
    ending = offboarding.preview(member_id) if member["role"] == "admin" else None
    if form.is_sent():
        with form.catching():
            return _changed(member, domain.edit(member_id, form.role.data, form.workspace_access), ending)
    gains, losses = table.gains_and_losses(member["role"], _other(member["role"]), principal.current().switches)
    return show(
        "members/edit.html",
        form=form,
        member=member,
        other_role=_other(member["role"]),
        gains=gains,
        losses=losses,
        ending=ending,
        is_last_admin=domain.is_last_admin(member),
        list_url=list_url(),
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
            tokens = offboarding.adopt(member_id, form.adopt.data or [])
            domain.remove(member_id, tuple(tokens))
            if tokens:  # their new secrets are shown now and never again
                return show("members/adopted.html", status=200, member=member, tokens=tokens)
            return go(".receipt", member_id=member_id, back=request.args.get("back"))
    is_last_admin = domain.is_last_admin(member)
    facts: dict[str, Any] = {"member": member, "ending": ending, "is_last_admin": is_last_admin}
    return show("members/remove.html", form=form, list_url=list_url(), **facts)


@pages.page(offboarding.receipt, "GET", "/<uuid:member_id>/receipt")
def receipt(member_id: UUID) -> Any:
    """What ended with a membership or an admin's role; it may be opened again as long as the audit log is kept."""
    receipt = offboarding.receipt(member_id)
    return show("members/receipt.html", receipt=receipt, mail_is_set_up=outbox.is_configured(), list_url=list_url())


@pages.page(domain.leave, "GET POST", "/leave")
def leave() -> Any:
    successors = domain.successors(request.args.get("q", "")[:254])
    form = LeaveForm()
    nobody = {} if successors["is_required"] else {"": "Nobody: the admins here go on"}
    form.successor.choices = nobody | {
        str(m["id"]): f"{m['name']} ({m['email']}{'' if m['last_seen_at'] else ', never seen here'})"
        for m in successors["people"]
    }
    form.successor.validate_choice = False
    if form.is_sent():
        with form.catching():
            domain.leave(_successor(form.successor.data))
            g.pop("membership", None)
            return go("accounts.home", "You left the organization.")
    if request.method == "GET" and nobody:
        form.successor.data = ""
    return show(
        "members/leave.html",
        form=form,
        is_required=successors["is_required"],
        people=successors["people"],
        total=successors["total"],
        query=request.args.get("q", ""),
        ending=offboarding.preview_of_mine(),
        may_hand_over=principal.may("members.edit"),
        may_invite=principal.may("members.invite"),
        may_delete=principal.may("organizations.delete"),
    )


def _mark(letter: str) -> str:
    """The id of the first person whose name begins so."""
    return f"at-{'other' if letter == ordering.OTHERS else letter}"


def _changed(before: MemberRow, after: MemberRow, ending: Ending | None) -> Any:
    """Back to the list, or to the receipt where something did stop."""
    message = f"{after['name']} is now {presentation.access(after['role'], after['workspaces'])}."
    undo = _undo(before, after)
    if ending and after["role"] == "member" and any(ending.values()):
        return go(".receipt", message, undo=undo, member_id=after["id"], back=request.values.get("back"))
    return go(".index", message, undo=undo, **list_one_came_from())


def _undo(before: MemberRow, after: MemberRow) -> dict[str, Any] | None:
    """The button that sets the role back, where nothing else was changed."""
    if before["role"] == after["role"] or before["workspaces"] != after["workspaces"] or after["is_me"]:
        return None
    url = url_for("members_bulk.edit", back=request.values.get("back", "")[:MOST_BACK] or None)
    return presentation.undo(url, [before["id"]], before["role"])


def list_one_came_from() -> dict[str, Any]:
    """The filter and the place of the list, for `url_for`."""
    return list_pages.came_from(LIST)


def list_url() -> str:
    """The address of the list as one left it."""
    return url_for("members.index", **list_one_came_from())


def _successor(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Invalid("successorId", "Choose one of the people shown.") from None


def _other(role: table.Role) -> table.Role:
    return "member" if role == "admin" else "admin"
