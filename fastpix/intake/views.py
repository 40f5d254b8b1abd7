"""`/upload/<id>`: takes a file in chunks. `/source/<id>`: gives an original back. The signed address is the proof."""

from __future__ import annotations

import sys
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import ClientDisconnected

from fastpix.db import db
from fastpix.errors import FastpixError, Gone, Invalid, Missing
from fastpix.intake import protocol, receive
from fastpix.resources.media import asked, sources_of, uploads
from fastpix.resources.media.uploads import Receiving
from fastpix.storage import instance as storage
from fastpix.web import envelope
from fastpix.web.resource import conclude

blueprint = Blueprint("intake", __name__)
STATUSES: dict[type[FastpixError], int] = {receive.TooLarge: 413, Gone: 410, Missing: 404, Invalid: 400}


@blueprint.route("/upload/<uuid:upload_id>", methods=["POST", "PUT", "OPTIONS"], provide_automatic_options=False)
def upload(upload_id: UUID) -> Any:
    """Open with POST, send with PUT; CORS allows the origin the upload was asked for."""
    if request.method == "OPTIONS":
        return _answer(Response(status=204), _origin_of(upload_id))
    request.max_content_length = sys.maxsize  # the limit of uploads is our own; None would mean that of forms
    found: Receiving | None = None
    try:
        found = uploads.find(upload_id, request.args.get("upload_id", ""))
        response = _open(found) if request.method == "POST" else _put(found)
    except ClientDisconnected:
        response = envelope.failure(400, "The connection ended before the chunk did.")
    except FastpixError as problem:
        response = _refuse(problem)
    return _answer(conclude(response), found.cors_origin if found else "*")


@blueprint.get("/source/<uuid:media_id>")
def source(media_id: UUID) -> Any:
    """The original file, for whoever holds an address that `sources_of.address` made."""
    signature, until = request.args.get("signature", ""), request.args.get("until", 0, type=int)
    found = sources_of.find(media_id, until, signature)
    if found is None:
        return envelope.failure(401, "This address is not valid (any more). Get a new one from the media's page.")
    key, name = found
    db.session.rollback()
    response = Response(storage.get().read(key), mimetype="application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=asked.file_name(name) or "source")
    response.content_length = storage.get().size(key)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _open(found: Receiving) -> Response:
    """A session is the address itself: opening it again goes on where it was."""
    response = envelope.success({"uploadId": str(found.id)}, 201)
    response.headers["Location"] = uploads.address(found.id)
    return response


def _put(found: Receiving) -> Response:
    limit = current_app.config["FASTPIX"].upload_limit
    chunk = protocol.parse(request.headers.get("Content-Range"), request.content_length)
    stored = receive.take(found, chunk, request.stream.read, limit)
    if stored.is_complete:
        return envelope.success({"uploadId": str(found.id)})
    response = Response(status=308)
    if stored.size:
        response.headers["Range"] = f"bytes=0-{stored.size - 1}"
    return response


def _refuse(problem: FastpixError) -> Response:
    db.session.rollback()
    receive.drain(request.stream.read, min(request.content_length or 0, 64 << 20))
    status = next((code for kind, code in STATUSES.items() if isinstance(problem, kind)), 409)
    text = "; ".join(problem.fields.values()) if isinstance(problem, Invalid) else str(problem)
    response = envelope.failure(status, text)
    if isinstance(problem, receive.TooLarge):
        response.headers["X-Fastpix-Limit"] = str(problem.limit)  # tells our 413 from a proxy's
    return response


def _origin_of(upload_id: UUID) -> str:
    try:
        return uploads.find(upload_id, request.args.get("upload_id", "")).cors_origin
    except Missing:
        return "*"  # so that the page can read the refusal of what it sends next


def _answer(response: Any, origin: str) -> Any:
    response.headers.update(protocol.cors(origin))
    response.headers["Cache-Control"] = "no-store"
    return response
