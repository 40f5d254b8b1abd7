"""Playlists in the dashboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import request, url_for

from fastpix.access import principal
from fastpix.resources.media import queries as media
from fastpix.resources.playlists import domain
from fastpix.resources.playlists.forms import ORDERS, AddMediaForm, NewPlaylistForm, PlaylistForm
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web import remembered
from fastpix.web.confirm import confirm
from fastpix.web.forms import EmptyForm
from fastpix.web.list_pages import numbered
from fastpix.web.menu import Entry
from fastpix.web.pages import Pages, go, show

if TYPE_CHECKING:
    from fastpix.resources.playlists.models import PlaylistWithMedia

pages = Pages(
    "playlists", __name__, "/playlists", menu=(Entry("Playlists", "playlists.index", "list-check", "media.view"),)
)


@pages.page(domain.listed, "GET", "/")
def index() -> Any:
    may = _may()
    return numbered("playlists/index.html", domain.listed, workspaces.choices(), may=may)


@pages.page(domain.create, "GET POST", "/new")
def create() -> Any:
    form = NewPlaylistForm()
    form.workspace.choices = workspaces.choices()
    if request.method == "GET":
        form.workspace.data = remembered.workspace(form.workspace.choices)
    if form.is_sent():
        with form.catching():
            is_smart = form.type.data == "smart"
            playlist = domain.create(
                form.workspace.data,
                form.name.data or "",
                form.type.data,
                reference_id=form.reference_id.data or "",
                description=form.description.data or "",
                limit=form.limit.data or 0,
                play_order=form.play_order.data if is_smart else "",
                rules=form.rules if is_smart else None,
            )
            return go(".detail", f"The playlist {playlist['name']} was created.", playlist_id=playlist["id"])
    return show("playlists/new.html", form=form)


@pages.page(domain.get, "GET", "/<uuid:playlist_id>")
def detail(playlist_id: UUID) -> Any:
    return _detail(domain.get(playlist_id), EmptyForm())


@pages.page(domain.edit, "GET POST", "/<uuid:playlist_id>/edit")
def edit(playlist_id: UUID) -> Any:
    playlist = domain.get(playlist_id)
    form = PlaylistForm(data=playlist) if request.method == "GET" else PlaylistForm()
    form.stands(**playlist)
    if form.is_sent():
        with form.catching():
            after = domain.edit(playlist_id, form.name.data or "", form.description.data or "")
            return go(".detail", f"The playlist {after['name']} was saved.", playlist_id=playlist_id)
    return show("playlists/edit.html", form=form, playlist=playlist)


@pages.page(domain.delete, "GET POST", "/<uuid:playlist_id>/delete")
def delete(playlist_id: UUID) -> Any:
    playlist = domain.get(playlist_id)
    message = f"The playlist {playlist['name']} was deleted. Its media stay."
    return confirm("playlists/delete.html", lambda: domain.delete(playlist_id), message, playlist=playlist)


@pages.page(domain.add, "GET POST", "/<uuid:playlist_id>/add")
def add(playlist_id: UUID) -> Any:
    playlist = domain.get(playlist_id)
    query, place = request.args.get("q", "")[:200], {name: request.args.get(name, "") for name in ("after", "before")}
    page = media.library(playlist["workspace_id"], query=query, status="Ready", **place)
    form = AddMediaForm()
    form.media.choices = [(str(row["id"]), row["title"] or row["source_name"]) for row in page.rows]
    form.media.validate_choice = False  # a page of the library may have moved on; the domain checks each of them
    if form.is_sent():
        with form.catching():
            # A place is named by the button that puts back what was taken out.
            after = domain.add(playlist_id, form.media.data or [], at=request.form.get("at", None, type=int))
            count = after["media_count"] - playlist["media_count"]
            return go(".detail", f"{count} media added.", playlist_id=playlist_id)
    here: dict[str, Any] = {"playlist_id": playlist_id, "q": query or None}
    return show(
        "playlists/add.html",
        form=form,
        playlist=playlist,
        rows=page.rows,
        present={item["id"] for item in playlist["media_list"]},
        query=query,
        back_url=url_for(".add", before=page.back, **here) if page.back else None,
        on_url=url_for(".add", after=page.on, **here) if page.on else None,
    )


@pages.page(domain.reorder, "POST", "/<uuid:playlist_id>/order")
def order(playlist_id: UUID) -> Any:
    """One media goes one place up or down: the button pressed names it."""
    playlist = domain.get(playlist_id)
    form = EmptyForm()

    def reorder() -> Any:
        up, down = (request.form.get(name, None, type=UUID) for name in ("up", "down"))
        ids = _moved([item["id"] for item in playlist["media_list"]], up or down, -1 if up else 1)
        domain.reorder(playlist_id, ids)
        return go(".detail", playlist_id=playlist_id, _anchor=f"m-{up or down}")

    return form.answer(reorder) or _detail(playlist, form)


@pages.page(domain.remove, "POST", "/<uuid:playlist_id>/remove")
def remove(playlist_id: UUID) -> Any:
    playlist = domain.get(playlist_id)
    form = EmptyForm()
    if form.is_sent():
        with form.catching():
            media_id = request.form.get("remove", None, type=UUID)
            domain.remove(playlist_id, [media_id] if media_id else [])
            message = "Taken out of the playlist. The media itself stays."
            return go(".detail", message, undo=_undo(playlist, media_id), playlist_id=playlist_id)
    return _detail(playlist, form)


def _undo(playlist: PlaylistWithMedia, media_id: UUID | None) -> dict[str, Any] | None:
    """The button that puts a media back in its place; none where it is not Ready, which a playlist does not take."""
    for place, item in enumerate(playlist["media_list"], 1):
        if item["id"] == media_id and item["status"] == "Ready":
            url = url_for(".add", playlist_id=playlist["id"])
            return {"url": url, "fields": [["media", str(media_id)], ["at", str(place)]]}
    return None


def _detail(playlist: PlaylistWithMedia, form: EmptyForm) -> Any:
    return show(
        "playlists/detail.html",
        form=form,
        playlist=playlist,
        workspace=workspaces.choices().get(str(playlist["workspace_id"]), ""),
        orders=ORDERS,
        may=_may(),
    )


def _moved(ids: list[UUID], media_id: UUID | None, by: int) -> list[UUID]:
    """The ids with one of them `by` places on; as they are where it cannot go there."""
    if media_id in ids:
        place = ids.index(media_id)
        other = min(max(place + by, 0), len(ids) - 1)
        ids[place], ids[other] = ids[other], ids[place]
    return ids


def _may() -> dict[str, bool]:
    return principal.may_each("media", "create", "edit", "delete")
