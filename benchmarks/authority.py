"""What it costs that who acts is looked up again in the transaction that writes: a role change, and a change without."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from unittest.mock import patch
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from werkzeug.test import Client

from benchmarks import filling, tenant, turns
from benchmarks.frame import Benchmark, Found, Options, Row, most
from fastpix.access import authority, principal
from fastpix.access.principal import Actor
from fastpix.db import db
from fastpix.resources.members.models import Member

WITHOUT = "the same, nobody looked up again"
# What a change of role has always done under the organization's lock, and no other change did.
OF_OLD = "the same, with the role alone read again"
ROLE_CHANGE = Row("a role change and back, over the API", "µs", OF_OLD, most(1.03))
RENAMING = Row("an edited workspace, over the API", "µs", WITHOUT)
_ROLE = sa.select(Member.role).where(Member.id == sa.bindparam("member_id"))


def measure(options: Options) -> Iterator[tuple[str, Found]]:
    with tenant.application(options.database("authority")) as app:
        here = tenant.found(app, "Organization")
        filling.fill(app, here, 2, filling.members)
        change, rename = _role_change(app, here), _renaming(app, here)
        calls = {
            ROLE_CHANGE.name: change,
            OF_OLD: _as_if(change, _role_alone),
            RENAMING.name: rename,
            WITHOUT: _as_if(rename, lambda *_args, **_more: None),
        }
        taken = turns.microseconds(calls, options.quick(20, 400), with_others=options.is_postgres)
    yield ROLE_CHANGE.name, Found(taken[ROLE_CHANGE.name], taken[OF_OLD])
    yield RENAMING.name, Found(taken[RENAMING.name], taken[WITHOUT])


def _role_change(app: Flask, here: tenant.Tenant) -> Callable[[], int]:
    with app.app_context(), principal.acting(principal.system("benchmark", here.organization_id)):
        others = sa.select(Member.id).where(Member.id != here.member_id).limit(1)
        member_id = db.session.scalars(others).one()
        db.session.rollback()
    address = f"/v1/iam/members/{member_id}"
    promote, demote = (_sender(app, here, address, partial(dict, role=role)) for role in ("admin", "member"))
    # Both, since a demotion also looks up what ends with the role.
    return lambda: max(promote(), demote())


def _renaming(app: Flask, here: tenant.Tenant) -> Callable[[], int]:
    numbers = itertools.count()
    address = f"/v1/iam/workspaces/{here.workspace_id}"
    return _sender(app, here, address, lambda: {"description": f"Number {next(numbers)}"})


def _sender(app: Flask, here: tenant.Tenant, address: str, body: Callable[[], dict[str, str]]) -> Callable[[], int]:
    client, headers = Client(app, use_cookies=False), here.api_headers()
    return lambda: client.patch(address, json=body(), headers=headers, buffered=True).status_code


def _as_if(call: Callable[[], int], read: Callable[..., None]) -> Callable[[], int]:
    """The call where the wall reads so."""

    def instead() -> int:
        with patch.object(authority, "read", read), patch.object(authority, "is_read", lambda _actor: True):
            return call()

    return instead


def _role_alone(*_args: object, **_more: object) -> None:
    actor: Actor = principal.current()
    member_id: UUID | None = actor.member_id
    db.session.scalar(_ROLE, {"member_id": member_id})


BENCHMARKS = (Benchmark("authority", "who acts, looked up again in what writes", (ROLE_CHANGE, RENAMING), measure),)
