"""Flask-Migrate with this version's steps. Loaded when it is needed: Alembic is 250 modules with what it loads."""

from __future__ import annotations

from typing import Any

import click
from flask import Flask, current_app

from fastpix.config import settings
from fastpix.db import db


class _Commands(click.Command):
    """`flask db`: becomes Flask-Migrate's own group of commands at the moment when it is typed."""

    def __init__(self, app: Flask) -> None:
        super().__init__("db", help="Perform database migrations.")
        self._app = app

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        install(self._app)
        return self._app.cli.commands["db"].make_context(info_name, args, parent, **extra)


def offer(app: Flask) -> None:
    """Give an application `flask db`."""
    app.cli.add_command(_Commands(app))


def install(app: Flask) -> None:
    """Give an application what `upgrade` and `downgrade` need."""
    if "migrate" not in app.extensions:
        from flask_migrate import Migrate

        Migrate(app, db, directory=str(settings.MIGRATIONS), render_as_batch=True)


def upgrade(revision: str = "head") -> None:
    """Run the steps up to a revision that the database lacks. Needs an app context; ends its database session."""
    from flask_migrate import upgrade as run

    install(current_app)
    run(revision=revision)
    db.session.remove()


def downgrade(revision: str) -> None:
    """Take steps back: to a revision, or `-1` for one step. Needs an app context; ends its database session."""
    from flask_migrate import downgrade as run

    install(current_app)
    run(revision=revision)
    db.session.remove()
