"""Suspending and resuming in the dashboard: one person from their page, or those who are ticked in the list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import url_for

from fastpix.resources.members import domain as members
from fastpix.resources.members import notifications
from fastpix.resources.members.bulk import views as bulk_views
from fastpix.resources.members.offboarding import domain as offboarding
from fastpix.resources.members.suspension import domain
from fastpix.text.counting import counted
from fastpix.web.forms import EmptyForm
from fastpix.web.pages import Pages, show

if TYPE_CHECKING:
    from fastpix.resources.members.bulk.models import Outcome
    from fastpix.resources.members.models import MemberRow

pages = Pages("members_suspension", __name__, "/members/chosen")


@pages.page(domain.suspend, "GET POST", "/suspend")
def suspend() -> Any:
    """What stops, and what stays."""
    rows, form = bulk_views.chosen(), EmptyForm()
    if form.is_sent():
        with form.catching():
            return _done(rows, domain.suspend([row["id"] for row in rows]), "suspended", undone_by=".resume")
    return show("members_suspension/suspend.html", form=form, **_shown(rows, is_suspended=False))


@pages.page(domain.resume, "GET POST", "/resume")
def resume() -> Any:
    """What comes back."""
    rows, form = bulk_views.chosen(), EmptyForm()
    if form.is_sent():
        with form.catching():
            return _done(rows, domain.resume([row["id"] for row in rows]), "resumed")
    return show("members_suspension/resume.html", form=form, **_shown(rows, is_suspended=True))


def _shown(rows: list[MemberRow], *, is_suspended: bool) -> dict[str, Any]:
    """Those of the chosen whom it would change; of one alone also what hangs on them."""
    changing = [
        row for row in rows if (row["suspended_at"] is not None) == is_suspended and (is_suspended or not row["is_me"])
    ]
    one = changing[0] if len(changing) == 1 else None
    return {
        **bulk_views.shown(changing),
        "is_last_admin": one is not None and members.is_last_admin(one),
        "left_out": len(rows) - len(changing),
        "shut_out": notifications.shut_out_in_words(changing, is_resumed=True).strip(),
        "ending": offboarding.preview(one["id"]) if one else None,
    }


def _done(rows: list[MemberRow], outcomes: list[Outcome], what: str, undone_by: str = "") -> Any:
    changed = [each for each in outcomes if each["result"] == "changed"]
    message = (
        f"{changed[0]['name']} is {what}."
        if len(changed) == 1
        else f"{counted(len(changed), 'person is', 'people are')} {what}."
    )
    done = {each["id"] for each in changed}
    message += notifications.shut_out_in_words([row for row in rows if row["id"] in done], is_resumed=True)
    undo = None
    if undone_by and len(changed) <= bulk_views.UNDOABLE:
        undo = {
            "url": url_for(undone_by, back=bulk_views.list_place()),
            "fields": [["member", str(each["id"])] for each in changed],
        }
    return bulk_views.back(message, rows, undo=undo)
