"""Rows by the hundred thousand, past the ORM: a benchmark's data, not changes that anybody made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from flask import Flask

from benchmarks.house import House
from fastpix.db import db, now
from fastpix.resources.access_tokens.models import AccessToken
from fastpix.resources.audit import chain
from fastpix.resources.audit.models import AuditHead, AuditRow
from fastpix.resources.media.models import NO_RESTRICTIONS, READY, Media, MediaCount, PlaybackId, Track
from fastpix.resources.members.models import Member
from fastpix.resources.organizations.models import Organization
from fastpix.resources.people.models import Person
from fastpix.resources.workspaces.models import Workspace

BATCH = 10_000
ACTIONS = ("media.create", "media.edit", "media.delete", "members.edit", "workspaces.edit")

Fill = Callable[[sa.Connection, House, int], None]


def fill(app: Flask, house: House, size: int, with_rows: Fill) -> None:
    """Bring what `with_rows` adds to `size` rows in this organization, and let the database look at them."""
    with app.app_context(), db.engine.connect() as connection:
        with_rows(connection, house, size)
        connection.commit()
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


def members(connection: sa.Connection, house: House, size: int) -> None:
    """Members who joined a second apart before now, all with the word "Person" and their number as name."""
    began = now() - timedelta(seconds=size)
    for numbers in _batches(size - 1):
        persons, rows = [], []
        for number in numbers:
            person_id, email = uuid4(), f"p{number}@{house.slug}.example.com"
            person = {"id": person_id, "email": email, "email_canonical": email, "password_hash": "", "theme": ""}
            persons.append(
                person | {"name": f"Person {number}", "name_folded": f"person {number}", "created_at": began}
            )
            member = {"id": uuid4(), "organization_id": house.organization_id, "person_id": person_id}
            at = began + timedelta(seconds=number)
            rows.append(member | {"role": "member", "all_workspaces": True, "joined_at": at, "last_seen_at": at})
        connection.execute(sa.insert(Person.__table__), persons)
        connection.execute(sa.insert(Member.__table__), rows)
    here = sa.update(Organization.__table__).where(Organization.id == house.organization_id)
    connection.execute(here.values(member_count=size))


def media(connection: sa.Connection, house: House, size: int) -> None:
    """Ready media a second apart, each with a public playback id."""
    began = now() - timedelta(seconds=size)
    here = {"organization_id": house.organization_id, "workspace_id": house.workspace_id}
    fixed = {"title": "A film", "title_folded": "a film", "status": READY, "source_kind": "url", "created_by": "Ada"}
    fixed |= {"width": 1920, "height": 1080, "duration": 61.5, "frame_rate": 30.0, "has_sound": True}
    for numbers in _batches(size):
        rows = [{**here, **fixed, "id": uuid4(), "created_at": began + timedelta(seconds=number)} for number in numbers]
        public = {**here, "access_policy": "public", "restrictions": NO_RESTRICTIONS}
        connection.execute(sa.insert(Media), rows)
        connection.execute(sa.insert(PlaybackId), [{**public, "media_id": row["id"]} for row in rows])
    connection.execute(sa.insert(MediaCount), [{**here, "total": size}])


def media_with_tracks(connection: sa.Connection, house: House, size: int) -> None:
    """The same, each with the two tracks of a film."""
    media(connection, house, size)
    here = {"organization_id": house.organization_id, "workspace_id": house.workspace_id, "status": "available"}
    of = sa.select(Media.id).where(Media.organization_id == house.organization_id)
    tracks = [
        {**here, "media_id": media_id, "type": kind, "details": {"width": 1920, "height": 1080, "frameRate": "30.000"}}
        for media_id in connection.scalars(of)
        for kind in ("video", "audio")
    ]
    connection.execute(sa.insert(Track), tracks)


def access_tokens(connection: sa.Connection, house: House, size: int) -> None:
    """Working tokens of the admin, a second apart."""
    began = now() - timedelta(seconds=size)
    fixed = {"organization_id": house.organization_id, "workspace_id": house.workspace_id, "role": "member"}
    fixed |= {"owner_id": house.member_id, "owner_name": "Ada Admin", "may_manage_people": False, "last_used_from": ""}
    for numbers in _batches(size - 1):
        rows = [
            {**fixed, "id": uuid4(), "name": f"token {number}", "secret_hash": f"{number:064}"}
            | {"created_at": began + timedelta(seconds=number)}
            for number in numbers
        ]
        connection.execute(sa.insert(AccessToken.__table__), rows)
    here = sa.update(Workspace.__table__).where(Workspace.id == house.workspace_id)
    connection.execute(here.values(token_count=size))


def audit(connection: sa.Connection, house: House, size: int) -> None:
    """Rows as the house writes them, chained, a second apart; every fourth was denied."""
    columns = [getattr(AuditHead, name) for name in chain.HEAD_COLUMNS]
    of = AuditHead.chain == house.organization_id
    head = dict(connection.execute(sa.select(*columns).where(of)).mappings().one())
    began = head["at"]
    for numbers in _batches(max(0, size - head["number"])):
        rows = []
        for _ in numbers:
            row = _audit_row(house, head, began)
            row["hash"] = chain.row_hash(row)
            head.update(number=row["number"], hash=row["hash"], at=row["at"])
            rows.append(row)
        connection.execute(sa.insert(AuditRow), rows)
    connection.execute(sa.update(AuditHead).where(of).values(**head, seal=chain.head_seal(head)))


def _audit_row(house: House, head: dict[str, Any], began: Any) -> dict[str, Any]:
    number = head["number"] + 1
    action = ACTIONS[number % len(ACTIONS)]
    return {
        "id": uuid4(), "chain": house.organization_id, "number": number, "previous_hash": head["hash"],
        "at": began + timedelta(seconds=number), "organization_id": house.organization_id, "workspace_id": None,
        "action": action, "area": action.partition(".")[0], "actor_kind": "person", "actor_id": f"person {number % 4}",
        "actor_name": f"Person {number % 4}", "door": "dashboard", "address": "127.0.0.1", "request_id": uuid4().hex,
        "target_kind": "media", "target_id": str(number), "target_name": f"A film {number}",
        "before": {"title": "Old"}, "after": {"title": "New"}, "result": "denied" if number % 4 == 0 else "done",
    }  # fmt: skip


def _batches(size: int) -> Iterator[range]:
    for first in range(0, size, BATCH):
        yield range(first, min(first + BATCH, size))
