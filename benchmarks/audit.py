"""The audit log's pages at 100 and at 1,000,000 rows: first, last, filtered and by day, and the API's last page.

    python benchmarks/audit.py [--large 1000000] [--database postgresql+psycopg://...]

In-process: one request through the WSGI application, no sockets, small and large in turns. The goal is a ratio of at
most 1.5 for every page of the dashboard; ratios hold from machine to machine, milliseconds do not.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import flask_migrate
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import Client

from fastpix.access import principal
from fastpix.accounts import sessions
from fastpix.app import create_app
from fastpix.db import db, now, set_reading
from fastpix.resources.audit import chain
from fastpix.resources.audit.models import AuditHead, AuditRow
from fastpix.resources.audit.verify import check
from fastpix.resources.organizations import domain as organizations
from fastpix.resources.people import domain as people
from fastpix.settings import Settings

SMALL, ROUNDS, BATCH, GOAL = 100, 60, 10_000, 1.5
ACTIONS = ("media.create", "media.edit", "media.delete", "members.edit", "workspaces.edit")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--database", default="")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(instance_path=Path(folder), database_url=given.database, password_memory_kib=64))
        with app.app_context():
            flask_migrate.upgrade()
        houses = {size: _house(app, size) for size in (SMALL, given.large)}
        _report(app, houses, given.large)


def _house(app: Flask, size: int) -> tuple[str, str, UUID]:
    """An organization with that many audit rows: its slug, the cookie of its admin, its id."""
    with app.app_context():
        set_reading(False)
        person = people.add(f"a{size}@example.com", "Ada", "benchmark password", is_verified=True)
        with principal.acting(principal.system("benchmark", None)):
            made = organizations.found(f"House {size}", person)
        cookie = sessions.start(
            person.id, timedelta(days=1), is_remembered=False, address="127.0.0.1", user_agent="benchmark"
        )
        db.session.commit()
        _fill(made["id"], size)
    return made["slug"], cookie, made["id"]


def _fill(of: UUID, size: int) -> None:
    """Rows as the house writes them, chained, a second apart; every fourth was denied."""
    with db.engine.connect() as connection:
        columns = [getattr(AuditHead, name) for name in chain.HEAD_COLUMNS]
        head = dict(connection.execute(sa.select(*columns).where(AuditHead.chain == of)).mappings().one())
        began = head["at"]
        for rows in _batches(of, head, began, size):
            connection.execute(sa.insert(AuditRow), rows)
        connection.execute(sa.update(AuditHead).where(AuditHead.chain == of).values(**head, seal=chain.head_seal(head)))
        connection.commit()


def _batches(of: UUID, head: dict[str, Any], began: Any, size: int) -> Iterator[list[dict[str, Any]]]:
    rows = []
    while head["number"] < size:
        number = head["number"] + 1
        action = ACTIONS[number % len(ACTIONS)]
        row: dict[str, Any] = {
            "id": uuid4(), "chain": of, "number": number, "previous_hash": head["hash"],
            "at": began + timedelta(seconds=number), "organization_id": of, "workspace_id": None, "action": action,
            "area": action.partition(".")[0], "actor_kind": "person", "actor_id": f"person {number % 4}",
            "actor_name": f"Person {number % 4}", "door": "dashboard", "address": "127.0.0.1", "request_id": uuid4().hex,
            "target_kind": "media", "target_id": str(number), "target_name": f"A film {number}",
            "before": {"title": "Old"}, "after": {"title": "New"}, "result": "denied" if number % 4 == 0 else "done",
        }  # fmt: skip
        row["hash"] = chain.row_hash(row)
        head.update(number=number, hash=row["hash"], at=row["at"])
        rows.append(row)
        if len(rows) == BATCH:
            yield rows
            rows = []
    if rows:
        yield rows


def _report(app: Flask, houses: dict[int, tuple[str, str, UUID]], large: int) -> None:
    day = f"{now():%Y-%m-%d}"
    pages = {
        "first": "", "last": "?older=26", "by action": "?action=media.edit", "by area": "?action=media",
        "by actor": "?actor=person+3", "by result": "?result=denied", "by day": f"?since={day}&until={day}",
        "last of an action": "?action=media.edit&older=90",
    }  # fmt: skip
    print(f"{'page':20}{SMALL:>12} rows{large:>12} rows   ratio (goal {GOAL})")
    for name, query in pages.items():
        small, big = _pair(app, houses[SMALL], houses[large], query)
        print(f"{name:20}{small * 1000:14.2f} ms{big * 1000:14.2f} ms   {big / small:.2f}")
    with app.app_context():
        began = time.perf_counter()
        report = check(houses[large][2])
        print(f"verify: {report.rows} rows in {time.perf_counter() - began:.1f} s, {len(report.faults)} faults")


def _pair(app: Flask, small: tuple[str, str, UUID], big: tuple[str, str, UUID], query: str) -> tuple[float, float]:
    """The medians of both, asked in turns, so that what else the machine does falls on both."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS):
        for (slug, cookie, _), times in zip((small, big), taken, strict=True):
            client = Client(app)
            client.set_cookie("fastpix_session", cookie)
            began = time.perf_counter()
            answer = client.get(f"/o/{slug}/audit/{query}", headers={"Host": "localhost"})
            if number > 3:
                times.append(time.perf_counter() - began)
            if answer.status_code != 200:
                raise RuntimeError(f"{answer.status}: {answer.text[:200]}")
    return statistics.median(taken[0]), statistics.median(taken[1])


if __name__ == "__main__":
    main()
