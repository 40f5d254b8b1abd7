"""Live streams in the dashboard: the list, a stream's page and its status, and what is done to a stream as a whole."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import jsonify, request
from wtforms.validators import ValidationError

from fastpix import urls
from fastpix.access import principal
from fastpix.errors import Missing
from fastpix.resources.live_streams import domain, presentation, queries, rules
from fastpix.resources.live_streams.forms import NAME, EditForm, StreamForm
from fastpix.resources.live_streams.viewers import queries as viewers
from fastpix.resources.members import domain as members
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web import charts, list_pages, remembered
from fastpix.web.confirm import confirm
from fastpix.web.forms import EmptyForm
from fastpix.web.menu import Entry
from fastpix.web.pages import Pages, go, show

if TYPE_CHECKING:
    from fastpix.resources.live_streams.models import StreamRow

PAGE = 24
pages = Pages(
    "live_streams", __name__, "/live", menu=(Entry("Live", "live_streams.index", "broadcast", "live_streams.view"),)
)
# The pages of what belongs to a stream, in the folders here.
parts = Pages("live_parts", __name__, "/live/<string:stream_id>")


@pages.page(queries.listed, "GET", "/")
def index() -> Any:
    choices = workspaces.choices()
    chosen = list_pages.one_workspace(choices)
    query, status = request.args.get("q", "").strip()[:254], request.args.get("status", "")
    status = status if status in presentation.STATES else ""
    filters: dict[str, Any] = {"q": query or None, "status": status or None}
    streams, total = (
        queries.listed(chosen, list_pages.number(), PAGE, query=query, status=status) if chosen else ([], 0)
    )
    may = may_do()
    return show(
        "live_streams/index.html",
        rows=presentation.listed(streams),
        watching=viewers.watching_each(stream["id"] for stream in streams),
        workspaces=choices,
        chosen=chosen,
        query=query,
        wanted_status=status,
        states=presentation.STATES,
        chips=list_pages.chips(
            {"q": (query, f"“{query}”"), "status": (status, presentation.STATES.get(status, ""))}, workspace=chosen
        ),
        **list_pages.pager(total, PAGE, workspace=chosen, **filters),
        admins=[] if streams or may["create"] else members.admin_names(),
        api_url=urls.to("/v1/live/streams"),
        takes_streams=bool(urls.live_server() or urls.srt_server()),
        may=may,
    )


@pages.page(domain.create, "GET POST", "/new")
def create() -> Any:
    form = StreamForm()
    form.workspace.choices = list(workspaces.choices().items())
    if request.method == "GET" and (workspace_id := remembered.workspace(workspaces.choices())):
        form.workspace.data = workspace_id
    if form.is_sent():
        with form.catching():
            stream = domain.create(form.workspace.data, form.options())
            return go(".detail", f"The stream {stream['name']} was created.", stream_id=stream["id"])
    return show("live_streams/new.html", form=form)


@pages.page(domain.get, "GET", "/<string:stream_id>")
def detail(stream_id: str) -> Any:
    stream = get_or_404(stream_id)
    recordings = presentation.recordings(stream)
    return show(
        "live_streams/detail.html",
        stream=stream,
        state=presentation.state(stream),
        signal=presentation.signal(stream, viewers.watching(stream_id)),
        has_rare_keyframes=presentation.has_rare_keyframes(stream),
        rare_picture=presentation.rare_picture(stream),
        player=presentation.player(stream),
        sending=presentation.sending(stream),
        playbacks=presentation.playbacks(stream),
        pushes=presentation.pushes(stream["simulcasts"]),
        push_state=presentation.push_state,
        recordings=recordings,
        audience=_audience(stream_id),
        told_parts=",".join(presentation.parts(stream, recordings)),
        log=domain.log(stream_id),
        workspace=workspaces.choices().get(str(stream["workspace_id"]), ""),
        may=may_do(),
        may_sign=principal.may("signing_keys.view"),
    )


@pages.page(domain.get, "GET", "/<string:stream_id>/status")
def status(stream_id: str) -> Any:
    """What the page asks every two seconds; unchanged is 304."""
    stream = get_or_404(stream_id)
    started_at = stream["signal"].get("started_at")
    answer = jsonify(
        status=stream["status"],
        text=presentation.state(stream),
        isOnAir=rules.is_on_air(stream),
        since=f"{started_at:%Y-%m-%dT%H:%M:%SZ}" if started_at else None,
        signal=presentation.signal(stream, viewers.watching(stream_id)),
        parts=presentation.parts(stream, presentation.recordings(stream, looked_at=1)),
    )
    answer.add_etag()
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer.make_conditional(request)


@pages.page(domain.edit, "GET POST", "/<string:stream_id>/edit")
def edit(stream_id: str) -> Any:
    stream = get_or_404(stream_id)
    metadata = dict(stream["metadata"])
    fields = {"name": metadata.pop(NAME, ""), "window": stream["reconnect_window"]}
    form = EditForm(data=fields if request.method == "GET" else None, metadata=metadata)
    form.stands(**fields, also=metadata)
    if form.is_sent():
        try:
            new_metadata = form.metadata()
        except ValidationError as problem:
            form.form_errors.append(str(problem))
        else:
            with form.catching():
                domain.edit(stream_id, metadata=new_metadata, reconnect_window=form.window.data)
                return go(".detail", "The stream was saved.", stream_id=stream_id)
    asks_for_rows = "more" in request.form
    return show("live_streams/edit.html", 200 if asks_for_rows else None, form=form, stream=stream)


@pages.page(domain.enable, "POST", "/<string:stream_id>/enable")
def enable(stream_id: str) -> Any:
    get_or_404(stream_id)
    domain.enable(stream_id)
    return go(".detail", "The stream is enabled: an encoder may send it.", stream_id=stream_id)


@pages.page(domain.disable, "GET POST", "/<string:stream_id>/disable")
def disable(stream_id: str) -> Any:
    """The button on an idle stream's page asks nothing; the stream may be on air meanwhile, and then the page asks."""
    stream = get_or_404(stream_id)
    form = EmptyForm()
    is_surprise = request.form.get("state") == "idle" and rules.is_in_use(stream)
    if form.is_sent() and not is_surprise:
        with form.catching():
            domain.disable(stream_id)
            return go(".detail", "The stream is disabled: nobody can send it.", stream_id=stream_id)
    return show("live_streams/disable.html", 200 if is_surprise else None, form=form, stream=stream)


