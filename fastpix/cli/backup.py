"""`fastpix backup`, `restore`, `upgrade`, `move-database` and `storage copy`."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import click

from fastpix import postgresql_server, schema_revision
from fastpix.app import create_app
from fastpix.backup import backup, migrations, move, restore, upgrade
from fastpix.cli import context
from fastpix.config import instance_lock, settings
from fastpix.config.parsers import database_url, storage_url
from fastpix.db import db
from fastpix.errors import Refused
from fastpix.resources.media import storage_check
from fastpix.storage import instance as storage
from fastpix.text import counting

MIB = 1 << 20


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--without-media", is_flag=True, help="Only database and secret key.")
@context.plainly
def back_up(file: Path, without_media: bool) -> None:
    """Write database, secret key and media to a new FILE, while fastpix runs. Of S3 it holds the list of files."""
    given = settings.load()
    with context.instance(given):
        revision = schema_revision.current()
        db.session.rollback()
        made = backup.make(given, storage.get(), revision, file, with_media=not without_media)
    media = f"{counting.counted(made.files, 'file')} of {made.media_bytes // MIB} MiB"
    if not made.has_media:
        media = "no media" if without_media else f"the list of {media} in S3, not the files"
    click.echo(
        f"{file}: {made.size // MIB} MiB; the database and {media}. It holds secrets: keep it where no other sees it."
    )


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--replace", "replacing", is_flag=True, help="Move what is there aside first.")
@context.plainly
def put_back(file: Path, replacing: bool) -> None:
    """Put a backup FILE back. fastpix must not run; what is damaged or of a newer version is refused untouched."""
    given = settings.load()
    done = restore.restore(given, lambda: storage.of(given), schema_revision.origin, file, replace=replacing)
    if done.header["media"]:
        _tidy(given)
    if done.aside:
        click.echo(f"What was there before is in {done.aside}; delete it when you do not need it.")
    for key in done.missing:
        click.echo(f"missing in the storage: {key}")
    click.echo(
        f"Restored the backup of {done.header['at'][:16]} UTC with {counting.counted(done.files, 'file')}. Start fastpix, or `fastpix upgrade`."
    )
    sys.exit(1 if done.missing else 0)


@click.command("upgrade")
@click.option("--no-backup", is_flag=True, help="Do not back up the database first.")
@context.plainly
def bring_up_to_date(no_backup: bool) -> None:
    """Back up the database, bring it to this version's schema, and compare the result with the models."""
    given = settings.load()
    upgrade.upgrade(create_app(given), given, click.echo, with_backup=not no_backup)
    click.echo("The database is up to date.")
    context.offer_set_up(given)


@click.command("move-database")
@click.option("--to", required=True, help="The other database, empty: postgresql+psycopg://user:password@host/name")
@context.plainly
def move_database(to: str) -> None:
    """Copy everything into another database. fastpix must not run; the present database stays as it is."""
    given = settings.load()
    try:
        target = create_app(replace(given, database_url=database_url(to)))
    except ValueError as problem:
        raise Refused(f"--to: {problem}.") from None
    with instance_lock.alone(given.instance_path):
        with context.instance(given):
            source = db.engine
        with target.app_context():
            postgresql_server.require(db.engine)
            migrations.upgrade()
            rows = move.copy_database(source, db.engine, lambda name, count: click.echo(f"{name}: {count}", err=True))
    click.echo(
        f"{counting.counted(rows, 'row')} copied. Set FASTPIX_DATABASE_URL to the new address and start fastpix."
    )


@click.command("copy")
@click.option("--to", required=True, help="The other storage: s3://bucket/folder or file:///folder.")
@context.plainly
def copy_storage(to: str) -> None:
    """Copy all stored files to another storage, with the S3 keys, endpoint and region of the settings.

    Run it while fastpix works, stop fastpix, run it once more (what is there already is not sent again), then set
    FASTPIX_STORAGE_URL.
    """
    given = settings.load()
    try:
        other = replace(given, storage_url=storage_url(to))
    except ValueError as problem:
        raise Refused(f"--to: {problem}.") from None
    with context.instance(given):
        source, target = storage.get(), storage.of(other)
    if said := [words for words in (target.check(),) if words != "ok"]:
        raise Refused(said[0])
    done = move.copy_storage(source, target)
    click.echo(
        f"{counting.counted(done.files, 'file')} of {done.size // MIB} MiB copied, {done.present} were there already."
    )
    if done.unfinished:
        click.echo(f"{done.unfinished} pieces of unfinished uploads stay behind: those uploads begin anew.")


def _tidy(given: settings.Settings) -> None:
    """Remove the files that were being deleted when the backup was taken: it holds rather too much than too little."""
    app = create_app(given)
    with app.app_context():
        if schema_revision.state() != "current":
            return  # `fastpix storage check` finds them after the upgrade
        for orphan in list(storage_check.orphans(timedelta(0))):
            storage_check.delete(orphan)
        db.session.rollback()
