"""How a media's source comes into the storage: uploaded, fetched, copied from another media, or recorded live."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from fastpix.config import instance
from fastpix.db import transaction
from fastpix.errors import FastpixError, Missing
from fastpix.jobs import queue
from fastpix.jobs.queue import Interrupted
from fastpix.outbound import download
from fastpix.resources.media import lifecycle
from fastpix.resources.media.lifecycle import Work
from fastpix.resources.media.models import CLIP, DOWNLOADING, UPLOAD, URL
from fastpix.resources.media.uploads.lifecycle import key_of, received_key
from fastpix.storage import instance as storage
from fastpix.storage import room
from fastpix.storage.interface import Appender

# A way to bring a source to `work.source_key`, by the kind of source; it answers with the file's name, or "".
Fetcher = Callable[[Work, Callable[[float], None]], str]
Fetchers = Mapping[str, Fetcher]
# How long a download may take, in seconds.
LONGEST_FETCH = 6 * 3600.0


class Unreachable(FastpixError):
    """The source cannot be had, and trying again would not help. The message is for the person who named it."""


def receive(work: Work, report: Callable[[float], None], fetchers: Fetchers) -> None:
    """Bring the source to `work.source_key`, unless an earlier attempt did. Raises `Unreachable`, `Interrupted`.

    `fetchers` are those that other resources know.
    """
    store = storage.get()
    try:
        store.size(work.source_key)
    except Missing:
        fetcher = {**_FETCHERS, **fetchers}[work.source_kind]
        name = fetcher(work, report)
    else:
        name = ""
    with transaction():
        lifecycle.received(work.id, store.size(work.source_key), name)


def _completed(work: Work, _report: Callable[[float], None]) -> str:
    with transaction():
        key = received_key(work.id)
    try:
        storage.get().complete(key, work.source_key)
    except Missing:
        raise Unreachable("The uploaded file is not in the storage any more. Upload it again.") from None
    return ""


def _copied(work: Work, _report: Callable[[float], None]) -> str:
    """A clip keeps a copy of the whole source, so that it lives on when the other media is deleted."""
    store = storage.get()
    source = lifecycle.look(work.source_media_id) if work.source_media_id else None
    if source is None:
        raise Unreachable("The media this clip is made of was deleted.")
    try:
        store.write(work.source_key, store.read(source.source_key))
    except Missing:
        raise Unreachable("The original file of the media this clip is made of is gone.") from None
    return ""


def _fetched(work: Work, report: Callable[[float], None]) -> str:
    with transaction():
        lifecycle.enter(work.id, DOWNLOADING, "Fetching began.", percent=0)
    key = key_of(work.id)
    name = fetch_to(key, work.source_url, instance.settings().upload_limit, report)
    storage.get().complete(key, work.source_key)
    return name


_FETCHERS: Fetchers = {UPLOAD: _completed, URL: _fetched, CLIP: _copied}


def fetch_to(key: str, url: str, max_bytes: int, report: Callable[[float], None] = lambda _share: None) -> str:
    """Append what lies at `url` to `key`; the file name it came with. Raises `Unreachable`, `Interrupted`; what may
    pass by itself (a server that is away) comes as `fetch.FetchFailed`."""
    store = storage.get()
    store.discard(key)
    began = time.monotonic()
    try:
        with store.appender(key) as appender:
            fetched = download.fetch(
                url,
                lambda data: _append(appender, data),
                allow_private=instance.settings().fetch_allow_private,
                max_bytes=max_bytes,
                max_seconds=LONGEST_FETCH,
                on_progress=lambda done, whole: _progressed(report, done, whole),
                should_stop=queue.stopper(),
            )
    except download.FetchFailed as problem:
        store.discard(key)
        if queue.should_stop():
            raise Interrupted from None
        if problem.is_permanent or time.monotonic() - began > LONGEST_FETCH:
            raise Unreachable(str(problem)) from None
        raise
    return fetched.file_name


def _append(appender: Appender, data: bytes) -> None:
    room.check(len(data))
    appender.write(appender.size, data)


def _progressed(report: Callable[[float], None], done: int, whole: int | None) -> None:
    """Raises `NoRoom` as soon as it is known that the rest does not fit."""
    if whole:
        room.check(max(0, whole - done))
    report(done / whole if whole else 0.0)
