"""`fastpix doctor`, `test-mail`, `mail`, `demo`, `storage` and `audit`: commands that look whether what is there is whole."""

from __future__ import annotations

import sys
from datetime import timedelta

import click

from fastpix import schema_revision
from fastpix.access import principal
from fastpix.accounts import operator
from fastpix.app import create_app
from fastpix.backup import upgrade
from fastpix.cli import context
from fastpix.config import settings
from fastpix.demo import on_air as demo_on_air
from fastpix.demo import organizations as demo_organizations
from fastpix.errors import Misconfigured
from fastpix.mail import outbox
from fastpix.monitoring import doctor
from fastpix.monitoring.system import domain as system
from fastpix.resources.audit.chain import verify
from fastpix.resources.media import storage_check
from fastpix.resources.organizations import domain as organizations
from fastpix.text import counting


@click.command("doctor")
@click.option("--mail-to", default="", help="Also send a test mail to this address.")
@context.plainly
def examine(mail_to: str) -> None:
    """Look at database, storage, disk, ffmpeg, queue, mail, public address, proxies, live ingest, clocks and the last backup."""
    given = settings.load()
    with create_app(given).app_context():
        findings = list(doctor.examine(given, mail_to=mail_to))
    for found in findings:
        click.echo(f"{found.state:<5} {found.name}: {found.text}")
    sys.exit(1 if any(found.state == "fail" for found in findings) else 0)


@click.command("test-mail")
@click.option("--to", required=True, help="Mail address to send to.")
@context.plainly
def test_mail(to: str) -> None:
    """Send a test mail now, and say what the mail server answered."""
    outbox.send_test(settings.load(), to)
    click.echo(f"The mail server took the mail for {to}.")


@click.group()
def mail() -> None:
    """Look after the mails that wait."""


@mail.command("retry")
@click.option("--refused", is_flag=True, help="Also what the mail server refused for good.")
@context.plainly
def send_again(refused: bool) -> None:
    """Send now what waits or gave up in the last week, as after a repair. A running worker does it."""
    with context.instance(), principal.acting(principal.system("fastpix mail retry", None, "cli")):
        if not outbox.is_configured():
            raise Misconfigured("Mail is not set up, so nothing can be sent. Set FASTPIX_SMTP_URL first.")
        count = system.send_mails(is_refused_too=refused)
    if not count:
        click.echo("No mail waits.")
        return
    click.echo(
        f"{counting.counted(count, 'mail')} {'is' if count == 1 else 'are'} sent by the worker now. `fastpix doctor` says what became of them."
    )


@click.command("demo")
@click.option("--on-air", is_flag=True, help="Broadcast to a stream of the filled instance, while `fastpix up` runs.")
@click.option("--minutes", default=60.0, show_default=True, help="How long to stay on air, unless Ctrl+C ends it.")
@context.plainly
def fill_demo(on_air: bool, minutes: float) -> None:
    """Fill an empty instance with two organizations, people of both roles, films and live streams."""
    given = settings.load()
    if on_air:
        with context.instance(given):
            key = demo_on_air.stream_key()
        demo_on_air.broadcast(given, key, minutes * 60, click.echo)
        return
    app = create_app(given)
    with app.app_context():
        is_new = not schema_revision.current()
        if not is_new:
            operator.require_current_schema(schema_revision.state())
    if is_new:
        upgrade.upgrade(app, given, click.echo)
    password = demo_organizations.fill(app, click.echo)
    click.echo(f"Everybody's password is {password}. Open {given.public_url} after `fastpix up`.")
    click.echo("To see something on air, run `fastpix demo --on-air` beside it.")


@click.group()
def storage() -> None:
    """Look after the stored bytes."""


@storage.command("check")
@click.option("--delete", is_flag=True, help="Delete the files that belong to nothing.")
@click.option("--all", "everything", is_flag=True, help="Also files younger than a day; only while nothing runs.")
@context.plainly
def check_storage(delete: bool, everything: bool) -> None:
    """Find stored files that belong to nothing, and media whose files are missing."""
    with context.instance():
        orphans = list(storage_check.orphans(timedelta(0) if everything else storage_check.GRACE))
        for orphan in orphans:
            click.echo(f"belongs to nothing: {orphan.key} ({orphan.size} bytes)")
            if delete:
                storage_check.delete(orphan)
        lost = list(storage_check.missing())
        for key in lost:
            click.echo(f"missing: {key}")
    done = " and deleted" if delete else ""
    click.echo(
        f"{counting.counted(len(orphans), 'file')} of {sum(o.size for o in orphans)} bytes "
        f"{'belongs' if len(orphans) == 1 else 'belong'} to nothing{done}; {len(lost)} {'is' if len(lost) == 1 else 'are'} missing."
    )
    sys.exit(1 if lost or (orphans and not delete) else 0)


@click.group()
def audit() -> None:
    """Look after the audit log."""


@audit.command("verify")
@click.option("--organization", help="Slug of the organization; all of them, and what belongs to none, without it.")
@context.plainly
def verify_audit(organization: str | None) -> None:
    """Find rows of the audit log that were edited, deleted, inserted or put in another order."""
    with context.instance():
        verify.begin()
        chains = [organizations.find(organization)] if organization else verify.chains()
        reports = [verify.check(of) for of in chains]
    for report in reports:
        for fault in report.faults:
            click.echo(f"{_chain_name(report)}: {fault}")
    rows, removed = sum(r.rows for r in reports), sum(r.removed for r in reports)
    broken = sum(bool(r.faults) for r in reports)
    state = f"{broken} {'is' if broken == 1 else 'are'} broken" if broken else "all are whole"
    click.echo(
        f"{counting.counted(len(reports), 'chain')} with {counting.counted(rows, 'row')} ({removed} removed when their time was over): {state}."
    )
    sys.exit(1 if broken else 0)


def _chain_name(report: verify.Report) -> str:
    return f"organization {report.chain}" if report.chain.int else "no organization"
