"""The worker's job that makes the files for download."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastpix.db import transaction
from fastpix.jobs import filling, queue
from fastpix.resources.media import jobs, lifecycle
from fastpix.resources.media.downloads import domain
from fastpix.resources.media.downloads.rules import AUDIO, FAILED, KINDS, PREPARING, READY, VIDEO
from fastpix.resources.media.lifecycle import Work
from fastpix.resources.media.models import Download
from fastpix.storage import instance as storage
from fastpix.video import downloads
from fastpix.video.datatypes import Failed, Unplayable

MAKERS = {VIDEO: downloads.mp4, AUDIO: downloads.m4a}


def prepare(args: Mapping[str, Any]) -> None:
    """Make the files that are planned, remove those that are not wanted any more."""
    with transaction():
        work = lifecycle.look(UUID(args["media_id"]))
    if work is None or work.status != lifecycle.READY:
        return
    store = storage.get()
    for name in set(MAKERS) - set(work.downloads):
        store.delete(f"{work.folder}/{work.version}/{name}")
    planned = [name for name, file in work.downloads.items() if file["status"] == PREPARING]
    if planned:
        with jobs.wanted(work):
            made = {name: _make(work, name) for name in planned}
        domain.finished(work.id, made)


def _make(work: Work, name: str) -> Download:
    """One file from the best rendition."""
    store = storage.get()
    best = max(work.renditions, key=lambda rendition: rendition["height"])
    folder = store.work_folder(f"{work.id}-{secrets.token_hex(6)}")
    try:
        with filling.with_room():
            rendition = jobs.local_folder(f"{work.folder}/{work.version}/{best['name']}", folder)
            MAKERS[name](rendition, folder / name, should_stop=filling.stopper())
            size = (folder / name).stat().st_size
            with (folder / name).open("rb") as file:
                store.write(f"{work.folder}/{work.version}/{name}", iter(lambda: file.read(1 << 20), b""))
    except (Failed, Unplayable) as problem:
        if queue.attempt() < jobs.MOST_TRIES:
            raise
        return {"status": FAILED, "reason": str(problem)}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    download: Download = {"status": READY, "size": size, "ext": KINDS[name][1]}
    if name == VIDEO:
        download["width"], download["height"] = best["width"], best["height"]
    return download
