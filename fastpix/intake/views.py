"""`/upload/<id>`: takes a file in chunks. `/source/<id>`: gives an original back. The signed address is the proof."""

from __future__ import annotations

import logging
import sys
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, current_app, g, request
from werkzeug.exceptions import ClientDisconnected, UnsupportedMediaType

from fastpix.access import principal
from fastpix.db import db
from fastpix.errors import FastpixError, Gone, Invalid, Missing, NoRoom, StorageFailed
from fastpix.intake import protocol, receive
from fastpix.resources.media import options
from fastpix.resources.media.source import domain as sources
from fastpix.resources.media.uploads import authentication
from fastpix.resources.media.uploads import domain as uploads
from fastpix.resources.media.uploads.authentication import Receiving
from fastpix.storage import instance as storage
from fastpix.web import denied_audit, envelope, parsing
from fastpix.web.pages import conclude

log = logging.getLogger(__name__)
blueprint = Blueprint("intake", __name__)
STATUSES: dict[type[FastpixError], int] = {
    receive.TooLarge: 413,
    Gone: 410,
    Missing: 404,
    Invalid: 400,
    NoRoom: 507,
    StorageFailed: 503,
}


@blueprint.route("/upload/<uuid:upload_id>", methods=["POST", "PUT", "OPTIONS"], provide_automatic_options=False)
def upload(upload_id: UUID) -> Any:
    """Open with POST, send with PUT; CORS allows the origin the upload was asked for."""
    if request.method == "OPTIONS":
        return _answer(Response(status=204), _origin_of(upload_id))
    request.max_content_length = sys.maxsize  # the limit of uploads is our own; None would mean that of forms
    receiving: Receiving | None = None
    try:
        receiving = authentication.find(
            upload_id, request.args.get("upload_id", ""), address=request.remote_addr, request_id=g.request_id
        )
        authentication.check(receiving)
        response = _open(receiving) if request.method == "POST" else _put(receiving)
    except UnsupportedMediaType as problem:
        receive.drain(request.stream.read, min(request.content_length or 0, 64 << 20))
        response = envelope.failure(415, str(problem.description))
    except ClientDisconnected:
        response = envelope.failure(400, "The connection ended before the chunk did.")
    except authentication.RightEnded as problem:
        response = _refuse(problem)
        _forget(receiving)
    except FastpixError as problem:
        response = _refuse(problem)
    return _answer(conclude(response), receiving.cors_origin if receiving else "*")


@blueprint.get("/source/<uuid:media_id>")
def source(media_id: UUID) -> Any:
    """The original file, for whoever holds an address that `sources.address` made."""
    signature, until = request.args.get("signature", ""), request.args.get("until", 0, type=int)
    file = sources.find(media_id, until, signature)
    if file is None:
        return envelope.failure(401, "This address is not valid (any more). Get a new one from the media's page.")
    key, name = file
    db.session.rollback()
    response = Response(storage.get().read(key), mimetype="application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=options.file_name(name) or "source")
    response.content_length = storage.get().size(key)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _open(receiving: Receiving) -> Response:
    """A session is the address itself: opening it again goes on where it was. Raises `Invalid` for a body."""
    if request.content_length or (request.content_length is None and request.stream.read(1)):
        raise Invalid("file", "Open the upload with an empty POST, and send the file with PUT to the same address.")
    response = envelope.success({"uploadId": str(receiving.id)}, 201)
    response.headers["Location"] = uploads.address(receiving.id)
    return response


def _put(receiving: Receiving) -> Response:
    parsing.refuse_encoded()
    limit = current_app.config["FASTPIX"].upload_limit
    chunk = protocol.parse(request.headers.get("Content-Range"), request.content_length)
    stored = receive.take(receiving, chunk, request.stream.read, limit)
    if stored.is_complete:
        return envelope.success({"uploadId": str(receiving.id)})
    response = Response(status=308)
    if stored.size:
        response.headers["Range"] = f"bytes=0-{stored.size - 1}"
    return response


def _refuse(problem: FastpixError) -> Response:
    db.session.rollback()
    receive.drain(request.stream.read, min(request.content_length or 0, 64 << 20))
    status = next((code for kind, code in STATUSES.items() if isinstance(problem, kind)), 409)
    if isinstance(problem, StorageFailed):
        log.error("an upload could not be stored: %s", problem.__cause__ or problem)
    text = "; ".join(problem.fields.values()) if isinstance(problem, Invalid) else str(problem)
    response = envelope.failure(status, text)
    if isinstance(problem, receive.TooLarge):
        response.headers["X-Fastpix-Limit"] = str(problem.limit)  # tells our 413 from a proxy's
    return response


def _forget(receiving: Receiving | None) -> None:
    """Nothing is kept of who has lost the right; that they tried is in the audit log."""
    if receiving is not None:
        principal.enter(receiving.actor)
        denied_audit.denied(authentication.PERMISSION)
        storage.get().discard(receiving.key)


def _origin_of(upload_id: UUID) -> str:
    try:
        return authentication.find(upload_id, request.args.get("upload_id", "")).cors_origin
    except (Missing, Gone):
        return "*"  # so that the page can read the refusal of what it sends next


def _answer(response: Any, origin: str) -> Any:
    response.headers.update(protocol.cors(origin))
    response.headers["Cache-Control"] = "no-store"
    return response
