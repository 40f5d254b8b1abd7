"""The worker's jobs beside the media itself: files to download, added subtitles and sounds."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from fastpix.db import transaction
from fastpix.errors import FastpixError, Missing
from fastpix.jobs import queue
from fastpix.jobs.queue import Interrupted
from fastpix.resources.media import jobs, processing, sources, tracks
from fastpix.resources.media.models import READY
from fastpix.resources.media.processing import Work
from fastpix.storage import instance as storage
from fastpix.video import downloads, probe
from fastpix.video import tracks as making
from fastpix.video.facts import Failed, Stopped, Unplayable

Args = Mapping[str, Any]
MAKERS = {"capped-4k.mp4": downloads.mp4, "audio.m4a": downloads.m4a}
EXTENSIONS = {"capped-4k.mp4": "mp4", "audio.m4a": "m4a"}


def download(args: Args) -> None:
    """Make the downloads that are planned, remove those that are not wanted any more."""
    with transaction():
        work = processing.look(UUID(args["media_id"]))
    if work is None or work.status != READY:
        return
    store = storage.get()
    for name in set(MAKERS) - set(work.downloads):
        store.delete(f"{work.folder}/{work.version}/{name}")
    planned = [name for name, entry in work.downloads.items() if entry["status"] == "preparing"]
    made = {name: _make(work, name) for name in planned}
    if made:
        processing.downloadable(work.id, made)


def _make(work: Work, name: str) -> dict[str, Any]:
    """One download from the best rendition: {status, size, ...} as the media's row keeps it."""
    store = storage.get()
    best = max(work.renditions, key=lambda rendition: rendition["height"])
    folder = store.work_folder(f"{work.id}-{secrets.token_hex(6)}")
    try:
        rendition = _local(work, best["name"], folder)
        MAKERS[name](rendition, folder / name, should_stop=queue.stopper())
        size = (folder / name).stat().st_size
        with (folder / name).open("rb") as file:
            store.write(f"{work.folder}/{work.version}/{name}", iter(lambda: file.read(1 << 20), b""))
    except (Failed, Unplayable) as problem:
        if queue.attempt() < jobs.MOST_TRIES:
            raise
        return {"status": "failed", "reason": str(problem)}
    except Stopped:
        raise Interrupted from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    picture = {"width": best["width"], "height": best["height"]} if name.endswith("mp4") else {}
    return {"status": "ready", "size": size, "ext": EXTENSIONS[name], **picture}


def _local(work: Work, rendition: str, folder: Path) -> Path:
    """A rendition as a local folder."""
    store = storage.get()
    prefix = f"{work.folder}/{work.version}/{rendition}"
    index = store.local_path(f"{prefix}/index.m3u8")
    if index is not None:
        return index.parent
    (folder / rendition).mkdir()
    for entry in store.list(prefix):
        store.fetch(entry.key, folder / rendition / entry.key.rpartition("/")[2])
    return folder / rendition


def track(args: Args) -> None:
    """Prepare an added track: subtitles become WebVTT, a sound becomes segments."""
    media_id, track_id = UUID(args["media_id"]), UUID(args["track_id"])
    with transaction():
        work, told = processing.look(media_id), tracks.look(track_id)
    if work is None or told is None:
        return
    store, version = storage.get(), secrets.token_hex(6)
    folder = store.work_folder(f"{track_id}-{version}")
    try:
        source = _source_of_track(work, told, folder)
        details = _subtitles(source, folder, work) if told["type"] == "subtitle" else _sound(source, folder, work)
        source.unlink()
        store.add_folder(folder, f"{work.folder}/tracks/{track_id}/{version}")
        tracks.prepared(track_id, version, details)
    except Stopped:
        raise Interrupted from None
    except (Unplayable, Failed, sources.Unreachable) as problem:
        tracks.failed(track_id, str(problem))
    except Missing:  # the track or its media was deleted meanwhile
        store.delete_folder(f"{work.folder}/tracks/{track_id}")
    except FastpixError as problem:
        if queue.attempt() < jobs.MOST_TRIES:
            raise
        tracks.failed(track_id, f"This did not work after several tries. {problem}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _source_of_track(work: Work, told: dict[str, Any], folder: Path) -> Path:
    """The track's bytes as a local file; fetched first when it was named by an address."""
    store = storage.get()
    key, to = tracks.source_key(work.folder, told["id"]), folder / "source"
    if told["url"]:
        incoming = f"uploads/{told['id']}"
        limit = tracks.LARGEST_SUBTITLES if told["type"] == "subtitle" else sources.policy.max_bytes
        sources.fetch_to(incoming, told["url"], limit)
        store.complete(incoming, key)
    try:
        store.fetch(key, to)
    except Missing:
        raise sources.Unreachable("The file that was sent is not in the storage any more. Send it again.") from None
    return to


def _subtitles(source: Path, folder: Path, work: Work) -> dict[str, Any]:
    if source.stat().st_size > tracks.LARGEST_SUBTITLES:
        raise Unplayable(f"Subtitles may have at most {tracks.LARGEST_SUBTITLES >> 20} MB.")
    text = making.subtitles(source.read_bytes())
    (folder / "subtitles.vtt").write_text(text, "utf-8")
    duration = _duration(work)
    (folder / "index.m3u8").write_text(making.subtitle_playlist(duration), "utf-8")
    return {"duration": duration}


def _sound(source: Path, folder: Path, work: Work) -> dict[str, Any]:
    facts = probe.probe(source, max_seconds=jobs.longest_seconds)
    if not facts.audio:
        raise Unplayable("There is no sound in this file.")
    made = making.audio_track(
        source, folder, _duration(work) or facts.duration, facts=facts, should_stop=queue.stopper()
    )
    return {"codecs": made.codecs, "bandwidth": made.bandwidth}


def _duration(work: Work) -> float:
    return work.duration or 0.0
