"""How the operator's commands run: on an up-to-date instance, in one transaction, and without tracebacks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any
from uuid import UUID

import click
import flask
import sqlalchemy as sa

from fastpix import postgresql_server, schema_revision
from fastpix.access import principal, tenancy
from fastpix.accounts import operator, setup
from fastpix.app import create_app
from fastpix.config import settings
from fastpix.db import db
from fastpix.errors import FastpixError, Missing
from fastpix.resources.members import membership
from fastpix.resources.organizations import domain as organizations
from fastpix.resources.people import domain as people


def plainly(command: Callable[..., Any]) -> Callable[..., Any]:
    """A user's mistake is one line and exit code 1, never a traceback."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except (FastpixError, principal.Denied) as problem:
            click.echo(f"fastpix: {problem}", err=True)
            sys.exit(1)
        except (sa.exc.OperationalError, sa.exc.InterfaceError) as problem:
            click.echo(f"fastpix: {postgresql_server.complaint(problem)}", err=True)
            sys.exit(1)

    return run


@contextmanager
def instance(given: settings.Settings | None = None) -> Iterator[flask.Flask]:
    """The application of the instance with an up-to-date database; one transaction, saved at the end."""
    app = create_app(given)
    with app.app_context():
        operator.require_current_schema(schema_revision.state())
        yield app
        db.session.commit()


def offer_set_up(given: settings.Settings) -> None:
    """Make the set-up token while nobody exists, and say where it lies."""
    with instance(given):
        if setup.is_open():
            path = setup.make_token(given)
            click.echo(f"  First time: open {given.public_url}/set-up - the set-up token is in {path}")


@contextmanager
def organization(slug: str, command: str) -> Iterator[UUID]:
    """Act as the named command in one organization."""
    with instance():
        organization_id = organizations.find(slug)
        with principal.acting(principal.system(f"fastpix {command}", organization_id, "cli")):
            yield organization_id
            db.session.flush()  # what was written is checked while the scope is open


def member_of(email: str) -> UUID:
    """The membership of a mail address in the organization that is acted in. Raises `Missing`."""
    person = people.find(email)
    here = tenancy.organization_id()
    memberships = [s for s in membership.of_person(person.id) if s.organization_id == here] if person else []
    if not memberships:
        raise Missing(f"{email} is no member of this organization.")
    return memberships[0].member_id
