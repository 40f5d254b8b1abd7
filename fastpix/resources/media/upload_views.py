"""Bringing media in: the upload page, with and without a script, and the form for an address on the web."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any
from uuid import UUID

from flask import current_app, g, jsonify, request, url_for

from fastpix import links
from fastpix.errors import Invalid
from fastpix.resources.media import create, uploads
from fastpix.resources.media.asked import Asked
from fastpix.resources.media.forms import SettingsForm, UploadForm, UrlForm
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web.resource import Pages, go, show

pages = Pages("media_upload", __name__, "/media")
PIECE = 1 << 20
FORMATS = "MP4, MOV, WebM, MKV, AVI, MPEG, MPEG-TS, WMV, FLV, MXF, 3GP; MP3, M4A, AAC, WAV, FLAC, OGG"
# What browsers offer in their file chooser; the server looks at the content, not at the name.
ACCEPT = "video/*,audio/*,.mkv,.mxf,.ts,.mts,.m2ts,.vob,.flv,.f4v,.wtv,.rm,.asf,.wmv,.avi"


@pages.page(uploads.take, "GET POST", "/upload", takes_files=True)
def new() -> Any:
    """The page. Its script sends files by the resumable protocol; without one the form brings a file whole."""
    form = UploadForm()
    # The file is put away before anything is asked of the database, so that no transaction waits for it; and the
    # receipt goes back with a form that has errors, so that it is sent once.
    problem = _stage(form) if request.method == "POST" and not g.get("csrf_problem") else None
    _offer(form)
    if form.is_sent():
        if problem or not form.receipt.data:
            form.file.errors = [problem or "Choose a file."]
        else:
            with form.catching():
                name = form.file_name.data or ""
                media = uploads.take(form.workspace.data, Asked(**form.wanted()), name, form.receipt.data)
                return go("media.detail", f"{name or 'The file'} was received.", media_id=media["id"])
    return show("media/upload.html", form=form, limits=_limits(), origin=links.to(""))


@pages.page(uploads.create, "POST", "/upload/start")
def start() -> Any:
    """An address for one file, for the page's script: {id, url, mediaUrl, statusUrl, cancelUrl}, or {errors} by field."""
    form = SettingsForm()
    _offer(form)
    if form.is_sent():
        with form.catching():
            name = request.form.get("file_name", "")
            made = uploads.create(form.workspace.data, Asked(**form.wanted()), links.to(""), name)
            told = {"id": made["id"], "url": made["url"], "mediaUrl": url_for("media.detail", media_id=made["id"])}
            asked = {"statusUrl": url_for("media.status", media_id=made["id"])}
            return jsonify(told | asked | {"cancelUrl": url_for(".cancel", upload_id=made["id"])}), 201
    status = 400 if g.get("csrf_problem") else 422
    return jsonify(errors={name or "form": " ".join(map(str, told)) for name, told in form.errors.items()}), status


@pages.page(uploads.cancel, "POST", "/upload/<uuid:upload_id>/cancel")
def cancel(upload_id: UUID) -> Any:
    """Forget an upload and the bytes that came; asked by the page's script."""
    return jsonify(status=uploads.cancel(upload_id)["status"])


@pages.page(create.from_url, "GET POST", "/from-url")
def from_url() -> Any:
    form = UrlForm()
    _offer(form)
    if form.is_sent():
        with form.catching():
            media = create.from_url(form.workspace.data, form.url.data or "", Asked(**form.wanted()))
            return go("media.detail", "The file is being fetched.", media_id=media["id"])
    return show("media/from_url.html", form=form, limits=_limits(), api_url=links.to("/v1/on-demand"))


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
    wanted = request.args.get("workspace", None, type=UUID)
    if request.method == "GET" and wanted:
        form.workspace.data = wanted


def _stage(form: UploadForm) -> str | None:
    """Put the file that came with the form away; what is wrong with it."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return None
    try:
        form.receipt.data = uploads.stage(_pieces(file.stream))
    except Invalid as problem:
        return str(problem.fields["file"])
    form.file_name.data = file.filename[:255]
    return None


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    while piece := stream.read(PIECE):
        yield piece
