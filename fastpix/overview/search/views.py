"""Quick search in the dashboard: the line that each kind of thing gets, as a page and as data for the palette."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import jsonify, request, url_for

from fastpix.overview.search import domain
from fastpix.resources.media import presentation
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web.pages import Pages, show

pages = Pages("search", __name__, "/search")

# What a kind is called, and its icon.
KINDS = {
    "media": ("Media", "video"), "live_streams": ("Live streams", "broadcast"), "workspaces": ("Workspaces", "stack"),
    "members": ("People", "users"), "access_tokens": ("Access tokens", "lock"), "signing_keys": ("Signing keys", "key"),
}  # fmt: skip


@pages.page(domain.find, "GET", "/")
def index() -> Any:
    """What was found, in groups."""
    query = request.args.get("q", "").strip()[: domain.LONGEST]
    return show(
        "search/index.html",
        query=query,
        groups=_groups(query),
        kinds=[KINDS[kind][0].lower() for kind in domain.kinds()],
    )


@pages.page(domain.find, "GET", "/results.json")
def results() -> Any:
    """The same for the palette: {groups: [{label, icon, hasMore, rows: [{name, detail, url}]}]}."""
    return jsonify({"groups": _groups(request.args.get("q", ""))})


def _groups(query: str) -> list[dict[str, Any]]:
    names = workspaces.choices() if query else {}
    return [
        {
            "label": KINDS[group.kind][0],
            "icon": KINDS[group.kind][1],
            "hasMore": group.has_more,
            "rows": [_LINES[group.kind](row, names) for row in group.rows],
        }
        for group in domain.find(query)
    ]


def _line(name: str, detail: str, url: str) -> dict[str, str]:
    return {"name": name, "detail": detail, "url": url}


def _media(row: Mapping[str, Any], names: dict[str, str]) -> dict[str, str]:
    url = url_for("media.detail", media_id=row["id"])
    name = row["title"] or row["source_name"] or str(row["id"])
    file = row["source_name"] if row["source_name"] != name else ""  # which may be what was found
    if said := row["said"]:
        url = url_for("media.detail", media_id=row["id"], t=said["at"])
        return _line(name, f"{presentation.duration(said['at'])} “{said['text']}”", url)
    return _line(name, " · ".join(filter(None, (file, row["status"], names.get(str(row["workspace_id"]), "")))), url)


def _stream(row: Mapping[str, Any], names: dict[str, str]) -> dict[str, str]:
    url = url_for("live_streams.detail", stream_id=row["id"])
    return _line(row["name"], f"{row['status'].capitalize()} · {names.get(str(row['workspace_id']), '')}", url)


def _workspace(row: Mapping[str, Any], _names: dict[str, str]) -> dict[str, str]:
    return _line(row["name"], row["description"], url_for("workspaces.detail", workspace_id=row["id"]))


def _member(row: Mapping[str, Any], _names: dict[str, str]) -> dict[str, str]:
    url = url_for("members.detail", member_id=row["id"])
    return _line(row["name"], f"{row['email']} · {row['role'].capitalize()}", url)


def _token(row: Mapping[str, Any], _names: dict[str, str]) -> dict[str, str]:
    detail = f"{row['status'].capitalize()} · {row['workspace_name']}"
    return _line(row["name"], detail, url_for("access_tokens.detail", token_id=row["id"]))


def _key(row: Mapping[str, Any], _names: dict[str, str]) -> dict[str, str]:
    detail = f"{row['workspace_name']} · by {row['created_by']}"
    return _line(str(row["id"]), detail, url_for("signing_keys.detail", key_id=row["id"]))


_LINES: dict[str, Callable[[Mapping[str, Any], dict[str, str]], dict[str, str]]] = {
    "media": _media,
    "live_streams": _stream,
    "workspaces": _workspace,
    "members": _member,
    "access_tokens": _token,
    "signing_keys": _key,
}
