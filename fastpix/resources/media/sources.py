"""How a media's source comes into the storage: uploaded, fetched, copied from another media, or recorded live."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from fastpix import fetch
from fastpix.db import transaction
from fastpix.errors import FastpixError, Missing
from fastpix.jobs import queue
from fastpix.jobs.queue import Interrupted
from fastpix.resources.media import processing, recordings, uploads
from fastpix.resources.media.models import CLIP, DOWNLOADING, RECORDING, URL
from fastpix.resources.media.processing import Work
from fastpix.storage import instance as storage


class Unreachable(FastpixError):
    """The source cannot be had, and trying again would not help. The message is for the person who named it."""


@dataclass
class Policy:
    """What may be fetched: sizes in bytes, times in seconds. Set from the settings by `fastpix.app`."""

    allow_private: bool = False
    max_bytes: int = 50 << 30
    max_seconds: float = 6 * 3600.0


policy = Policy()


def receive(work: Work, report: Callable[[float], None]) -> None:
    """Bring the source to `work.source_key`, unless an earlier attempt did. Raises `Unreachable`, `Interrupted`."""
    store = storage.get()
    try:
        store.size(work.source_key)
    except Missing:
        ways = {URL: _fetched, CLIP: _copied, RECORDING: _assembled}
        name = ways.get(work.source_kind, _completed)(work, report)
    else:
        name = ""
    with transaction():
        processing.received(work.id, store.size(work.source_key), name)


def _completed(work: Work, _report: Callable[[float], None]) -> str:
    try:
        storage.get().complete(uploads.key_of(work.id), work.source_key)
    except Missing:
        raise Unreachable("The uploaded file is not in the storage any more. Upload it again.") from None
    return ""


def _copied(work: Work, _report: Callable[[float], None]) -> str:
    """A clip keeps a copy of the whole source, so that it lives on when the other media is deleted."""
    store = storage.get()
    source = processing.look(work.source_media_id) if work.source_media_id else None
    if source is None:
        raise Unreachable("The media this clip is made of was deleted.")
    try:
        store.write(work.source_key, store.read(source.source_key))
    except Missing:
        raise Unreachable("The original file of the media this clip is made of is gone.") from None
    return ""


def _assembled(work: Work, report: Callable[[float], None]) -> str:
    if not recordings.assemble(work, report):
        raise Unreachable(
            "Nothing of this broadcast that could be read is in the storage, so there is no recording of it."
        )
    return ""


def _fetched(work: Work, report: Callable[[float], None]) -> str:
    with transaction():
        processing.mark(work.id, DOWNLOADING, "Fetching began.", percent=0)
    key = uploads.key_of(work.id)
    name = fetch_to(key, work.source_url, policy.max_bytes, report)
    storage.get().complete(key, work.source_key)
    return name


def fetch_to(key: str, url: str, max_bytes: int, report: Callable[[float], None] = lambda _share: None) -> str:
    """Append what lies at `url` to `key`; the file name it came with. Raises `Unreachable`, `Interrupted`; what may
    pass by itself (a server that is away) comes as `fetch.FetchFailed`."""
    store = storage.get()
    store.discard(key)
    began = time.monotonic()
    try:
        with store.appender(key) as appender:
            found = fetch.fetch(
                url,
                lambda data: appender.write(appender.size, data) and None,
                allow_private=policy.allow_private,
                max_bytes=max_bytes,
                max_seconds=policy.max_seconds,
                on_progress=lambda done, whole: report(done / whole if whole else 0.0),
                should_stop=queue.stopper(),
            )
    except fetch.FetchFailed as problem:
        store.discard(key)
        if queue.should_stop():
            raise Interrupted from None
        if problem.is_permanent or time.monotonic() - began > policy.max_seconds:
            raise Unreachable(str(problem)) from None
        raise
    return found.file_name
