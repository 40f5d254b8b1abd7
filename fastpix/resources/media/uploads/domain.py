"""Uploads: an address to send a file to. The media comes to be when the last byte has arrived, with the upload's id."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa

from fastpix import urls
from fastpix.access import principal, tenancy
from fastpix.access.action import action, describe
from fastpix.access.principal import current
from fastpix.config import instance
from fastpix.crypto import seal
from fastpix.db import db, now, reading, transaction
from fastpix.errors import Gone, Invalid, Missing, Refused, WrongState
from fastpix.outbound import connect
from fastpix.resources.access_tokens.queries import count_of_uploads
from fastpix.resources.media import domain, options
from fastpix.resources.media import events as media_events
from fastpix.resources.media import lifecycle as media_lifecycle
from fastpix.resources.media.creation import domain as creation
from fastpix.resources.media.models import UPLOAD, MediaRow
from fastpix.resources.media.options import Options
from fastpix.resources.media.uploads import authentication, events, lifecycle, queries
from fastpix.resources.media.uploads.authentication import PURPOSE, Receiving
from fastpix.resources.media.uploads.lifecycle import key_of
from fastpix.resources.media.uploads.models import CANCELLED, COMPLETED, EXPIRED, WAITING, Upload, UploadRow
from fastpix.resources.workspaces import domain as workspaces
from fastpix.storage import instance as storage
from fastpix.storage import room

LIFE = timedelta(seconds=14_400)
_ORIGIN = re.compile(r"https?://(?:[A-Za-z0-9._-]{1,200}|\[[0-9a-fA-F:.]{2,45}\])(?::[0-9]{1,5})?/?")
_WAIT = " wait for their files already, which is the most. Send or cancel some; each ends by itself after four hours."
_ONE = sa.select(Upload).where(Upload.id == sa.bindparam("upload_id"))


@action("media.create")
def create(workspace_id: UUID, settings: Options, cors_origin: str, file_name: str = "") -> UploadRow:
    """A new address for a file, good for four hours. `cors_origin` is the origin of the page that sends it, or "*".

    Raises `Invalid`, and `Refused` while too many wait for their files.
    """
    workspaces.check(workspace_id)
    settings.check()
    room.check()
    _check_waiting()
    upload = Upload(
        workspace_id=workspace_id,
        cors_origin=_checked_origin(cors_origin),
        settings=settings.as_json(),
        file_name=options.file_name(file_name),
        created_by=current().shown_name,
        by_member_id=current().member_id,
        by_token_id=current().token_id,
        by_token_secret=current().token_secret,
        by_session_id=current().session_id,
        expires_at=now() + LIFE,
    )
    db.session.add(upload)
    db.session.flush()
    describe("upload", upload.id, upload.file_name, after={"corsOrigin": cors_origin}, workspace_id=workspace_id)
    _announce(upload, "media.upload")
    return _as_dict(upload)


@action("media.create", changes=False)
def stage(pieces: Iterable[bytes]) -> str:
    """Keep the bytes of a file that came whole, by a plain form, and return the receipt that `take` wants.

    Touches no row, so that no transaction waits for a large file. Raises `Invalid` for an empty one.
    """
    media_id = uuid4()
    size = 0
    with storage.get().appender(key_of(media_id)) as appender:
        for piece in pieces:
            room.check(len(piece))
            size = appender.write(size, piece)
    if not size:
        storage.get().discard(key_of(media_id))
        raise Invalid("file", "The file is empty. Choose another one.")
    return f"{media_id}~{seal.sign(PURPOSE, 'staged', tenancy.organization_id(), media_id)}"


@action("media.create")
def take(workspace_id: UUID, settings: Options, file_name: str, receipt: str) -> MediaRow:
    """A media of a file that was staged. Raises `Invalid`; for a receipt that is not ours too."""
    text, _, signature = receipt.partition("~")
    if not seal.is_signed(signature, PURPOSE, "staged", tenancy.organization_id(), text):
        raise Invalid("file", "The file that was sent is not here any more. Choose it again.")
    workspaces.check(workspace_id)
    media = creation.new(
        workspace_id, UPLOAD, settings.check(), media_id=UUID(text), source_name=options.file_name(file_name)
    )
    media_lifecycle.enqueue(media, "media.ingest")
    name = media.title or media.source_name
    describe("media", media.id, name, after={"source": "upload"}, workspace_id=workspace_id)
    media_events.media(media, "upload.media_created")
    return domain.get(media.id)


@action("media.view")
def listed(workspace_id: UUID, offset: int, limit: int, is_ascending: bool = False) -> tuple[list[UploadRow], int]:
    """Uploads still waiting for their file, by page number (1-based), with the total."""
    rows = queries.listed(workspace_id, offset, limit, is_ascending=is_ascending)
    return [_as_dict(row) for row in rows], count_of_uploads(workspace_id)


@action("media.create")
def cancel(upload_id: UUID) -> UploadRow:
    """Take no more bytes and forget those that came. Raises `Missing`, `WrongState` (done, cancelled or expired)."""
    upload = db.session.scalar(_ONE, {"upload_id": upload_id})
    if upload is None:
        raise Missing("There is no such upload here.")
    if upload.status != WAITING or upload.expires_at <= now():
        state = EXPIRED if upload.status == WAITING else upload.status
        raise WrongState(f"The upload is {state}; only a waiting one can be cancelled.")
    if not lifecycle.end(upload_id, CANCELLED):
        raise WrongState("The last byte has just arrived; the upload is done.")
    db.session.refresh(upload)
    storage.get().discard(key_of(upload_id, upload.attempt))
    describe("upload", upload_id, upload.file_name, after={"status": CANCELLED}, workspace_id=upload.workspace_id)
    _announce(upload, "media.upload.cancelled")
    return _as_dict(upload)


def complete(receiving: Receiving, size: int) -> bool:
    """All bytes are here: make the media, in the name of whoever asked for the upload. Doing it again changes nothing.

    False: the upload was cancelled or expired meanwhile. Raises `RightEnded`.
    """
    authentication.check(receiving)
    with principal.acting(receiving.actor):
        if lifecycle.end(receiving.id, COMPLETED, attempt=receiving.attempt, size=size):
            _make_media(receiving)
            db.session.flush()
            return True
        return _is_completed(receiving, size)


def begin_anew(receiving: Receiving) -> Receiving:
    """For a file that comes whole: what came before it is forgotten. Raises `Gone` (cancelled, done, expired)."""
    with principal.acting(receiving.actor):
        attempt = lifecycle.begin_anew(receiving.id)
    if attempt is None:
        raise Gone("This upload waits for its file no more. Ask for a new one.")
    return replace(receiving, attempt=attempt, size=None)


def announce(receiving: Receiving, size: int) -> None:
    """A chunk says how large the file is. Raises `Invalid` where another one said otherwise."""
    if receiving.size not in (None, size):
        raise Invalid(
            "Content-Range",
            f"This file was announced with {receiving.size} bytes, and this chunk is of one of {size} bytes. "
            "Send the rest of the first one, or the other one whole, without Content-Range.",
        )
    if receiving.size is None:
        with principal.acting(receiving.actor):
            lifecycle.announce(receiving.id, size)


def waits(receiving: Receiving) -> bool:
    """Whether this attempt still waits for its bytes. In a transaction of its own, which only reads.

    Raises `RightEnded` where whoever asked for it has lost the right.
    """
    waiting = sa.select(Upload.id).where(Upload.status == WAITING, Upload.attempt == receiving.attempt)
    with reading(), transaction():
        with tenancy.everywhere("who sends a file is known by the address alone"):
            is_there = db.session.scalar(waiting.where(Upload.id == receiving.id)) is not None
        if is_there:
            authentication.check(receiving, is_to_write=False)
    return is_there


def is_done(receiving: Receiving) -> bool:
    """Whether another request brought the last byte of the same attempt just now."""
    with principal.acting(receiving.actor):
        return _is_completed(receiving, None)


def _is_completed(receiving: Receiving, size: int | None) -> bool:
    row = db.session.execute(sa.select(Upload.status, Upload.attempt, Upload.size).where(Upload.id == receiving.id))
    status, attempt, whole = row.one_or_none() or ("", "", None)
    return status == COMPLETED and attempt == receiving.attempt and size in (None, whole)


@action("media.create")
def _make_media(receiving: Receiving) -> None:
    upload = db.session.scalar(_ONE, {"upload_id": receiving.id})
    if upload is None:
        raise Missing("There is no such upload.")
    media = creation.new(
        upload.workspace_id,
        UPLOAD,
        Options(**upload.settings),
        media_id=upload.id,
        source_name=upload.file_name,
        created_by=upload.created_by,
    )
    media_lifecycle.enqueue(media, "media.ingest")
    name = media.title or media.source_name
    describe("media", media.id, name, after={"source": "upload"}, workspace_id=upload.workspace_id)
    media_events.media(media, "upload.media_created")


def forget(receipt: str) -> None:
    """Discard a file that was staged, and is not taken."""
    text, _, signature = receipt.partition("~")
    if seal.is_signed(signature, PURPOSE, "staged", tenancy.organization_id(), text):
        storage.get().discard(key_of(UUID(text)))


def open_count() -> int:
    """How many uploads of the instance still wait for their file."""
    with tenancy.everywhere("the operator counts the uploads of all organizations"):
        waiting = sa.select(sa.func.count()).select_from(Upload).where(Upload.status == WAITING)
        return db.session.scalar(waiting) or 0


def address(upload_id: UUID) -> str:
    """The absolute address that takes the file. Whoever has it may send."""
    return urls.to(f"/upload/{upload_id}?upload_id={seal.sign(PURPOSE, upload_id)}")


def _check_waiting() -> None:
    """Each address takes a whole file, so that they are not given out without end. A few at the same moment may be more."""
    limits, token_id = instance.settings(), current().token_id
    if token_id is not None and 0 < limits.waiting_uploads_per_token <= count_of_uploads(token_id=token_id):
        raise Refused(f"{limits.waiting_uploads_per_token} uploads of this access token{_WAIT}")
    if 0 < limits.waiting_uploads_per_organization <= count_of_uploads():
        raise Refused(f"{limits.waiting_uploads_per_organization} uploads of this organization{_WAIT}")


def _checked_origin(text: str) -> str:
    with suppress(ValueError):  # browsers name a page of another alphabet in ASCII
        text = text if text.isascii() else connect.in_ascii(text)
    if text != "*" and not _ORIGIN.fullmatch(text):
        raise Invalid(
            "corsOrigin", "Give the origin of the page that sends the file, such as https://example.com, or *."
        )
    return text.rstrip("/")


def _announce(upload: Upload, name: str) -> None:
    events.upload(upload, name, lambda: _as_dict(upload))


def _as_dict(upload: Upload) -> UploadRow:
    return {
        "id": upload.id,
        "workspace_id": upload.workspace_id,
        "status": upload.status,
        # The address lets its holder create media: only those see it who may.
        "url": address(upload.id) if principal.may("media.create") else None,
        "cors_origin": upload.cors_origin,
        "settings": Options(**upload.settings),
        "file_name": upload.file_name,
        "created_at": upload.created_at,
        "expires_at": upload.expires_at,
    }
