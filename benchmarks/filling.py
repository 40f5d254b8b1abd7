"""Rows by the hundred thousand, past the ORM: a benchmark's data, not changes that anybody made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from flask import Flask

from benchmarks.tenant import Tenant
from fastpix.db import db, now
from fastpix.resources.access_tokens.models import AccessToken
from fastpix.resources.audit.chain import rules
from fastpix.resources.audit.models import AuditHead, AuditRow
from fastpix.resources.media.models import READY, Media, MediaCount
from fastpix.resources.media.tracks.models import Track
from fastpix.resources.members.models import Member
from fastpix.resources.organizations.models import Organization
from fastpix.resources.people.models import Person, PersonWord
from fastpix.resources.playback_ids.models import NO_RESTRICTIONS, PlaybackId
from fastpix.resources.workspaces.models import Workspace
from fastpix.text import folded_words

BATCH = 10_000
ACTIONS = ("media.create", "media.edit", "media.delete", "members.edit", "workspaces.edit")
FIRST_NAMES = (
    "Ada", "Bob", "Cem", "Dana", "Eva", "Finn", "Gül", "Hugo", "Ida", "Jan", "Kim", "Lea", "Mel", "Noor", "Ole", "Pia", "Rex",
    "Sam", "Tom", "Zoë",
)  # fmt: skip
SYLLABLES = (
    "ba", "be", "da", "di", "fa", "ga", "ho", "ki", "lu", "lü", "ma", "mi", "na", "no", "pe", "ra", "ro", "sa", "ta", "vo",
)  # fmt: skip

Fill = Callable[[sa.Connection, Tenant, int], None]


def fill(app: Flask, tenant: Tenant, size: int, with_rows: Fill) -> None:
    """Bring what `with_rows` adds to `size` rows in this organization, and let the database look at them."""
    with app.app_context(), db.engine.connect() as connection:
        with_rows(connection, tenant, size)
        connection.commit()
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


def members(connection: sa.Connection, tenant: Tenant, size: int) -> None:
    """Members who joined a second apart before now. Twenty first names, 8,000 last names, in 160,000 pairs."""
    began = now() - timedelta(seconds=size)
    for numbers in _batches(size - 1):
        persons, rows, words = [], [], []
        for number in numbers:
            name, folded = name_of(number), folded_words.folded(name_of(number))
            person_id, email = uuid4(), f"p{number}@{tenant.slug}.example.com"
            person = {"id": person_id, "email": email, "email_canonical": email, "password_hash": "", "theme": ""}
            persons.append(person | {"name": name, "name_folded": name.lower(), "created_at": began})
            found_by = folded_words.of_person(name, email)
            words += [{"person_id": person_id, "word": word, "name": folded} for word in found_by]
            member = {"id": uuid4(), "organization_id": tenant.organization_id, "person_id": person_id}
            at = began + timedelta(seconds=number)
            rows.append(member | {"role": "member", "all_workspaces": True, "joined_at": at, "last_seen_at": at})
        connection.execute(sa.insert(Person.__table__), persons)
        connection.execute(sa.insert(PersonWord.__table__), words)
        connection.execute(sa.insert(Member.__table__), rows)
    here = sa.update(Organization.__table__).where(Organization.id == tenant.organization_id)
    connection.execute(here.values(member_count=size))


def name_of(number: int) -> str:
    """The name of the member of this number, such as "Zoë Lürona"."""
    rest, first = divmod(number, len(FIRST_NAMES))
    syllables = []
    for _ in range(3):
        rest, syllable = divmod(rest, len(SYLLABLES))
        syllables.append(SYLLABLES[syllable])
    return f"{FIRST_NAMES[first]} {''.join(syllables).capitalize()}"


def media(connection: sa.Connection, tenant: Tenant, size: int) -> None:
    """Ready media a second apart, each with a public playback id."""
    began = now() - timedelta(seconds=size)
    here = {"organization_id": tenant.organization_id, "workspace_id": tenant.workspace_id}
    fixed = {"title": "A film", "title_folded": "a film", "status": READY, "source_kind": "url", "created_by": "Ada"}
    fixed |= {"width": 1920, "height": 1080, "duration": 61.5, "frame_rate": 30.0, "has_sound": True}
    for numbers in _batches(size):
        rows = [{**here, **fixed, "id": uuid4(), "created_at": began + timedelta(seconds=number)} for number in numbers]
        public = {**here, "access_policy": "public", "restrictions": NO_RESTRICTIONS}
        connection.execute(sa.insert(Media), rows)
        connection.execute(sa.insert(PlaybackId), [{**public, "media_id": row["id"]} for row in rows])
    connection.execute(sa.insert(MediaCount), [{**here, "total": size}])


def media_with_tracks(connection: sa.Connection, tenant: Tenant, size: int) -> None:
    """The same, each with the two tracks of a film."""
    media(connection, tenant, size)
    here = {"organization_id": tenant.organization_id, "workspace_id": tenant.workspace_id, "status": "available"}
    of = sa.select(Media.id).where(Media.organization_id == tenant.organization_id)
    tracks = [
        {**here, "media_id": media_id, "type": kind, "details": {"width": 1920, "height": 1080, "frameRate": "30.000"}}
        for media_id in connection.scalars(of)
        for kind in ("video", "audio")
    ]
    connection.execute(sa.insert(Track), tracks)


def access_tokens(connection: sa.Connection, tenant: Tenant, size: int) -> None:
    """Working tokens of the admin, a second apart."""
    began = now() - timedelta(seconds=size)
    fixed = {"organization_id": tenant.organization_id, "workspace_id": tenant.workspace_id, "role": "member"}
    fixed |= {"owner_id": tenant.member_id, "owner_name": "Ada Admin", "may_manage_people": False, "last_used_from": ""}
    for numbers in _batches(size - 1):
        rows = [
            {**fixed, "id": uuid4(), "name": f"token {number}", "secret_hash": f"{number:064}"}
            | {"created_at": began + timedelta(seconds=number)}
            for number in numbers
        ]
        connection.execute(sa.insert(AccessToken.__table__), rows)
    here = sa.update(Workspace.__table__).where(Workspace.id == tenant.workspace_id)
    connection.execute(here.values(token_count=size))


def audit(connection: sa.Connection, tenant: Tenant, size: int) -> None:
    """Rows as fastpix writes them, chained, a second apart; every fourth was denied."""
    columns = [getattr(AuditHead, name) for name in rules.HEAD_COLUMNS]
    of = AuditHead.chain == tenant.organization_id
    head = dict(connection.execute(sa.select(*columns).where(of)).mappings().one())
    began = head["at"]
    for numbers in _batches(max(0, size - head["number"])):
        rows = []
        for _ in numbers:
            row = _audit_row(tenant, head, began)
            row["hash"] = rules.row_hash(row)
            head.update(number=row["number"], hash=row["hash"], at=row["at"])
            rows.append(row)
        connection.execute(sa.insert(AuditRow), rows)
    connection.execute(sa.update(AuditHead).where(of).values(**head, seal=rules.head_seal(head)))


def _audit_row(tenant: Tenant, head: dict[str, Any], began: Any) -> dict[str, Any]:
    number = head["number"] + 1
    action = ACTIONS[number % len(ACTIONS)]
    return {
        "id": uuid4(), "chain": tenant.organization_id, "number": number, "previous_hash": head["hash"],
        "at": began + timedelta(seconds=number), "organization_id": tenant.organization_id, "workspace_id": None,
        "action": action, "area": action.partition(".")[0], "actor_kind": "person", "actor_id": f"person {number % 4}",
        "actor_name": f"Person {number % 4}", "door": "dashboard", "address": "127.0.0.1", "request_id": uuid4().hex,
        "target_kind": "media", "target_id": str(number), "target_name": f"A film {number}",
        "before": {"title": "Old"}, "after": {"title": "New"}, "result": "denied" if number % 4 == 0 else "done",
    }  # fmt: skip


def _batches(size: int) -> Iterator[range]:
    for first in range(0, size, BATCH):
        yield range(first, min(first + BATCH, size))
