"""The API's list of media at 1,000 and at 1,000,000 media: first, middle and last page, and the dashboard's library.

    python benchmarks/library.py [--large 1000000] [--database postgresql+psycopg://...]

In-process: one request through the WSGI application, no sockets. Ratios hold from machine to machine; milliseconds
do not, but the goal for the middle page is one (issue 3): 60 ms on SQLite.
"""

from __future__ import annotations

import argparse
import base64
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import flask_migrate
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import Client

from fastpix.access import principal
from fastpix.app import create_app
from fastpix.db import db, now, set_reading
from fastpix.resources.access_tokens import domain as access_tokens
from fastpix.resources.media.models import NO_RESTRICTIONS, READY, Media, MediaCount, PlaybackId
from fastpix.resources.members import domain as members
from fastpix.resources.organizations import domain as organizations
from fastpix.resources.people import domain as people
from fastpix.resources.workspaces import domain as workspaces
from fastpix.settings import Settings

SMALL, ROUNDS, BATCH = 1_000, 60, 20_000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--database", default="")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(instance_path=Path(folder), database_url=given.database, password_memory_kib=64))
        with app.app_context():
            flask_migrate.upgrade()
        tokens = {size: _house(app, size) for size in (SMALL, given.large)}
        _report(app, tokens, given.large)


def _house(app: Flask, size: int) -> str:
    """An organization with that many media in one workspace: the Basic credentials of a token for it."""
    with app.app_context():
        set_reading(False)
        person = people.add(f"a{size}@example.com", "Ada", "benchmark password", is_verified=True)
        with principal.acting(principal.system("benchmark", None)):
            made = organizations.found(f"House {size}", person)
        with principal.acting(principal.system("benchmark", made["id"])):
            workspace = workspaces.search()[0]["id"]
            token = access_tokens.create("benchmark", workspace, "admin", owner_id=members.page().rows[0]["id"])
        db.session.commit()
        _fill(made["id"], workspace, size)
    pair = base64.b64encode(f"{token['id']}:{token['secret']}".encode()).decode()
    return f"Basic {pair}"


def _fill(organization_id: UUID, workspace_id: UUID, size: int) -> None:
    began = now() - timedelta(seconds=size)
    here = {"organization_id": organization_id, "workspace_id": workspace_id}
    fixed = {"title": "A film", "title_folded": "a film", "status": READY, "source_kind": "url", "created_by": "Ada"}
    with db.engine.connect() as connection:
        for first in range(0, size, BATCH):
            rows = [
                {**here, **fixed, "id": uuid4(), "created_at": began + timedelta(seconds=number)}
                for number in range(first, min(first + BATCH, size))
            ]
            ids = [
                {**here, "media_id": row["id"], "access_policy": "public", "restrictions": NO_RESTRICTIONS}
                for row in rows
            ]
            connection.execute(sa.insert(Media), rows)
            connection.execute(sa.insert(PlaybackId), ids)
        connection.execute(sa.insert(MediaCount), [{**here, "total": size}])
        connection.commit()
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


def _report(app: Flask, tokens: dict[int, str], large: int) -> None:
    client = Client(app)
    pages = {
        "first page": lambda size: 1,
        "page in the middle": lambda size: size // 50,
        "last page": lambda size: size // 25,
    }
    print(f"{'API list of 25 media':24} {SMALL:>12,} {large:>12,}   ratio")
    for name, page in pages.items():
        taken = {size: _milliseconds(client, token, page(size)) for size, token in tokens.items()}
        ratio = taken[large] / taken[SMALL]
        goal = "(goal 60 ms or less)" if "middle" in name else "(goal 1.5 or less)"
        print(f"{name:24} {taken[SMALL]:9.2f} ms {taken[large]:9.2f} ms {ratio:7.2f} {goal}")


def _milliseconds(client: Client, token: str, page: int) -> float:
    """The median of one list request."""
    headers = {"Authorization": token, "Host": "localhost:8000"}
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        answer = client.get(f"/v1/on-demand?limit=25&offset={page}", headers=headers, buffered=True)
        taken.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, answer.text[:200]
        assert len(answer.json["data"]) == 25
    return statistics.median(taken)


if __name__ == "__main__":
    main()
