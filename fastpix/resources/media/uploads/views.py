"""Bringing media in: the upload page, with and without a script, and the form for an address on the web."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any
from uuid import UUID

from flask import current_app, g, jsonify, request, url_for

from fastpix import urls
from fastpix.access.principal import Denied
from fastpix.errors import Invalid, NotSignedIn
from fastpix.resources.media.creation import domain as creation
from fastpix.resources.media.creation.forms import SettingsForm, UrlForm
from fastpix.resources.media.uploads import domain
from fastpix.resources.media.uploads.forms import UploadForm
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web import remembered
from fastpix.web.pages import Pages, go, show

if TYPE_CHECKING:
    from fastpix.resources.media.models import MediaRow

pages = Pages("media_upload", __name__, "/media")
READ_BYTES = 1 << 20
FORMATS = "MP4, MOV, WebM, MKV, AVI, MPEG, MPEG-TS, WMV, FLV, MXF, DV, 3GP; MP3, M4A, AAC, AC-3, AMR, WAV, AIFF, CAF, FLAC, OGG"
# What browsers offer in their file chooser; the server looks at the content, not at the name.
ACCEPT = "video/*,audio/*,.mkv,.mxf,.ts,.mts,.m2ts,.vob,.flv,.f4v,.wtv,.rm,.asf,.wmv,.avi,.ivf,.ac3,.eac3,.amr"


@pages.page(domain.take, "GET POST", "/upload", takes_files=True)
def new() -> Any:
    """The page. Its script sends files by the resumable protocol; without one the form brings a file whole."""
    form = UploadForm()
    # The file is put away before anything is asked of the database, so that no transaction waits for it; and the
    # receipt goes back with a form that has errors, so that it is sent once.
    problem = None
    if request.method == "POST" and not g.get("csrf_problem"):
        with form.catching():
            problem = _stage(form)
    _offer(form)
    if form.is_sent():
        if problem or not form.receipt.data:
            form.file.errors = [problem or "Choose a file."]
        else:
            with form.catching():
                name = form.file_name.data or ""
                media = _take(form, name)
                return go("media.detail", f"{name or 'The file'} was received.", media_id=media["id"])
    return show("media/upload.html", form=form, limits=_limits(), origin=urls.to(""))


@pages.page(domain.create, "POST", "/upload/start")
def start() -> Any:
    """An address for one file, for the page's script: {id, url, mediaUrl, statusUrl, cancelUrl}, or {errors} by field."""
    form = SettingsForm()
    _offer(form)
    if form.is_sent():
        with form.catching():
            name = request.form.get("file_name", "")
            upload = domain.create(form.workspace.data, form.options(), urls.to(""), name)
            started = {
                "id": upload["id"],
                "url": upload["url"],
                "mediaUrl": url_for("media.detail", media_id=upload["id"]),
                "statusUrl": url_for("media.status", media_id=upload["id"]),
                "cancelUrl": url_for(".cancel", upload_id=upload["id"]),
            }
            return jsonify(started), 201
    status = 400 if g.get("csrf_problem") else g.get("unavailable", 422)
    return jsonify(errors={name or "form": " ".join(map(str, errors)) for name, errors in form.errors.items()}), status


@pages.page(domain.cancel, "POST", "/upload/<uuid:upload_id>/cancel")
def cancel(upload_id: UUID) -> Any:
    """Forget an upload and the bytes that came; asked by the page's script."""
    return jsonify(status=domain.cancel(upload_id)["status"])


@pages.page(creation.from_url, "GET POST", "/from-url")
def from_url() -> Any:
    form = UrlForm()
    _offer(form)
    if form.is_sent():
        with form.catching():
            media = creation.from_url(form.workspace.data, form.url.data or "", form.options())
            return go("media.detail", "The file is being fetched.", media_id=media["id"])
    return show("media/from_url.html", form=form, limits=_limits(), api_url=urls.to("/v1/on-demand"))


def _take(form: UploadForm, name: str) -> MediaRow:
    """The media of the file; nothing of it is kept from who lost the right to it while it came."""
    try:
        return domain.take(form.workspace.data, form.options(), name, form.receipt.data or "")
    except (Denied, NotSignedIn):
        domain.forget(form.receipt.data or "")
        raise


def _limits() -> dict[str, Any]:
    """What an upload may be, said before a file is chosen: bytes, and in words."""
    settings: Any = current_app.config["FASTPIX"]
    return {
        "bytes": settings.upload_limit,
        "size": f"{settings.upload_limit_gib} GiB",
        "hours": settings.longest_media_hours,
        "formats": FORMATS,
        "accept": ACCEPT,
    }


def _offer(form: SettingsForm) -> None:
    """The workspaces one may choose, and the one that the library showed."""
    form.workspace.choices = list(workspaces.choices().items())
    workspace_id = remembered.workspace(workspaces.choices())
    if request.method == "GET" and workspace_id:
        form.workspace.data = workspace_id


def _stage(form: UploadForm) -> str | None:
    """Put the file that came with the form away; what is wrong with it."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return None
    try:
        form.receipt.data = domain.stage(_pieces(file.stream))
    except Invalid as problem:
        return str(problem.fields["file"])
    form.file_name.data = file.filename[:255]
    return None


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    while piece := stream.read(READ_BYTES):
        yield piece
