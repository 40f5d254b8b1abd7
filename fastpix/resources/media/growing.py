"""What plays already of a media that is still being made: stored bit by bit under its version, and shown from then on.

Each attempt has a version of its own, so what one stored never mixes with what another stores. A thread of its own does
the storing, so that a slow storage holds up neither ffmpeg nor whoever calls the work off.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from fastpix.db import db, transaction
from fastpix.errors import FastpixError
from fastpix.jobs import queue
from fastpix.resources.media import lifecycle
from fastpix.resources.media.lifecycle import Work
from fastpix.resources.media.models import Rendition
from fastpix.storage import instance as storage
from fastpix.storage.interface import Storage
from fastpix.video import datatypes
from fastpix.video.growing import PLAYLIST_SO_FAR, GrownRung, playlist

log = logging.getLogger("fastpix.media")


def stored(rendition: datatypes.Rendition) -> Rendition:
    """A rendition as the row of its media keeps it."""
    return {
        "name": rendition.name,
        "width": rendition.width,
        "height": rendition.height,
        "bandwidth": rendition.bandwidth,
        "average_bandwidth": rendition.average_bandwidth,
        "codecs": rendition.codecs,
        "frame_rate": rendition.frame_rate,
        "size": rendition.size,
    }


@contextmanager
def shown(work: Work, version: str) -> Iterator[Show]:
    """Inside, what is handed to `take` plays. Left by an exception, nothing of this version does, nor is anything stored."""
    show = Show(work, version, storage.get())
    try:
        yield show
    except BaseException:
        show.end()
        db.session.rollback()
        with transaction():
            lifecycle.withdraw(work.id, version)
        with suppress(FastpixError, OSError):  # what it cannot remove, the next attempt or the storage check does
            storage.get().delete_folder(show.prefix)
        raise
    finally:
        show.end()


class Show:
    """Stores what it is given, the smallest rung first, and has the media play once each rung has a segment."""

    def __init__(self, work: Work, version: str, store: Storage) -> None:
        self._work, self._version, self._store = work, version, store
        self.prefix = f"{work.folder}/{version}"
        self._stored: dict[Path, int] = {}
        self._playlists: set[str] = set()
        self._rungs: Sequence[GrownRung] = ()
        self._is_news, self._is_over, self._is_playable = threading.Event(), False, threading.Event()
        self._has_begun = False
        self._thread = threading.Thread(target=self._run, name="growing", daemon=True)

    def take(self, rungs: Sequence[GrownRung]) -> None:
        """What is whole by now, the largest rung first. Called by the thread of the job, outside a transaction."""
        self._rungs = rungs
        self._is_news.set()
        if self._thread.ident is None:
            self._thread.start()
        if self._is_playable.is_set() and not self._has_begun:
            self._has_begun = True
            self._begin([stored(rung.rendition) for rung in rungs])

    def end(self) -> None:
        """Store no more of it. May be called again."""
        self._is_over = True
        self._is_news.set()
        if self._thread.ident is not None:
            self._thread.join()

    def leave_rest(self) -> None:
        """End, and leave in the folder of the work only what is not stored yet: what is needed there was made of it."""
        self.end()
        for path in self._stored:
            path.unlink(missing_ok=True)

    def settle(self) -> None:
        """All files are stored, whole playlists among them: those that grew are taken away."""
        for key in self._playlists:
            self._store.delete(key)

    def _begin(self, renditions: list[Rendition]) -> None:
        with transaction():
            if queue.is_ours():
                lifecycle.plays(self._work.id, self._version, renditions)

    def _run(self) -> None:
        """In the thread. A storage that fails is left to the end of the job, which stores what is not there yet."""
        try:
            while not self._is_over:
                self._is_news.wait()
                self._is_news.clear()
                rungs = self._rungs
                if all(self._store_rung(rung) for rung in reversed(rungs)):
                    self._is_playable.set()
        except (FastpixError, OSError, ValueError) as problem:
            log.warning("media.growing media=%s problem=%s", self._work.id, problem)

    def _store_rung(self, rung: GrownRung) -> bool:
        """Store what is new of a rung, and then the playlist that names it. False: it has to end."""
        folder = f"{self.prefix}/{rung.rendition.name}"
        new = [path for path in rung.files if path not in self._stored]
        for path in new:
            if self._is_over:
                return False
            self._stored[path] = self._store.add_file(path, f"{folder}/{path.name}")
        if new:
            key = f"{folder}/{PLAYLIST_SO_FAR}"
            self._playlists.add(key)
            self._store.write(key, playlist(rung).encode("ascii"))
        return True
