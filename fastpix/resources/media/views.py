"""Media in the dashboard: the library, a media's page and its status, editing, retrying, deleting."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import jsonify, request, url_for
from wtforms.validators import ValidationError

from fastpix import links
from fastpix.access import principal
from fastpix.errors import Missing
from fastpix.resources.live_streams import domain as live_streams
from fastpix.resources.media import domain, presentation, preview, search, sources_of
from fastpix.resources.media.forms import EditForm
from fastpix.resources.media.models import CLIP, FAILED, READY, RECORDING, STATUSES, UPLOAD, URL
from fastpix.resources.members import domain as members
from fastpix.resources.usage import domain as usage
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web import charts
from fastpix.web.forms import EmptyForm
from fastpix.web.menu import Entry
from fastpix.web.resource import Pages, go, show

pages = Pages("media", __name__, "/media", menu=(Entry("Media", "media.index", "video", "media.view"),))
KINDS = {
    UPLOAD: "Upload",
    URL: "Fetched from an address",
    CLIP: "Clip of another media",
    RECORDING: "Recorded from a live stream",
}
SORT_NAMES = {"newest": "Newest first", "oldest": "Oldest first", "title": "By title"}
VIEWS = ("grid", "list")
MOST_CHOSEN = 100
WATCHED_DAYS = 30


@pages.page(search.library, "GET", "/")
def index() -> Any:
    choices = workspaces.choices()
    asked = {name: request.args.get(name, "").strip() for name in ("q", "status", "sort", "view", "after", "before")}
    chosen = _chosen(choices)
    sort = asked["sort"] if asked["sort"] in search.SORTS else "newest"
    status = asked["status"] if asked["status"] in STATUSES else ""
    page = search.Page([], None, None, 0)
    if chosen is not None:
        page = search.library(
            chosen, query=asked["q"], status=status, sort=sort, after=asked["after"], before=asked["before"]
        )
    kept: dict[str, Any] = {
        "workspace": chosen,
        "q": asked["q"] or None,
        "status": status or None,
        "sort": asked["sort"] or None,
    }
    view = asked["view"] if asked["view"] in VIEWS else "grid"
    return show(
        "media/index.html",
        rows=_shown(page.rows),
        page=page,
        workspaces=choices,
        chosen=chosen,
        query=asked["q"],
        wanted_status=status,
        sort=sort,
        view=view,
        statuses=STATUSES,
        sorts=SORT_NAMES,
        views=[(name, url_for(".index", **kept, view=name)) for name in VIEWS],
        back_url=url_for(".index", **kept, view=view, before=page.back) if page.back else None,
        on_url=url_for(".index", **kept, view=view, after=page.on) if page.on else None,
        admins=[] if page.rows or principal.may("media.create") else members.admin_names(),
        api_url=links.to("/v1/on-demand"),
        may=_may(),
    )


@pages.page(domain.get, "GET", "/<uuid:media_id>")
def detail(media_id: UUID) -> Any:
    media = domain.get(media_id)
    may = _may()
    playable = preview.of([media_id]).get(media_id)
    return show(
        "media/detail.html",
        media=media,
        name=presentation.name(media),
        state=presentation.state(media),
        player=presentation.player(media, playable),
        playback_ids=[presentation.playback(media, row) for row in media["playback_ids"]],
        log=domain.log(media_id),
        facts=_facts(media),
        stream=_stream(media),
        source_url=sources_of.get(media_id)["url"] if may["edit"] and media["source_access"] else None,
        is_done=media["status"] in (READY, FAILED),
        watched=_watched(media_id),
        workspace=workspaces.choices().get(str(media["workspace_id"]), ""),
        may=may,
        may_sign=principal.may("signing_keys.view"),
        shown_size=presentation.size,
    )


@pages.page(domain.get, "GET", "/<uuid:media_id>/status")
def status(media_id: UUID) -> Any:
    """What the page asks every few seconds while work goes on; unchanged is 304."""
    media = domain.get(media_id)
    # Downloads and tracks change after the media is Ready, and the page shows them too.
    parts = sorted(f"{each['id']}{each['status']}" for each in media["tracks"])
    parts += sorted(f"{file}{entry['status']}" for file, entry in media["downloads"].items())
    answer = jsonify(
        status=media["status"],
        percent=media["percent"],
        text=presentation.state(media),
        failure=media["failure"],
        done=media["status"] in (READY, FAILED),
        settled=not any(part.endswith("preparing") for part in parts),
        parts=parts,
    )
    answer.add_etag()
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer.make_conditional(request)


@pages.page(domain.edit, "GET POST", "/<uuid:media_id>/edit")
def edit(media_id: UUID) -> Any:
    media = domain.get(media_id)
    told = {"title": media["title"], "creator": media["creator_id"]}
    form = EditForm(data=told if request.method == "GET" else None, metadata=media["metadata"])
    form.stands(**told, also=media["metadata"])
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
    form = EmptyForm()
    if form.is_sent():
        with form.catching():
            domain.delete(media_id)
            return go(".index", f"{presentation.name(media)} was deleted.", workspace=media["workspace_id"])
    return show("media/delete.html", form=form, media=[media], names=[presentation.name(media)])


@pages.page(domain.delete, "GET POST", "/delete")
def delete_chosen() -> Any:
    """The media that were ticked in the library; those that are gone meanwhile are left out."""
    found = list(search.whole(_ids(request.values.getlist("media"))).values())
    form = EmptyForm()
    if form.is_sent() and found:
        with form.catching():
            for media in found:
                domain.delete(media["id"])
            count = (
                f"{len(found)} media were deleted." if len(found) > 1 else f"{presentation.name(found[0])} was deleted."
            )
            return go(".index", count, workspace=found[0]["workspace_id"])
    names = [presentation.name(media) for media in found]
    return show("media/delete.html", 200 if not found else None, form=form, media=found, names=names)


def _chosen(choices: dict[str, str]) -> UUID | None:
    """The workspace asked for, else the first one the person sees. Another one's id is as good as none."""
    asked = request.args.get("workspace", "")
    found = asked if asked in choices else next(iter(choices), None)
    return UUID(found) if found else None


