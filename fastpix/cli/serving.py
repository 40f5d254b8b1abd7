"""`fastpix up`, `web`, `worker`, `live` and `settings`: what serves, and with which settings."""

from __future__ import annotations

import sys

import click

from fastpix import __version__, postgresql_server
from fastpix.app import create_app
from fastpix.backup import upgrade
from fastpix.cli import context
from fastpix.config import settings
from fastpix.processes import programs, supervisor
from fastpix.video import tools


@click.command("up")
@context.plainly
def up() -> None:
    """Start everything: make the instance, migrate, run web server, worker and live ingest until Ctrl-C."""
    given = settings.load()
    sys.exit(supervisor.up(given, before=lambda: _prepare(given)))


@click.command("web")
@context.plainly
def web() -> None:
    """Run the web server alone."""
    given = settings.load()
    supervisor.require_free(given.bind)
    programs.web(given)


@click.command("worker")
@context.plainly
def worker() -> None:
    """Run the worker alone: mails and other background jobs."""
    given = settings.load()
    tools.check(given)
    sys.exit(programs.worker(given))


@click.command("live")
@context.plainly
def live() -> None:
    """Run live ingest alone: takes in what encoders publish."""
    given = settings.load()
    tools.check(given)
    sys.exit(programs.live(given))


@click.command("settings")
@context.plainly
def show_settings() -> None:
    """List every setting with the value in force (secrets hidden) and what it does."""
    given = settings.load()
    for field in settings.SETTINGS:
        value = getattr(given, field.name)
        shown = "(hidden)" if field.metadata["secret"] and value else value
        click.echo(f"{settings.PREFIX}{field.name.upper()}={shown}\n    {field.metadata['sentence']}")


def _prepare(given: settings.Settings) -> None:
    _announce(given)
    tools.check(given)
    upgrade.upgrade(create_app(given), given, click.echo, insist=False, wait_seconds=postgresql_server.START_SECONDS)
    context.offer_set_up(given)


def _announce(given: settings.Settings) -> None:
    click.echo(f"fastpix {__version__} on {given.public_url} (instance {given.instance_path}); Ctrl-C stops it.")
    if not given.is_https and given.host not in ("localhost", "127.0.0.1", "::1"):
        click.echo("  Warning: FASTPIX_PUBLIC_URL is plain http; passwords cross the network unprotected.", err=True)
