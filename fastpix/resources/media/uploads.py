"""Uploads: an address to send a file to. The media comes to be when the last byte has arrived, with the upload's id."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from fastpix import links, seal
from fastpix.access import principal, table, tenancy
from fastpix.access.action import action, describe
from fastpix.access.principal import current
from fastpix.db import db, now
from fastpix.errors import Invalid, Missing, WrongState
from fastpix.resources.media import announce, asked, domain
from fastpix.resources.media import create as creation
from fastpix.resources.media.asked import Asked
from fastpix.resources.media.models import CANCELLED, COMPLETED, EXPIRED, WAITING, Upload
from fastpix.resources.members.models import Member
from fastpix.resources.workspaces import domain as workspaces
from fastpix.storage import instance as storage

LIFE = timedelta(seconds=14_400)
PURPOSE = "upload"
_ORIGIN = re.compile(r"https?://(?:[A-Za-z0-9._-]{1,200}|\[[0-9a-fA-F:.]{2,45}\])(?::[0-9]{1,5})?/?")
_ONE = sa.select(Upload).where(Upload.id == sa.bindparam("upload_id"))
_ROLE = sa.select(Member.role).where(Member.id == sa.bindparam("member_id"))
_WAITING = sa.select(Upload).where(Upload.status == WAITING, Upload.expires_at > sa.bindparam("moment"))
_COUNT = sa.select(sa.func.count(Upload.id)).where(Upload.status == WAITING, Upload.expires_at > sa.bindparam("moment"))


@dataclass(frozen=True)
class Receiving:
    """An upload as the one who receives its bytes needs it."""

    id: UUID
    organization_id: UUID
    status: str
    cors_origin: str
    expires_at: datetime
    created_by: str

    @property
    def key(self) -> str:
        return key_of(self.id)


@action("media.create")
def create(workspace_id: UUID, wanted: Asked, cors_origin: str, file_name: str = "") -> dict[str, Any]:
    """A new address for a file, good for four hours. `cors_origin` is the origin of the page that sends it, or "*".

    Raises `Invalid`.
    """
    workspaces.check(workspace_id)
    wanted.check()
    upload = Upload(
        workspace_id=workspace_id,
        cors_origin=_checked_origin(cors_origin),
        settings=wanted.as_json(),
        file_name=asked.file_name(file_name),
        created_by=current().shown_name,
        by_member_id=current().member_id,
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
            size = appender.write(size, piece)
    if not size:
        storage.get().discard(key_of(media_id))
        raise Invalid("file", "The file is empty. Choose another one.")
    return f"{media_id}~{seal.sign(PURPOSE, 'staged', tenancy.organization_id(), media_id)}"


@action("media.create")
def take(workspace_id: UUID, wanted: Asked, file_name: str, receipt: str) -> dict[str, Any]:
    """A media of a file that was staged. Raises `Invalid`; for a receipt that is not ours too."""
    text, _, signature = receipt.partition("~")
    if not seal.is_signed(signature, PURPOSE, "staged", tenancy.organization_id(), text):
        raise Invalid("file", "The file that was sent is not here any more. Choose it again.")
    workspaces.check(workspace_id)
    media = creation.new(
        workspace_id, "upload", wanted.check(), media_id=UUID(text), source_name=asked.file_name(file_name)
    )
    domain.enqueue(media, "media.ingest")
    name = media.title or media.source_name
    describe("media", media.id, name, after={"source": "upload"}, workspace_id=workspace_id)
    announce.media(media, "upload.media_created")
    return domain.get(media.id)


@action("media.view")
def listed(workspace_id: UUID, offset: int, limit: int, is_ascending: bool = False) -> tuple[list[dict[str, Any]], int]:
    """Uploads still waiting for their file, by page number (1-based), with the total."""
    order = Upload.created_at.asc() if is_ascending else Upload.created_at.desc()
    here = Upload.workspace_id == workspace_id
    rows = _WAITING.where(here).order_by(order, Upload.id).offset((offset - 1) * limit).limit(limit)
    moment = {"moment": now()}
    return [_as_dict(row) for row in db.session.scalars(rows, moment)], db.session.scalar(
        _COUNT.where(here), moment
    ) or 0


@action("media.create")
def cancel(upload_id: UUID) -> dict[str, Any]:
    """Take no more bytes and forget those that came. Raises `Missing`, `WrongState` (done, cancelled or expired)."""
    upload = db.session.scalar(_ONE, {"upload_id": upload_id})
    if upload is None:
        raise Missing("There is no such upload here.")
    if upload.status != WAITING or upload.expires_at <= now():
        state = EXPIRED if upload.status == WAITING else upload.status
        raise WrongState(f"The upload is {state}; only a waiting one can be cancelled.")
    claim = sa.update(Upload).where(Upload.id == upload_id, Upload.status == WAITING).values(status=CANCELLED)
    if not db.session.execute(claim).rowcount:  # type: ignore[attr-defined]  # a cursor's result
        raise WrongState("The last byte has just arrived; the upload is done.")
    db.session.refresh(upload)
    storage.get().discard(key_of(upload_id))
    describe("upload", upload_id, upload.file_name, after={"status": CANCELLED}, workspace_id=upload.workspace_id)
    _announce(upload, "media.upload.cancelled")
    return _as_dict(upload)


def find(upload_id: UUID, secret: str) -> Receiving:
    """The upload behind an address. Not a verb: the address is the proof. Raises `Missing`."""
    if not seal.is_signed(secret, PURPOSE, upload_id):
        raise Missing("There is no such upload.")
    with tenancy.everywhere("who sends a file is known by the address alone"):
        upload = db.session.scalar(_ONE, {"upload_id": upload_id})
        role = db.session.scalar(_ROLE, {"member_id": upload.by_member_id}) if upload is not None else None
    if upload is None or (upload.by_member_id and "media.create" not in table.permissions_of(role or "member")):
        raise Missing("There is no such upload.")
    return Receiving(**{name: getattr(upload, name) for name in Receiving.__dataclass_fields__})


def complete(receiving: Receiving, size: int) -> bool:
    """All bytes are here: make the media, in the name of whoever asked for the upload. Doing it again changes nothing.

    False: the upload was cancelled or expired meanwhile.
    """
    actor = principal.system(f"upload by {receiving.created_by}", receiving.organization_id, "api")
    with principal.acting(actor):
        statement = sa.update(Upload).where(Upload.id == receiving.id, Upload.status == WAITING)
        result: Any = db.session.execute(statement.values(status=COMPLETED, size=size))
        if result.rowcount == 1:
            _make_media(receiving)
            db.session.flush()
            return True
        return db.session.scalar(sa.select(Upload.status).where(Upload.id == receiving.id)) == COMPLETED


@action("media.create")
def _make_media(receiving: Receiving) -> None:
    upload = db.session.scalar(_ONE, {"upload_id": receiving.id})
    if upload is None:
        raise Missing("There is no such upload.")
    wanted = Asked(**upload.settings)
    media = creation.new(
        upload.workspace_id,
        "upload",
        wanted,
        media_id=upload.id,
        source_name=upload.file_name,
        created_by=upload.created_by,
    )
    domain.enqueue(media, "media.ingest")
    name = media.title or media.source_name
    describe("media", media.id, name, after={"source": "upload"}, workspace_id=upload.workspace_id)
    announce.media(media, "upload.media_created")


def expire() -> int:
    """Forget the bytes of uploads whose time is over. Returns how many. Housekeeping of the worker."""
    with tenancy.everywhere("housekeeping of all organizations' uploads"):
        over = list(
            db.session.scalars(
                sa.select(Upload.id).where(Upload.status == WAITING, Upload.expires_at <= now()).limit(500)
            )
        )
        ended = sa.update(Upload).where(Upload.id.in_(over), Upload.status == WAITING).values(status=EXPIRED)
        # Only what was still waiting: the last byte of another one may have come just now.
        over = list(db.session.scalars(ended.returning(Upload.id).execution_options(synchronize_session=False)))
    for upload_id in over:
        storage.get().discard(key_of(upload_id))
    return len(over)


def open_count() -> int:
    """How many uploads of the instance still wait for their file."""
    with tenancy.everywhere("the operator counts the uploads of all organizations"):
        waiting = sa.select(sa.func.count()).select_from(Upload).where(Upload.status == WAITING)
        return db.session.scalar(waiting) or 0


def key_of(upload_id: UUID) -> str:
    """Where the bytes that came so far lie."""
    return f"uploads/{upload_id}"


def address(upload_id: UUID) -> str:
    """The absolute address that takes the file. Whoever has it may send."""
    return links.to(f"/upload/{upload_id}?upload_id={seal.sign(PURPOSE, upload_id)}")


def _checked_origin(text: str) -> str:
    if text != "*" and not _ORIGIN.fullmatch(text):
        raise Invalid(
            "corsOrigin", "Give the origin of the page that sends the file, such as https://example.com, or *."
        )
    return text.rstrip("/")


def _announce(upload: Upload, name: str) -> None:
    announce.upload(upload.id, upload.workspace_id, upload.status, name, lambda: _as_dict(upload))


def _as_dict(upload: Upload) -> dict[str, Any]:
    return {
        "id": upload.id,
        "workspace_id": upload.workspace_id,
        "status": upload.status,
        # The address lets its holder create media: only those see it who may.
        "url": address(upload.id) if principal.may("media.create") else None,
        "cors_origin": upload.cors_origin,
        "settings": upload.settings,
        "file_name": upload.file_name,
        "created_at": upload.created_at,
        "expires_at": upload.expires_at,
    }
