"""What most benchmarks start from: an application on an empty database, and organizations with an admin in it."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask

from fastpix.access import principal
from fastpix.accounts import sessions
from fastpix.app import create_app
from fastpix.backup import migrations
from fastpix.config.settings import Settings
from fastpix.db import db, set_reading
from fastpix.resources.access_tokens import domain as access_tokens
from fastpix.resources.live_streams import domain as streams
from fastpix.resources.live_streams.models import StreamRow
from fastpix.resources.live_streams.rules import StreamOptions
from fastpix.resources.members import domain as members
from fastpix.resources.organizations import domain as organizations
from fastpix.resources.people import domain as people
from fastpix.resources.workspaces import domain as workspaces

PASSWORD = "a benchmark's password"
# More requests than any limit lets through: they are counted all the same.
MANY = {f"requests_per_{kind}": 10_000_000 for kind in ("token", "organization", "person", "address")}


def session_cookies(secret: str, port: str = "") -> str:
    """The session under each name that it may have there: by the port of the public address (`accounts.cookies.named`),
    which is 8000 by default."""
    names = {"fastpix_session", "fastpix_session_8000"} | ({f"fastpix_session_{port}"} if port.isdigit() else set())
    return "; ".join(f"{name}={secret}" for name in sorted(names))


@dataclass(frozen=True)
class Tenant:
    """An organization, its admin and one workspace, with what the doors want to see."""

    organization_id: UUID
    workspace_id: UUID
    member_id: UUID
    slug: str
    email: str
    cookie: str
    basic: str

    def page_headers(self, host: str = "localhost") -> dict[str, str]:
        return {"Cookie": session_cookies(self.cookie, host.rpartition(":")[2]), "Host": host}

    def api_headers(self, host: str = "localhost") -> dict[str, str]:
        return {"Authorization": f"Basic {self.basic}", "Host": host}


@contextmanager
def application(database_url: str = "", **given: Any) -> Iterator[Flask]:
    """An application on an empty database in a folder of its own, which is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {"instance_path": Path(folder), "database_url": database_url, "password_memory_kib": 64}
        app = create_app(Settings(**settings | MANY | given))
        migrate(app)
        try:
            yield app
        finally:
            with app.app_context():
                db.engine.dispose()


def migrate(app: Flask) -> None:
    with app.app_context():
        migrations.upgrade()


@contextmanager
def changing(app: Flask, here: Tenant) -> Iterator[None]:
    """What is done inside is done in this organization, and committed."""
    with app.app_context():
        set_reading(False)
        with principal.acting(principal.system("benchmark", here.organization_id)):
            yield
        db.session.commit()
        db.engine.dispose()


def found(app: Flask, name: str) -> Tenant:
    """An organization with one admin, a session and an access token of theirs."""
    email = f"{name.replace(' ', '-').lower()}@example.com"
    with app.app_context():
        set_reading(False)
        person = people.add(email, "Ada Admin", PASSWORD, is_verified=True)
        with principal.acting(principal.system("benchmark", None)):
            made = organizations.create(name, person)
        with principal.acting(principal.system("benchmark", made["id"])):
            workspace_id, member_id = workspaces.search()[0]["id"], members.page().rows[0]["id"]
            token = access_tokens.create("benchmark", workspace_id, "admin", True, owner_id=member_id)
        life = {"is_remembered": False, "address": "127.0.0.1", "user_agent": "benchmark"}
        cookie = sessions.start(person.id, timedelta(days=1), **life)
        db.session.commit()
    basic = base64.b64encode(f"{token['id']}:{token['secret']}".encode()).decode()
    return Tenant(made["id"], workspace_id, member_id, made["slug"], email, cookie, basic)


def live_streams(app: Flask, count: int) -> list[StreamRow]:
    """So many new live streams, in an organization of their own, of a migrated application."""
    here = found(app, "Organization")
    with app.app_context():
        set_reading(False)
        with principal.acting(principal.system("a benchmark", here.organization_id)):
            made = [streams.create(here.workspace_id, StreamOptions()) for _ in range(count)]
            db.session.flush()
        db.session.commit()
    return made
