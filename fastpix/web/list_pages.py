"""Lists in pages by number (`?page=2`), of one workspace (`?workspace=`) or of all that a person sees."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from flask import request, url_for

from fastpix.web import remembered
from fastpix.web.pages import show

SIZE = 25
MOST_PAGES = 100_000
# How long each value of an address may be that a list is come back to by.
MOST_BACK = 300

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


def near(number: int, pages: int) -> list[int]:
    """The numbers that a long list's pager shows: the first, the last, and those around this one."""
    return sorted({1, pages, *range(max(1, number - 2), min(pages, number + 2) + 1)})


def chips(filters: Mapping[str, tuple[Any, str]], **kept: Any) -> list[dict[str, str]]:
    """What a list is restricted by, each with the address of the list without it: {label, url}.

    `filters` are values of the address with the words they stand for, the empty ones too; `kept` is what is no restriction.
    """
    values = {name: value for name, (value, _words) in filters.items() if value}
    return [
        {"label": filters[name][1], "url": url_for(".index", **kept, **{k: v for k, v in values.items() if k != name})}
        for name in values
    ]


def here_again(names: Collection[str]) -> str:
    """What leads back to this page of this filter, for the addresses of what is done from here: those `names` of the address
    that have a value. Empty for the list's first page of all."""
    return urlencode({name: value[:MOST_BACK] for name in names if (value := request.args.get(name, ""))})


def came_from(names: Collection[str]) -> dict[str, Any]:
    """The filter and the place of the list that `back`, in the address or the form, tells, for `url_for`; what is none of
    `names` is left out."""
    told = dict(parse_qsl(request.values.get("back", "")[: 8 * MOST_BACK]))
    return {name: told[name] for name in names if name in told}


def one_workspace(workspaces: Mapping[str, str]) -> UUID | None:
    """The workspace that the address asks for, else the one chosen last, else the first one the person sees.

    Another one's id is as good as none.
    """
    wanted = str(remembered.workspace(workspaces))
    chosen = wanted if wanted in workspaces else next(iter(workspaces), None)
    return UUID(chosen) if chosen else None
