"""The audit log in the dashboard: a list with its filter in the address, and the filter's rows as a file."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, request, stream_with_context, url_for

from fastpix.resources.audit import domain, presentation
from fastpix.resources.audit.search import Asked
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web.forms import EmptyForm
from fastpix.web.menu import Entry
from fastpix.web.resource import Pages, attachment, show

pages = Pages("audit", __name__, "/audit", menu=(Entry("Audit log", "audit.index", "history", "audit.view"),))
FORMATS = {
    "csv": (presentation.as_csv, "text/csv; charset=utf-8"),
    "jsonl": (presentation.as_json_lines, "application/jsonl; charset=utf-8"),
}


@pages.page(domain.search, "GET", "/")
def index() -> Any:
    return _shown(EmptyForm())


def _shown(form: EmptyForm) -> Any:
    asked = _asked()
    older, newer = (request.args.get(name, None, type=_number) for name in ("older", "newer"))
    page = domain.search(asked, older=older, newer=newer)
    kept = {name: value for name, value in asdict(asked).items() if value}
    names = workspaces.choices()
    kinds = sorted({*presentation.kinds(), *(row["target_kind"] for row in page.rows if row["target_kind"])})
    return show(
        "audit/index.html",
        form=form,
        rows=[presentation.shown(row, names) for row in page.rows],
        page=page,
        asked=asked,
        is_filtered=bool(kept),
        actors=dict(page.actors) | ({asked.actor: asked.actor} if asked.actor and not _is_known(page, asked) else {}),
        choices={"actions": presentation.actions(), "results": presentation.RESULTS, "doors": presentation.DOORS},
        kinds=kinds,
        workspaces=names,
        newer_url=url_for(".index", newer=page.newer, **kept) if page.newer is not None else None,
        older_url=url_for(".index", older=page.older, **kept) if page.older is not None else None,
        files=[(name, url_for(".export", form=name, **kept)) for name in FORMATS],
    )


@pages.page(domain.export, "POST", "/export")
def export() -> Any:
    """A file of the filter in the address. A POST, since it leaves a row in the log and asks for a fresh proof."""
    form = EmptyForm()
    if not form.is_sent():
        return _shown(form)
    name = request.args.get("form", "csv")
    name = name if name in FORMATS else "csv"
    write, kind = FORMATS[name]
    rows = domain.export(_asked())
    # Read after the request's transaction has ended: the row of this export is saved first.
    return Response(stream_with_context(write(rows)), headers=attachment("audit", name), content_type=kind)


def _is_known(page: Any, asked: Asked) -> bool:
    return any(actor_id == asked.actor for actor_id, _ in page.actors)


def _asked() -> Asked:
    """The filter in the address; what makes no sense there is not asked."""
    text = {name: request.args.get(name, "").strip()[:64] for name in ("actor", "action", "result", "door", "kind")}
    clean = {name: value.replace("\0", "") for name, value in text.items()}
    workspace = request.args.get("workspace", None, type=UUID)
    days = {name: request.args.get(name, None, type=date.fromisoformat) for name in ("since", "until")}
    return Asked(**clean, workspace=workspace, since=days["since"], until=days["until"])


def _number(text: str) -> int:
    """A row's number; ValueError, which shows the first page, for what a database would not take."""
    number = int(text)
    if not 0 <= number < 2**62:
        raise ValueError(text)
    return number
