"""A role change of a thousand members in one request beside a thousand requests for one each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import sqlalchemy as sa
from flask import Flask
from werkzeug.test import Client

from benchmarks import filling, tenant
from benchmarks.frame import Benchmark, Found, Options, Row, most
from fastpix.access import principal
from fastpix.db import db
from fastpix.resources.members.models import Member

SINGLE = "one at a time, by one request each"
# Promotions: a demotion looks up what ends with the role, for one as for many.
MANY = Row("a thousand members made admins in one request, each", "µs", SINGLE, most(0.1))


def measure(options: Options) -> Iterator[tuple[str, Found]]:
    size, singles = options.quick(100, 1000), options.quick(10, 60)
    with tenant.application(options.database("many_members")) as app:
        here = tenant.found(app, "Organization")
        filling.fill(app, here, size + singles + 1, filling.members)
        ids = _others(app, here)
        client, headers = Client(app, use_cookies=False), here.api_headers()

        def change(method: str, path: str, body: dict[str, object]) -> Callable[[], int]:
            return lambda: client.open(path, method=method, json=body, headers=headers, buffered=True).status_code

        # Each single one also mails those who became admins before it; there are few of them yet.
        alone = [change("PATCH", f"/v1/iam/members/{each}", {"role": "admin"}) for each in ids[:singles]]
        together = change("POST", "/v1/iam/members/bulk/edit", {"memberIds": ids[singles:], "role": "admin"})
        single, many = _microseconds(alone) / singles, _microseconds([together]) / size
    yield MANY.name, Found(many, single)


def _others(app: Flask, here: tenant.Tenant) -> list[str]:
    with app.app_context(), principal.acting(principal.system("benchmark", here.organization_id)):
        found = list(db.session.scalars(sa.select(Member.id).where(Member.id != here.member_id)))
        db.session.rollback()
    return [str(each) for each in found]


def _microseconds(calls: list[Callable[[], int]]) -> float:
    began = time.process_time()
    for call in calls:
        assert call() == 200
    return (time.process_time() - began) * 1e6


BENCHMARKS = (Benchmark("many-members", "many members changed at once", (MANY,), measure),)
