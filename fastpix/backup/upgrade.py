"""A newer version's schema: backed up before, migrated in one transaction, and compared with the models after."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from fastpix import __version__, postgresql_server, schema_revision
from fastpix.accounts import operator
from fastpix.backup import backup, migrations, schema_difference, schema_lock, snapshot
from fastpix.config.settings import Settings
from fastpix.db import db, now
from fastpix.errors import Misconfigured
from fastpix.storage import instance as storage

FOLDER = "backups"


def upgrade(
    app: Flask,
    settings: Settings,
    say: Callable[[str], None],
    *,
    with_backup: bool = True,
    insist: bool = True,
    wait_seconds: float = 0.0,
) -> None:
    """Bring the database to this version's schema; one with tables is backed up before, without the media.

    `insist` False goes on, and says so, where no backup can be made: PostgreSQL without pg_dump. Raises
    `Misconfigured` for a newer or unreleased schema, a full disk, a schema that is not as the models want it afterwards, and
    a database that cannot be used, or does not answer within `wait_seconds`.
    """
    with app.app_context():
        postgresql_server.require(db.engine, seconds=wait_seconds, say=say)
        with schema_lock.held(db.engine, say):
            _bring_up_to_date(settings, say, with_backup=with_backup, insist=insist)


def _bring_up_to_date(settings: Settings, say: Callable[[str], None], *, with_backup: bool, insist: bool) -> None:
    state, revision = schema_revision.state(), schema_revision.current()
    taken = [] if revision else schema_difference.taken_names(db.session.connection())
    db.session.rollback()  # the migration needs the database for itself
    if state == "current":
        return
    if state != "older":
        operator.require_current_schema(state)
    if taken:
        raise Misconfigured(
            f"The database holds tables of another program that have names of ours ({_some(taken)}); nothing was changed. "
            "Name a database of its own in FASTPIX_DATABASE_URL."
        )
    if revision and with_backup:
        _back_up(settings, revision, say, insist=insist)
    migrations.upgrade()
    _verify()


def _back_up(settings: Settings, revision: str, say: Callable[[str], None], *, insist: bool) -> None:
    folder = settings.instance_path / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    to = folder / f"before-{__version__}-{now():%Y%m%d-%H%M%S}.tar"
    try:
        backup.make(settings, storage.get(), revision, to, with_media=False)
    except Misconfigured as problem:
        if insist:
            raise Misconfigured(f"No backup could be made: {problem} Or give --no-backup.") from None
        say(f"  Warning: no backup before migrating: {problem}")
        return
    say(f"  Backup before migrating: {_short(to)} (put back with `fastpix restore --replace`)")


def _verify() -> None:
    connection = db.session.connection()
    if snapshot.kind_of(str(db.engine.url)) == snapshot.SQLITE:
        said = connection.execute(sa.text("PRAGMA quick_check")).scalar()
        if said != "ok":
            raise Misconfigured(f"The database is damaged: {said}. Put the backup back with `fastpix restore`.")
    found = schema_difference.differences(connection)
    db.session.rollback()
    if found:
        raise Misconfigured(
            f"After migrating, the database differs from this version: {_some(found)}. "
            "Put the backup back with `fastpix restore --replace` and report it."
        )


def _some(found: list[str]) -> str:
    return ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")


def _short(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
