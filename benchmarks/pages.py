"""Guarded page and API list against a bare Flask view, and their growth from 100 to 100,000 members. All in one run.

    python benchmarks/pages.py [--database postgresql+psycopg://...]

In-process: one request through the WSGI application, no sockets. Ratios hold from machine to machine; microseconds do not.
"""

from __future__ import annotations

import argparse
import base64
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import flask_migrate
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import Client

from fastpix import settings
from fastpix.access import principal
from fastpix.accounts import sessions
from fastpix.app import create_app
from fastpix.db import db, now
from fastpix.resources.access_tokens import domain as access_tokens
from fastpix.resources.members.models import Member
from fastpix.resources.organizations import domain as organizations
from fastpix.resources.organizations.models import Organization
from fastpix.resources.people import domain as people
from fastpix.resources.people.models import Person
from fastpix.resources.workspaces import domain as workspaces

SIZES = (100, 100_000)
ROUNDS = 300
# More requests than any limit lets through; they are counted all the same.
MANY = {f"requests_per_{kind}": 10_000_000 for kind in ("token", "organization", "person", "address")}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", default="")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(
            settings.Settings(instance_path=Path(folder), database_url=given.database, password_memory_kib=64, **MANY)
        )
        with app.app_context():
            flask_migrate.upgrade()
        houses = {size: _house(app, size) for size in SIZES}
        _report(app, houses)


def _house(app: Flask, size: int) -> tuple[str, str, str]:
    """An organization of that many members: its slug, its admin's cookie, a token's Basic credentials."""
    with app.app_context():
        person = people.add(f"admin{size}@example.com", "Admin", "benchmark password", is_verified=True)
        with principal.acting(principal.system("benchmark", None)):
            house = organizations.add(f"House {size}", person)
        db.session.flush()
        with principal.acting(principal.system("benchmark", house.id)):
            owner = db.session.scalar(sa.select(Member.id))
            place = workspaces.search()[0]["id"]
            token = access_tokens.create("benchmark", place, "admin", owner_id=owner)
        cookie = sessions.start(person.id, timedelta(hours=1), is_remembered=False, address="", user_agent="")
        db.session.commit()
        _fill(house, size - 1)
        secret = base64.b64encode(f"{token['id']}:{token['secret']}".encode()).decode()
        return house.slug, cookie, secret


def _fill(house: Organization, count: int) -> None:
    """Insert members in bulk, past the ORM: this is a benchmark's data, not a change of membership."""
    start = now() - timedelta(days=400)
    for first in range(0, count, 5000):
        rows = [uuid.uuid4() for _ in range(min(5000, count - first))]
        persons = [
            {
                "id": row,
                "email": f"{row}@example.com",
                "email_canonical": f"{row}@example.com",
                "name": f"Person {row}",
                "name_folded": f"person {row}",
                "password_hash": "",
                "theme": "",
                "created_at": start,
            }
            for row in rows
        ]
        members = [
            {
                "id": uuid.uuid4(),
                "organization_id": house.id,
                "person_id": row,
                "role": "member",
                "all_workspaces": True,
                "joined_at": start + timedelta(seconds=first + number),
            }
            for number, row in enumerate(rows)
        ]
        with db.engine.begin() as connection:
            connection.execute(sa.insert(Person.__table__), persons)
            connection.execute(sa.insert(Member.__table__), members)
    with db.engine.begin() as connection:
        connection.execute(
            sa.update(Organization.__table__).where(Organization.id == house.id).values(member_count=count + 1)
        )
        connection.execute(sa.text("ANALYZE"))


def _measure(calls: dict[str, Callable[[], int]]) -> dict[str, float]:
    """Median microseconds of each call, the calls taking turns so that other load falls on all alike."""
    took: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        for _ in range(20):
            assert call() == 200
    for _ in range(ROUNDS):
        for name, call in calls.items():
            before = time.perf_counter_ns()
            call()
            took[name].append((time.perf_counter_ns() - before) / 1000)
    return {name: statistics.median(values) for name, values in took.items()}


def _report(app: Flask, houses: dict[int, tuple[str, str, str]]) -> None:
    bare = Flask("hello")
    bare.add_url_rule("/", "hello", lambda: "hello")
    calls: dict[str, Callable[[], int]] = {"hello": _caller(bare, "/", {})}
    for size, (slug, cookie, secret) in houses.items():
        page = {"Cookie": f"fastpix_session={cookie}", "Host": "localhost"}
        basic = {"Authorization": f"Basic {secret}", "Host": "localhost"}
        last = f"/v1/iam/members?limit=25&offset={size // 25 // 2}"
        calls[f"members page, {size:,}"] = _caller(app, f"/o/{slug}/members/", page)
        calls[f"members search, {size:,}"] = _caller(app, f"/o/{slug}/members/?q=admin", page)
        calls[f"API list of 25, {size:,}"] = _caller(app, "/v1/iam/members?limit=25", basic)
        calls[f"API list, middle, {size:,}"] = _caller(app, last, basic)
        calls[f"API me, {size:,}"] = _caller(app, "/v1/iam/me", basic)
    found = _measure(calls)
    small, large = (f"{size:,}" for size in SIZES)
    print(f"{'what':32} {'µs':>8} {'ratio':>7}  goal")
    print(f"{'hello (bare Flask view)':32} {found['hello']:8.0f} {1.0:7.1f}")
    for name in (f"members page, {small}", f"API list of 25, {small}", f"API me, {small}"):
        goal = "30x hello or less" if "page" in name else "25x hello or less" if "list" in name else ""
        print(f"{name:32} {found[name]:8.0f} {found[name] / found['hello']:7.1f}  {goal}")
    for what in ("members page", "members search", "API list of 25", "API list, middle"):
        grown = found[f"{what}, {large}"] / found[f"{what}, {small}"]
        goal = "under 1.5" if what in ("members page", "API list of 25") else ""
        print(f"{what + ', ' + large:32} {found[f'{what}, {large}']:8.0f} {grown:7.2f}  {goal} (over {small})")


def _caller(app: Flask, path: str, headers: dict[str, str]) -> Callable[[], int]:
    client = Client(app, use_cookies=False)
    return lambda: client.get(path, headers=headers).status_code


if __name__ == "__main__":
    main()
