"""A backup put back: looked through whole before anything is touched, and nothing that was there is lost."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fastpix.backup import archive, backup, files, snapshot
from fastpix.config import instance_lock
from fastpix.config.settings import Settings
from fastpix.db import now
from fastpix.errors import Misconfigured, Refused
from fastpix.storage import Storage
from fastpix.storage.failing import on_disk
from fastpix.storage.local import LocalStorage


@dataclass(frozen=True)
class Restored:
    """What was put back. `aside` is the folder with what was there before, if anything was."""

    header: dict[str, Any]
    files: int
    missing: list[str]
    aside: Path | None


def restore(
    settings: Settings,
    open_store: Callable[[], Storage],
    origin: Callable[[str], str],
    path: Path,
    *,
    replace: bool = False,
) -> Restored:
    """Put the backup at `path` into the configured database, storage and instance folder.

    `origin` says whose a schema revision is: known, newer or unreleased; `open_store` is called when the instance is ours alone.
    Raises `Refused` for a damaged backup or one of a newer version, and where something is there already unless
    `replace`, which moves it aside; `Misconfigured` while a process uses the instance. Before that, nothing changed.
    """
    header = archive.read_header(path)
    _require_fitting(settings, header, origin(header["revision"]))
    with instance_lock.alone(settings.instance_path), _work_in(settings) as work:
        if count := snapshot.others(settings.database):
            raise Misconfigured(f"{count} other connections use the database. Stop fastpix on every machine first.")
        archive.unpack(path, work)
        picture = work / snapshot.MEMBERS[header["database"]]
        if header["database"] == snapshot.SQLITE:
            snapshot.check(picture)
        if not settings.secret_key and not (work / backup.KEY).exists():
            raise Refused(
                "The backup holds no secret key, since it was a setting. Set FASTPIX_SECRET_KEY to the same one."
            )
        store = open_store()
        aside = _clear(settings, store, header, replace=replace)
        # The database last: where it is, all it speaks of is.
        _put_key(settings, work)
        count = _put_media(store, work / archive.MEDIA.rstrip("/"))
        snapshot.put_back(settings.database, picture)
        return Restored(header, count, _missing(store, work), aside)


def _require_fitting(settings: Settings, header: dict[str, Any], origin: str) -> None:
    if origin == "unreleased":
        raise Refused(
            "The backup is from before the first release of fastpix. Restore it with the version that made it."
        )
    if origin == "newer":
        raise Refused(f"The backup was made by a newer fastpix ({header['version']}). Install that version first.")
    if header["database"] != snapshot.kind_of(settings.database):
        raise Refused(
            f"The backup holds a database of {header['database']}, and another kind is configured. Restore it to its "
            "own kind, then move with `fastpix move-database`."
        )
    if settings.secret_key and backup.fingerprint(settings.secret_key) != header["key"]:
        raise Refused(
            "The backup was made with another FASTPIX_SECRET_KEY: sessions, second factors and sealed secrets could "
            "not be read. Set the key that was in force then."
        )


def _clear(settings: Settings, store: Storage, header: dict[str, Any], *, replace: bool) -> Path | None:
    """Make room. What is there is moved aside, if that is asked for."""
    local = on_disk(store) if header["media"] else None
    has_files = local is not None and any(files.is_kept(entry.key) for entry in local.list())
    has_tables = not snapshot.is_empty(settings.database)
    if not has_files and not has_tables:
        return None
    if not replace:
        what = "The database is not empty" if has_tables else "The storage is not empty"
        raise Refused(f"{what}. Give --replace to move what is there aside and restore all the same.")
    aside = settings.instance_path / f"replaced-{now():%Y%m%d-%H%M%S}"
    aside.mkdir()
    if has_tables:
        snapshot.empty(settings.database, aside)
    if local is not None and has_files:
        _move_media_aside(local, aside / "media")
    for name in (backup.KEY, backup.FILE_OF_SETTINGS):
        if (settings.instance_path / name).exists():
            shutil.copy2(settings.instance_path / name, aside / name)
    return aside


def _move_media_aside(store: LocalStorage, aside: Path) -> None:
    aside.mkdir()
    for child in sorted(store.root.iterdir()):
        if child != store.work_root:
            shutil.move(child, aside / child.name)


def _put_key(settings: Settings, work: Path) -> None:
    """The key the sealed parts of the database need. Settings are not put back: they belong to the machine."""
    kept = work / backup.KEY
    if kept.exists() and not settings.secret_key:
        place = settings.instance_path / backup.KEY
        shutil.copyfile(kept, place)
        place.chmod(0o600)


def _put_media(store: Storage, folder: Path) -> int:
    count = 0
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_file():
            files.put(store, path.relative_to(folder).as_posix(), path)
            path.unlink()
            count += 1
    return count


def _missing(store: Storage, work: Path) -> list[str]:
    """Of a backup that lists what another storage holds: what is not there, or has another size."""
    listing = work / backup.LISTING
    if not listing.exists():
        return []
    listed = json.loads(listing.read_text())
    present = {entry.key: entry.size for entry in store.list()}
    return sorted(key for key, size in listed.items() if present.get(key) != size)


@contextmanager
def _work_in(settings: Settings) -> Iterator[Path]:
    with TemporaryDirectory(prefix="restoring-", dir=settings.instance_path) as work:
        yield Path(work)
