"""`fastpix storage`: the operator's commands for the stored bytes."""

from __future__ import annotations

import sys
from datetime import timedelta

import click

from fastpix import operating
from fastpix.resources.media import housekeeping


@click.group()
def storage() -> None:
    """Look after the stored bytes."""


@storage.command("check")
@click.option("--delete", is_flag=True, help="Delete the files that belong to nothing.")
@click.option("--all", "everything", is_flag=True, help="Also files younger than a day; only while nothing runs.")
@operating.plainly
def check_storage(delete: bool, everything: bool) -> None:
    """Find stored files that belong to nothing, and media whose files are missing."""
    with operating.instance():
        orphans = list(housekeeping.orphans(timedelta(0) if everything else housekeeping.GRACE))
        for orphan in orphans:
            click.echo(f"belongs to nothing: {orphan.key} ({orphan.size} bytes)")
            if delete:
                housekeeping.delete(orphan)
        lost = list(housekeeping.missing())
        for key in lost:
            click.echo(f"missing: {key}")
    done = " and deleted" if delete else ""
    click.echo(
        f"{len(orphans)} files of {sum(o.size for o in orphans)} bytes belong to nothing{done}; {len(lost)} are missing."
    )
    sys.exit(1 if lost or (orphans and not delete) else 0)