def _ids(texts: list[str]) -> list[UUID]:
    found = []
    for text in texts[:MOST_CHOSEN]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def _may() -> dict[str, bool]:
    return {key: principal.may(f"media.{key}") for key in ("create", "edit", "delete")}


def _shown(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of a library page, without what the page has no use for."""
    playables = preview.of([row["id"] for row in rows])
    names = ("id", "status", "is_audio_only", "created_at", "failure")
    return [
        {name: row[name] for name in names}
        | {
            "name": presentation.name(row),
            "state": presentation.state(row),
            "poster": presentation.poster(playables.get(row["id"])),
            "duration": presentation.duration(row["duration"]),
            "size": presentation.size(row["size"]),
            "policies": sorted({each["access_policy"] for each in row["playback_ids"]}),
            "url": presentation.stream(row["playback_ids"][0]) if row["playback_ids"] else "",
        }
        for row in rows
    ]


def _stream(media: dict[str, Any]) -> dict[str, Any] | None:
    """The live stream it was recorded from; None for others, and where the stream is gone or not for this person."""
    if not media["stream_id"] or not principal.may("live_streams.view"):
        return None
    try:
        return live_streams.get(media["stream_id"])
    except Missing:
        return None


def _watched(media_id: UUID) -> dict[str, Any]:
    """How often it was watched in the last days: the chart, and its sums in words."""
    days = usage.of_media(media_id, WATCHED_DAYS)
    return {
        "chart": charts.added("watched", "Views", [(one.day, one.views) for one in days], charts.VIEWS),
        "views": charts.VIEWS.tell(sum(one.views for one in days)),
        "minutes": charts.MINUTES.tell(sum(one.seconds for one in days)),
        "days": WATCHED_DAYS,
    }


def _facts(media: dict[str, Any]) -> dict[str, str]:
    """What there is to know, by name; what is not known yet is left out."""
    told = {
        "Duration": presentation.duration(media["duration"]),
        "Picture": f"{media['width']} × {media['height']}" if media["width"] else "",
        "Frames a second": f"{media['frame_rate']:g}" if media["frame_rate"] else "",
        "Stored": presentation.size(media["size"]),
        "Original file": " ".join(filter(None, (media["source_name"], presentation.size(media["source_size"])))),
        "Came as": KINDS[media["source_kind"]],
        "Format": media["container"],
        "Asked for": f"at most {media['max_resolution']}",
        "Renditions": ", ".join(
            f"{min(made['width'], made['height'])}p" if made["height"] else "sound" for made in media["renditions"]
        ),
        "Creator id": media["creator_id"],
    }
    return {name: text for name, text in told.items() if text}
