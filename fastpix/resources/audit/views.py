"""The audit log in the dashboard: a list with its filter in the address, and the filter's rows as a file."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, request, stream_with_context, url_for

from fastpix.resources.audit import domain, presentation
from fastpix.resources.audit.queries import Filter, Page
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web import list_pages
from fastpix.web.forms import EmptyForm
from fastpix.web.menu import Entry
from fastpix.web.pages import Pages, attachment, show

pages = Pages(
    "audit",
    __name__,
    "/audit",
    menu=(Entry("Audit log", "audit.index", "history", "audit.view", "Oversight", "log history events who did"),),
)
FORMATS = {
    "csv": (presentation.as_csv, "text/csv; charset=utf-8"),
    "jsonl": (presentation.as_json_lines, "application/jsonl; charset=utf-8"),
}


@pages.page(domain.search, "GET", "/")
def index() -> Any:
    return _page(EmptyForm())


def _page(form: EmptyForm) -> Any:
    filter_by = _filter()
    older, newer = (request.args.get(name, None, type=_number) for name in ("older", "newer"))
    page = domain.search(filter_by, older=older, newer=newer)
    restrictions = {name: value for name, value in asdict(filter_by).items() if value}
    names = workspaces.choices()
    actors = dict(page.actors) | _further_actor(page, filter_by.actor)
    kinds = sorted({*presentation.kinds(), *(row["target_kind"] for row in page.rows if row["target_kind"])})
    return show(
        "audit/index.html",
        form=form,
        rows=[presentation.shown(row, names) for row in page.rows],
        page=page,
        filter_by=filter_by,
        chips=_chips(filter_by, page, actors, names),
        is_more_open=any(restrictions.keys() - {"actor", "action", "thing"}),
        actors=actors,
        choices={"actions": presentation.actions(), "results": presentation.RESULTS, "doors": presentation.DOORS},
        kinds=[(kind, kind.replace("_", " ").capitalize()) for kind in kinds],
        workspaces=names,
        newer_url=url_for(".index", newer=page.newer, **restrictions) if page.newer is not None else None,
        older_url=url_for(".index", older=page.older, **restrictions) if page.older is not None else None,
        files=[(name, url_for(".export", form=name, **restrictions)) for name in FORMATS],
    )


@pages.page(domain.export, "POST", "/export")
def export() -> Any:
    """A file of the filter in the address. A POST, since it leaves a row in the log and asks for a fresh proof."""
    form = EmptyForm()
    if not form.is_sent():
        return _page(form)
    name = request.args.get("form", "csv")
    name = name if name in FORMATS else "csv"
    write, kind = FORMATS[name]
    rows = domain.export(_filter())
    # Read after the request's transaction has ended: the row of this export is saved first.
    return Response(stream_with_context(write(rows)), headers=attachment("audit", name), content_type=kind)


def _further_actor(page: Page, actor: str) -> dict[str, str]:
    """Who is filtered by, where they are not among those offered."""
    return {actor: actor} if actor and actor not in dict(page.actors) else {}


def _chips(
    filter_by: Filter, page: Page, actors: dict[str, str], workspace_names: dict[str, str]
) -> list[dict[str, str]]:
    """The filter in words, each with the way out of it."""
    thing = (
        next((row["target_name"] for row in page.rows if row["target_id"] == filter_by.thing), "") or filter_by.thing
    )
    words = {
        "actor": f"By {actors.get(filter_by.actor, filter_by.actor)}",
        "action": presentation.actions().get(filter_by.action, filter_by.action),
        "thing": f"History of {thing}",
        "result": presentation.RESULTS.get(filter_by.result, filter_by.result),
        "door": presentation.DOORS.get(filter_by.door, filter_by.door),
        "kind": filter_by.kind.replace("_", " ").capitalize(),
        "workspace": f"In {workspace_names.get(str(filter_by.workspace), 'another workspace')}",
        "since": f"From {filter_by.since}",
        "until": f"Until {filter_by.until}",
    }
    return list_pages.chips({name: (getattr(filter_by, name), text) for name, text in words.items()})


def _filter() -> Filter:
    """The filter in the address; what makes no sense there restricts nothing."""
    text = {
        name: request.args.get(name, "").strip()[:64] for name in ("actor", "action", "result", "door", "kind", "thing")
    }
    clean = {name: value.replace("\0", "") for name, value in text.items()}
    workspace = request.args.get("workspace", None, type=UUID)
    days = {name: request.args.get(name, None, type=date.fromisoformat) for name in ("since", "until")}
    return Filter(**clean, workspace=workspace, since=days["since"], until=days["until"])


def _number(text: str) -> int:
    """A row's number; ValueError, which shows the first page, for what a database would not take."""
    number = int(text)
    if not 0 <= number < 2**62:
        raise ValueError(text)
    return number
