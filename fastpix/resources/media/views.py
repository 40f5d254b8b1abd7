"""Media in the dashboard: the library, editing, retrying, deleting. A media's own page is in `overview.media_page`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import jsonify, request, url_for
from wtforms.validators import ValidationError

from fastpix import urls
from fastpix.access import principal
from fastpix.resources.media import domain, presentation, queries
from fastpix.resources.media.forms import EditForm
from fastpix.resources.media.lifecycle import FAILED, READY, STATUSES
from fastpix.resources.media.tracks.rules import PREPARING
from fastpix.resources.members import domain as members
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web import list_pages
from fastpix.web.confirm import confirm
from fastpix.web.forms import EmptyForm, as_uuids
from fastpix.web.menu import Entry
from fastpix.web.pages import Pages, go, show

pages = Pages(
    "media",
    __name__,
    "/media",
    menu=(Entry("Media", "media.index", "video", "media.view", words="library films videos"),),
)
# The pages of what belongs to a media, in the folders here.
parts = Pages("media_parts", __name__, "/media/<uuid:media_id>")
SORT_NAMES = {"newest": "Newest first", "oldest": "Oldest first", "title": "By title"}
VIEWS = ("grid", "list")
MOST_CHOSEN = 100
# What the library's address may hold, beside the workspace, which is remembered.
LIST = ("q", "status", "sort", "view", "after", "before")


@pages.page(queries.library, "GET", "/")
def index() -> Any:
    choices = workspaces.choices()
    query, status, sort, view, after, before = (request.args.get(name, "").strip() for name in LIST)
    workspace_id = list_pages.one_workspace(choices)
    status = status if status in STATUSES else ""
    filters: dict[str, Any] = {
        "workspace": workspace_id,
        "q": query or None,
        "status": status or None,
        "sort": sort or None,
    }
    sort = sort if sort in queries.SORTS else "newest"
    view = view if view in VIEWS else "grid"
    page = queries.Page([], None, None, 0, {})
    if workspace_id is not None:
        page = queries.library(workspace_id, query=query, status=status, sort=sort, after=after, before=before)
    return show(
        "media/index.html",
        rows=presentation.cards(page.rows),
        page=page,
        shown_duration=presentation.duration,
        workspaces=choices,
        chosen=workspace_id,
        query=query,
        wanted_status=status,
        sort=sort,
        view=view,
        statuses=STATUSES,
        sorts=SORT_NAMES,
        chips=_chips(query, status, workspace=workspace_id, sort=filters["sort"], view=view),
        views=[(name, url_for(".index", **filters, view=name)) for name in VIEWS],
        back_url=url_for(".index", **filters, view=view, before=page.back) if page.back else None,
        on_url=url_for(".index", **filters, view=view, after=page.on) if page.on else None,
        admins=[] if page.rows or principal.may("media.create") else members.admin_names(),
        api_url=urls.to("/v1/on-demand"),
        here_again=list_pages.here_again(LIST),
        may=may_do(),
    )


def _chips(query: str, status: str, **kept: Any) -> list[dict[str, str]]:
    """What the library is restricted by, in words."""
    return list_pages.chips({"q": (query, f"“{query}”"), "status": (status, status)}, **kept)


@pages.page(domain.get, "GET", "/<uuid:media_id>/status")
def status(media_id: UUID) -> Any:
    """What the page asks every few seconds while work goes on; unchanged is 304."""
    media = domain.get(media_id)
    parts = presentation.changing_parts(media)
    answer = jsonify(
        status=media["status"],
        percent=media["percent"],
        text=presentation.state(media),
        failure=media["failure"],
        done=media["status"] in (READY, FAILED),
        settled=not any(part.endswith(PREPARING) for part in parts),
        parts=parts,
        tracks={str(each["id"]): each["percent"] for each in media["tracks"] if each["percent"] is not None},
    )
    answer.add_etag()
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer.make_conditional(request)


@pages.page(domain.edit, "GET POST", "/<uuid:media_id>/edit")
def edit(media_id: UUID) -> Any:
    media = domain.get(media_id)
    stored = {"title": media["title"], "creator": media["creator_id"]}
    form = EditForm(data=stored if request.method == "GET" else None, metadata=media["metadata"])
    form.stands(**stored, also=media["metadata"])
    if form.is_sent():
        try:
            metadata = form.metadata()
        except ValidationError as problem:
            form.form_errors.append(str(problem))
        else:
            with form.catching():
                domain.edit(
                    media_id, title=form.title.data or "", creator_id=form.creator.data or "", metadata=metadata
                )
                return go(".detail", "The media was saved.", media_id=media_id)
    asks_for_rows = "more" in request.form
    return show(
        "media/edit.html", 200 if asks_for_rows else None, form=form, media=media, name=presentation.name(media)
    )


@pages.page(domain.retry, "POST", "/<uuid:media_id>/retry")
def retry(media_id: UUID) -> Any:
    domain.retry(media_id)
    return go(".detail", "The media is processed once more.", media_id=media_id)


@pages.page(domain.delete, "GET POST", "/<uuid:media_id>/delete")
def delete(media_id: UUID) -> Any:
    media = domain.get(media_id)
    name = presentation.name(media)
    return confirm(
        "media/delete.html",
        lambda: domain.delete(media_id),
        f"{name} was deleted.",
        address={"workspace": media["workspace_id"]},
        media=[media],
        names=[name],
    )


@pages.page(domain.delete, "GET POST", "/delete")
def delete_chosen() -> Any:
    """The media that were ticked in the library; those that are gone meanwhile are left out."""
    ticked = list(queries.whole(as_uuids(request.values.getlist("media")[:MOST_CHOSEN])).values())
    names = [presentation.name(media) for media in ticked]
    form = EmptyForm()
    if form.is_sent() and ticked:
        with form.catching():
            for media in ticked:
                domain.delete(media["id"])
            message = f"{len(ticked)} media were deleted." if len(ticked) > 1 else f"{names[0]} was deleted."
            return go(".index", message, workspace=ticked[0]["workspace_id"], **list_pages.came_from(LIST))
    return show("media/delete.html", 200 if not ticked else None, form=form, media=ticked, names=names)


def may_do() -> dict[str, bool]:
    return principal.may_each("media", "create", "edit", "delete")
