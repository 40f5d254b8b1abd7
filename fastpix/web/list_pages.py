"""Lists in pages by number (`?page=2`), of one workspace (`?workspace=`) or of all that a person sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import request, url_for

from fastpix.web import remembered
from fastpix.web.pages import show

SIZE = 25
MOST_PAGES = 100_000

# Rows of a page (its number, its size, a workspace or None for all), and how many there are in all.
Listed = Callable[[int, int, UUID | None], tuple[Sequence[Any], int]]


def numbered(template: str, listed: Listed, workspaces: Mapping[str, str], **context: Any) -> tuple[str, int]:
    """The page of a list that the address asks for. `workspaces` are those to choose from, by id."""
    chosen = remembered.workspace(workspaces)
    rows, total = listed(number(), SIZE, chosen)
    paging = pager(total, SIZE, workspace=chosen)
    return show(template, rows=rows, workspaces=workspaces, chosen=chosen, **paging, **context)


def number() -> int:
    """The number of the page that the address asks for; the first one for what is no number."""
    return max(1, min(request.args.get("page", 1, type=int), MOST_PAGES))


def pager(total: int, size: int, endpoint: str = ".index", **query: Any) -> dict[str, Any]:
    """What a list's pager is given: how many rows there are, and the addresses of the pages before and after."""
    here = number()
    return {
        "total": total,
        "newer_url": url_for(endpoint, page=here - 1, **query) if here > 1 else None,
        "older_url": url_for(endpoint, page=here + 1, **query) if here * size < total else None,
    }


def chips(filters: Mapping[str, tuple[Any, str]], **kept: Any) -> list[dict[str, str]]:
    """What a list is restricted by, each with the address of the list without it: {label, url}.

    `filters` are values of the address with the words they stand for, the empty ones too; `kept` is what is no restriction.
    """
    values = {name: value for name, (value, _words) in filters.items() if value}
    return [
        {"label": filters[name][1], "url": url_for(".index", **kept, **{k: v for k, v in values.items() if k != name})}
        for name in values
    ]


def one_workspace(workspaces: Mapping[str, str]) -> UUID | None:
    """The workspace that the address asks for, else the one chosen last, else the first one the person sees.

    Another one's id is as good as none.
    """
    wanted = str(remembered.workspace(workspaces))
    chosen = wanted if wanted in workspaces else next(iter(workspaces), None)
    return UUID(chosen) if chosen else None
