"""When a media begins in the times that its segments say: what is added beside it has to begin with it."""

from __future__ import annotations

from pathlib import Path

from fastpix.resources.media.lifecycle import Work
from fastpix.storage import instance as storage
from fastpix.video import package
from fastpix.video.arguments import PLAYLIST


def of(work: Work, folder: Path) -> float:
    """Seconds, read from its first rendition by way of two files in `folder`; 0 where nothing of it plays.

    Raises Failed, Missing.
    """
    if not work.renditions:
        return 0.0
    store, prefix = storage.get(), f"{work.folder}/{work.version}/{work.renditions[0]['name']}"
    names = package.parts(store.read_bytes(f"{prefix}/{PLAYLIST}").decode("ascii"))
    copies = [folder / f"of-the-media-{name}" for name in names]
    try:
        for name, copy in zip(names, copies, strict=True):
            store.fetch(f"{prefix}/{name}", copy)
        return package.origin(*copies)
    finally:
        for copy in copies:
            copy.unlink(missing_ok=True)
