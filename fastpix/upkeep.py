"""`fastpix doctor`, `demo`, `storage` and `audit`: the operator's commands that look whether what is there is whole."""

from __future__ import annotations

import sys
from datetime import timedelta

import click

from fastpix import demo, doctor, operating, settings
from fastpix.accounts import operator
from fastpix.app import create_app
from fastpix.keeping import upgrade
from fastpix.resources.audit import verify
from fastpix.resources.media import housekeeping
from fastpix.resources.organizations import domain as organizations
from fastpix.web import health


@click.command("doctor")
@click.option("--mail-to", default="", help="Also send a test mail to this address.")
@operating.plainly
def examine(mail_to: str) -> None:
    """Look at database, storage, disk, ffmpeg, queue, mail, public address, proxies, live ingest, clocks and the last backup."""
    given = settings.load()
    with create_app(given).app_context():
        findings = list(doctor.examine(given, mail_to=mail_to))
    for found in findings:
        click.echo(f"{found.state:<5} {found.name}: {found.text}")
    sys.exit(1 if any(found.state == "fail" for found in findings) else 0)


@click.command("demo")
@operating.plainly
def fill_demo() -> None:
    """Fill an empty instance with two organizations, people of both roles, films and live streams."""
    given = settings.load()
    app = create_app(given)
    with app.app_context():
        is_new = not health.revision()
        if not is_new:
            operator.require_current_schema(health.schema_state())
    if is_new:
        upgrade.upgrade(app, given, click.echo)
    password = demo.fill(app, click.echo)
    click.echo(f"Everybody's password is {password}. Open {given.public_url} after `fastpix up`.")


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


@click.group()
def audit() -> None:
    """Look after the audit log."""


@audit.command("verify")
@click.option("--organization", help="Slug of the organization; all of them, and what belongs to none, without it.")
@operating.plainly
def verify_audit(organization: str | None) -> None:
    """Find rows of the audit log that were edited, deleted, inserted or put in another order."""
    with operating.instance():
        verify.begin()
        chains = [organizations.find(organization)] if organization else verify.chains()
        reports = [verify.check(of) for of in chains]
    for report in reports:
        for fault in report.faults:
            click.echo(f"{_chain_name(report)}: {fault}")
    rows, removed = sum(r.rows for r in reports), sum(r.removed for r in reports)
    broken = sum(bool(r.faults) for r in reports)
    state = f"{broken} are broken" if broken else "all are whole"
    click.echo(f"{len(reports)} chains with {rows} rows ({removed} removed when their time was over): {state}.")
    sys.exit(1 if broken else 0)


def _chain_name(report: verify.Report) -> str:
    return f"organization {report.chain}" if report.chain.int else "no organization"
