"""From SQLite to PostgreSQL (or back), and from the disk to S3 (or back): everything is copied, then counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from fastpix.backup import files
from fastpix.db import Base
from fastpix.errors import Refused
from fastpix.storage import Storage, keys
from fastpix.storage.failing import on_disk

_ROWS = 1000


def copy_database(source: sa.Engine, target: sa.Engine, told: Callable[[str, int], None]) -> int:
    """Copy the rows of every table into a database with the same, empty tables, as one transaction; how many rows.

    `told` hears each table and its rows. Raises `Refused` where the target holds rows already.
    """
    total = 0
    with source.connect() as reading, target.begin() as writing:
        _require_empty(writing)
        # Parents first, so that references hold at every moment.
        for table in Base.metadata.sorted_tables:
            count = _copy_table(table, reading, writing)
            told(table.name, count)
            total += count
    return total


def _require_empty(connection: sa.Connection) -> None:
    for table in Base.metadata.sorted_tables:
        if connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
            raise Refused(f"The other database holds rows already (in {table.name}). Name an empty one.")


def _copy_table(table: sa.Table, reading: sa.Connection, writing: sa.Connection) -> int:
    count = 0
    found = reading.execution_options(stream_results=True, yield_per=_ROWS).execute(sa.select(table))
    for rows in found.mappings().partitions():
        writing.execute(table.insert(), [dict(row) for row in rows])
        count += len(rows)
    stored = writing.scalar(sa.select(sa.func.count()).select_from(table))
    if stored != count:
        raise Refused(f"Of {count} rows of {table.name}, {stored} arrived. Nothing was kept; try again.")
    return count


@dataclass(frozen=True)
class Moved:
    """How many files were copied now, their bytes, how many were there already, and unfinished uploads left behind."""

    files: int
    size: int
    present: int
    unfinished: int


def copy_storage(source: Storage, target: Storage) -> Moved:
    """Copy every stored file that the target does not hold with the same size; nothing is deleted.

    May be repeated: first while the instance works, which takes long, then once more when it is stopped.
    """
    there = {entry.key: entry.size for entry in target.list()}
    count = size = present = unfinished = 0
    for entry in source.list():
        if not files.is_kept(entry.key):
            continue
        if entry.key.startswith(keys.APPENDED) and on_disk(source) is None:
            unfinished += 1  # in pieces that only the bucket's own storage can join
            continue
        if there.get(entry.key) == entry.size:
            present += 1
            continue
        with _readable(source, entry.key) as path:
            files.put(target, entry.key, path)
        count, size = count + 1, size + entry.size
    return Moved(count, size, present, unfinished)


@contextmanager
def _readable(source: Storage, key: str) -> Iterator[Path]:
    if local := on_disk(source):
        yield local.root / key
        return
    with TemporaryDirectory(prefix="moving-", dir=source.work_root) as folder:
        path = Path(folder, "file")
        source.fetch(key, path)
        yield path
