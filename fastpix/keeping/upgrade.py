"""A newer version's schema: backed up before, migrated in one transaction, and compared with the models after."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import flask_migrate
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask

from fastpix import __version__
from fastpix.accounts import operator
from fastpix.db import Base, db, now
from fastpix.errors import Misconfigured
from fastpix.keeping import backup, snapshot
from fastpix.settings import Settings
from fastpix.storage import instance as storage
from fastpix.web import health

FOLDER = "backups"


def upgrade(
    app: Flask, settings: Settings, say: Callable[[str], None], *, with_backup: bool = True, insist: bool = True
) -> None:
    """Bring the database to this version's schema; one with tables is backed up before, without the media.

    `insist` False goes on, and says so, where no backup can be made: PostgreSQL without pg_dump. Raises
    `Misconfigured` for a newer schema, a full disk, and a schema that is not as the models want it afterwards.
    """
    with app.app_context():
        state, revision = health.schema_state(), health.revision()
        db.session.rollback()  # the migration needs the database for itself
        if state == "current":
            return
        operator.require_current_schema("newer" if state == "newer" else "current")
        if revision and with_backup:
            _back_up(settings, revision, say, insist=insist)
        flask_migrate.upgrade()
        db.session.remove()
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
    context = MigrationContext.configure(connection, opts={"compare_type": False})
    differences = [d for d in compare_metadata(context, Base.metadata) if "alembic_version" not in str(d)]
    db.session.rollback()
    if differences:
        raise Misconfigured(
            f"After migrating, the database differs from this version in {len(differences)} places. "
            "Put the backup back with `fastpix restore --replace` and report it."
        )


def _short(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
