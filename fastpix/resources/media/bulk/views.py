"""Many media at once in the dashboard: those that were ticked in the library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import request, url_for

from fastpix.errors import Refused
from fastpix.resources.media.bulk import domain
from fastpix.resources.media.bulk.domain import MOST
from fastpix.resources.media.playback_ids.views import UNDO_LABELS, other
from fastpix.resources.media.views import LIST
from fastpix.text.counting import counted
from fastpix.web import list_pages
from fastpix.web.forms import as_uuids
from fastpix.web.pages import Pages, go, turn_back

if TYPE_CHECKING:
    from fastpix.resources.media.bulk.models import Outcome

# What undoes it is kept in a cookie, which holds 4 kB.
UNDOABLE, MOST_BACK = 50, 300

pages = Pages("media_bulk", __name__, "/media/chosen")


@pages.page(domain.set_privacy, "POST", "/public")
def make_public() -> Any:
    return _set_privacy("public")


@pages.page(domain.set_privacy, "POST", "/private")
def make_private() -> Any:
    return _set_privacy("private")


def _set_privacy(policy: str) -> Any:
    """The ticked ones public or private, which asks no question. The button that is pressed carries the CSRF token."""
    came_from = list_pages.came_from(LIST)
    try:
        outcomes = domain.set_privacy(as_uuids(request.form.getlist("media")[:MOST]), policy)
    except Refused as problem:  # there is no form that could come back: the ticks are in the list
        return turn_back(problem, "media.index", **came_from)
    return go("media.index", _told(outcomes, policy), undo=_undo(outcomes, policy), **came_from)


def _told(outcomes: list[Outcome], policy: str) -> str:
    changed = [each["name"] for each in outcomes if each["result"] == "changed"]
    others = len(outcomes) - len(changed)
    what = f"{changed[0]} is" if len(changed) == 1 else f"{len(changed)} media are"
    left = f" {counted(others, 'other was', 'others were')} left as {'it was' if others == 1 else 'they were'}."
    means = {
        "public": " Whoever has the address can watch.",
        "private": " Public addresses stop playing within seconds, for good.",
    }
    return f"{what} {policy} now.{means[policy]}{left if others else ''}"


def _undo(outcomes: list[Outcome], policy: str) -> dict[str, Any] | None:
    """The button that turns them back, where each had been just the other."""
    changed = [each for each in outcomes if each["result"] == "changed"]
    if len(changed) > UNDOABLE or any(each["before"] != other(policy) for each in changed):
        return None
    return {
        "url": url_for(f".make_{other(policy)}"),
        "fields": [["media", str(each["id"])] for each in changed]
        + [["back", request.form.get("back", "")[:MOST_BACK]]],
        "label": UNDO_LABELS[other(policy)],
    }
