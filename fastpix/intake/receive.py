"""Stores the bytes of an upload as they come: flat memory, no open transaction, and nothing twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from fastpix.db import db, now
from fastpix.errors import Gone, Invalid, Missing
from fastpix.intake.protocol import Chunk
from fastpix.resources.media.uploads import domain as uploads
from fastpix.resources.media.uploads.authentication import Receiving, RightEnded
from fastpix.resources.media.uploads.models import COMPLETED, WAITING
from fastpix.storage import instance as storage
from fastpix.storage import room
from fastpix.storage.interface import READ_BYTES

Read = Callable[[int], bytes]
# How often a long body looks whether its upload was cancelled, or went with its workspace.
LOOK_SECONDS = 1.0


class TooLarge(Invalid):
    """More than this server takes; `limit` is in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__("file", f"The file is larger than the {limit >> 30} GiB that this server takes.")
        self.limit = limit


@dataclass(frozen=True)
class Stored:
    """How many bytes are there now, and whether that is the whole file."""

    size: int
    is_complete: bool


def take(upload: Receiving, chunk: Chunk, read: Read, limit: int) -> Stored:
    """Store what the body brings. Raises `Gone` (cancelled, expired, the right lost), `Invalid`, `TooLarge`, `StorageFailed`.

    A chunk that comes again is skipped as far as it is stored; one of a finished upload is answered as done.
    """
    if upload.status == COMPLETED:
        db.session.rollback()
        drain(read, chunk.length)
        if chunk.total not in (None, upload.size):
            raise Gone(f"This upload is done: its file has {upload.size} bytes. Ask for a new one for another file.")
        return Stored(upload.size or 0, is_complete=True)
    if upload.status != WAITING or upload.expires_at <= now():
        raise Gone("This upload was cancelled or its four hours are over. Ask for a new one.")
    if max(chunk.total or 0, chunk.start + (chunk.length or 0)) > limit:
        raise TooLarge(limit)
    if chunk.total == 0:
        raise Invalid("file", "The file is empty. Choose another one.")
    if not chunk.is_query:  # what has come of it takes room already
        room.check(max(0, (chunk.total or chunk.start + (chunk.length or 0)) - chunk.start))
    if chunk.is_whole:
        read = _begun(read)
        upload = uploads.begin_anew(upload)
    elif chunk.total is not None:
        uploads.announce(upload, chunk.total)
    if chunk.is_query:
        return _settled(upload, storage.get().appended(upload.key), chunk)
    try:
        return _settled(upload, _append(upload, chunk, read, limit), chunk)
    except RightEnded:
        storage.get().discard(upload.key)  # of this attempt, which the caller does not know
        raise


def _begun(read: Read) -> Read:
    """The same body, of which a first byte is here. Raises `Invalid` for an empty one, before anything is forgotten."""
    db.session.rollback()
    waiting = [read(1)]
    if not waiting[0]:
        raise Invalid("file", "The file is empty. Choose another one.")
    return lambda size: waiting.pop() if waiting else read(size)


def _append(upload: Receiving, chunk: Chunk, read: Read, limit: int) -> int:
    """The new size. Whatever came before a cut connection stays."""
    db.session.rollback()  # no connection to the database waits while the body comes
    try:
        with storage.get().appender(upload.key) as appender:
            if chunk.start > appender.size:
                raise Invalid(
                    "Content-Range", f"Bytes {appender.size} to {chunk.start - 1} are missing. Send them first."
                )
            at, left = chunk.start, chunk.length if chunk.length is not None else limit + 1
            looked_at = time.monotonic()
            while left and (data := read(min(READ_BYTES, left))):
                if time.monotonic() - looked_at >= LOOK_SECONDS:
                    looked_at = time.monotonic()
                    if not uploads.waits(upload):
                        raise Missing("This upload waits no more.")
                room.check(len(data))
                appender.write(at, data)
                at, left = at + len(data), left - len(data)
                if at > limit:
                    raise TooLarge(limit)
            return appender.size
    except Missing:
        if uploads.is_done(upload):  # another request for the same bytes finished the upload just now
            return chunk.total or chunk.start + (chunk.length or 0)
        storage.get().discard(upload.key)  # what came after it was forgotten
        raise Gone("This upload was cancelled while it came, or its file is sent anew.") from None


def _settled(upload: Receiving, size: int, chunk: Chunk) -> Stored:
    whole = chunk.total
    if whole is None and not chunk.is_query and chunk.length is None:
        whole = size  # a body without any length, read to its end
    if whole is None or size < whole:
        return Stored(size, is_complete=False)
    if size > whole:
        raise Invalid(
            "Content-Range",
            f"{size} bytes are stored already, which is more than the {whole} of this file. "
            "Send it whole, without Content-Range, to begin anew.",
        )
    if whole == 0:
        raise Invalid("file", "The file is empty. Choose another one.")
    if not uploads.complete(upload, whole):
        raise Gone("This upload was cancelled while it came, or its file is sent anew.")
    return Stored(whole, is_complete=True)


def drain(read: Read, length: int | None) -> None:
    """Read a body that is not needed: a browser hears no answer before it has sent all."""
    left = length if length is not None else 1 << 30
    while left and (data := read(min(READ_BYTES, left))):
        left -= len(data)