@pages.page(domain.finish, "GET POST", "/<string:stream_id>/finish")
def finish(stream_id: str) -> Any:
    stream = get_or_404(stream_id)
    message = "The broadcast is finished."
    address = {"stream_id": stream_id}
    return confirm(
        "live_streams/finish.html",
        lambda: domain.finish(stream_id),
        message,
        to=".detail",
        address=address,
        stream=stream,
    )


@pages.page(domain.reset_key, "GET POST", "/<string:stream_id>/reset-key")
def reset_key(stream_id: str) -> Any:
    stream = get_or_404(stream_id)
    return confirm(
        "live_streams/reset_key.html",
        lambda: domain.reset_key(stream_id),
        "The stream has a new key. The old one is worthless.",
        to=".detail",
        address={"stream_id": stream_id},
        stream=stream,
    )


@pages.page(domain.delete, "GET POST", "/<string:stream_id>/delete")
def delete(stream_id: str) -> Any:
    stream = get_or_404(stream_id)
    message = f"The stream {stream['name']} was deleted. Its recordings stay."
    address = {"workspace": stream["workspace_id"]}
    return confirm(
        "live_streams/delete.html", lambda: domain.delete(stream_id), message, address=address, stream=stream
    )


def get_or_404(stream_id: str) -> StreamRow:
    """The stream of an address. Raises `Missing`, also for what cannot be an id at all."""
    if not re.fullmatch(r"[0-9a-f]{32}", stream_id):
        raise Missing(domain.NO_SUCH)
    return domain.get(stream_id)


def may_do() -> dict[str, bool]:
    return principal.may_each("live_streams", "create", "edit", "delete")


def _audience(stream_id: str) -> dict[str, Any] | None:
    """How many watched the latest broadcasts, and the one asked for as a chart; None where none was looked at."""
    latest = viewers.audiences(stream_id, of=request.args.get("broadcast", None, type=UUID), of_all=False)
    shown = next((audience for audience in latest if audience["samples"]), None)
    if shown is None:
        return None
    samples = [(sample["at"], sample["viewers"]) for sample in shown["samples"]]
    return {
        "chart": charts.minutes("audience", "Viewers", samples, charts.VIEWERS),
        "shown": shown["id"],
        "broadcasts": latest,
    }
