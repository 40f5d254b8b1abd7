"""A backup of an instance in use: one moment of the database, and all stored files that this moment speaks of."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fastpix import __version__
from fastpix.backup import archive, files, snapshot
from fastpix.config.settings import Settings, secret_key
from fastpix.db import now
from fastpix.errors import Refused
from fastpix.storage import Storage
from fastpix.storage.failing import on_disk
from fastpix.storage.local import LocalStorage

KEY, FILE_OF_SETTINGS = "secret_key", "settings.toml"
LISTING = "stored.json"
LAST = "last_backup"  # in the instance's folder: when it was
_SPARE = 64 << 20  # bytes that must stay free


@dataclass(frozen=True)
class Made:
    """What a backup holds: stored files in it, their bytes, and the bytes of the backup itself."""

    files: int
    media_bytes: int
    size: int
    has_media: bool


def make(settings: Settings, store: Storage, revision: str, to: Path, *, with_media: bool = True) -> Made:
    """Write a backup to the new file `to`, while the instance is in use.

    Stored files are in it when they lie on a disk of this machine; of S3 it holds the list alone, since the bucket
    has means of its own. Raises `Refused` where the file exists or the disk is too small, `Misconfigured`.
    """
    local = on_disk(store) if with_media else None
    _require_space(settings, local, to)
    kind = snapshot.kind_of(settings.database)
    header = {
        "version": __version__,
        "revision": revision,
        "at": now().isoformat(),
        "database": kind,
        "media": local is not None,
        "key": fingerprint(secret_key(settings)),
    }
    with (
        TemporaryDirectory(prefix=".backup-", dir=to.parent) as work,
        archive.new_file(to) as out,
        archive.Writer(out, header) as writer,
    ):
        picture = Path(work) / snapshot.MEMBERS[kind]
        if local is not None:
            with files.frozen(local, lambda: snapshot.take(settings.database, picture)) as kept:
                _write(writer, settings, picture)
                count, total = _write_media(writer, kept)
        else:
            snapshot.take(settings.database, picture)
            _write(writer, settings, picture)
            count, total = _list(writer, store) if with_media else (0, 0)
    (settings.instance_path / LAST).write_text(f"{header['at']}\n")
    return Made(count, total, to.stat().st_size, local is not None)


def last(settings: Settings) -> datetime | None:
    """When the last backup of this instance was made; None where none was, or nobody knows."""
    try:
        return datetime.fromisoformat((settings.instance_path / LAST).read_text().strip())
    except (OSError, ValueError):
        return None


def fingerprint(key: str) -> str:
    """Tells one secret key from another, and nothing of it."""
    return hashlib.sha256(f"fastpix backup of {key}".encode()).hexdigest()[:12]


def _write(writer: archive.Writer, settings: Settings, picture: Path) -> None:
    writer.add_file(picture.name, picture)
    picture.unlink()
    if not settings.secret_key:
        writer.add_bytes(KEY, secret_key(settings).encode())
    of_settings = settings.instance_path / FILE_OF_SETTINGS
    if of_settings.is_file():
        writer.add_file(FILE_OF_SETTINGS, of_settings)


def _write_media(writer: archive.Writer, kept: dict[str, Path]) -> tuple[int, int]:
    for key, path in sorted(kept.items()):
        writer.add_file(archive.MEDIA + key, path)
    return len(kept), sum(path.stat().st_size for path in kept.values())


def _list(writer: archive.Writer, store: Storage) -> tuple[int, int]:
    """The stored files by key and size, so that a restore can say what is missing."""
    listed: dict[str, Any] = {e.key: e.size for e in store.list() if files.is_kept(e.key)}
    writer.add_bytes(LISTING, json.dumps(listed).encode())
    return len(listed), sum(listed.values())


def _require_space(settings: Settings, local: LocalStorage | None, to: Path) -> None:
    if not to.parent.is_dir():
        raise Refused(f"There is no folder {to.parent}. Make it, or name another one.")
    # Twice the database: the snapshot lies beside the backup until it is in it.
    wanted = 2 * snapshot.size(settings.database) + _SPARE
    if local is not None:
        wanted += sum(entry.size for entry in local.list() if files.is_kept(entry.key))
    free = shutil.disk_usage(to.parent).free
    if free < wanted:
        raise Refused(f"The backup needs up to {wanted >> 20} MiB, and {to.parent} has {free >> 20} MiB free.")
