"""Whether lists stay as quick with 1,000,000 rows as with 100: first, middle and last page, dashboard and API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import InstrumentedAttribute

from benchmarks import filling, tenant, turns
from benchmarks.frame import Benchmark, Found, Options, Row, most
from benchmarks.tenant import Tenant
from fastpix.db import db, now
from fastpix.resources.audit.chain.verify import check
from fastpix.resources.media.models import Media
from fastpix.resources.members.models import Member

SMALL, LARGE, LARGE_QUICK = 100, 1_000_000, 20_000
FLAT, MIDDLE = most(1.5), most(60, "ms")
Page = tuple[str, str]  # its path, and the door: "page" or "api"


@dataclass(frozen=True)
class Kind:
    """Lists of one kind of row. `pages` gives the pages of an organization with so many of them, by name."""

    name: str
    fill: filling.Fill
    pages: Callable[[Flask, Tenant, int], dict[str, Page]]
    names: tuple[str, ...]

    def row(self, name: str) -> Row:
        goal = MIDDLE if "middle" in name else FLAT
        return Row(f"{self.name} {name}", "ms", f"{SMALL} rows", goal)


def _api(path: str, size: int) -> dict[str, Page]:
    """The API's first page of 25, the one in the middle, and the last."""
    joint = "&" if "?" in path else "?"
    numbers = {"API, first page": 1, "API, middle": max(1, size // 50), "API, last page": max(1, size // 25)}
    return {name: (f"{path}{joint}limit=25&offset={number}", "api") for name, number in numbers.items()}


def _nth(
    app: Flask, here: Tenant, model: type[Member | Media], moment: InstrumentedAttribute[datetime], skip: int
) -> tuple[datetime, UUID]:
    """The moment and the id of the organization's oldest row but so many: where the last page begins."""
    rows = sa.select(moment, model.id).where(model.organization_id == here.organization_id)
    with app.app_context(), db.engine.connect() as connection:
        at, row_id = connection.execute(rows.order_by(moment, model.id).offset(skip).limit(1)).one()
    return at, row_id


def _members(app: Flask, here: Tenant, size: int) -> dict[str, Page]:
    path = f"/o/{here.slug}/members/"
    at, member_id = _nth(app, here, Member, Member.joined_at, 25)
    pages = {"page, first": path, "page, last": f"{path}?after={at.isoformat().replace('+', '%2B')}_{member_id}"}
    pages |= {"page, searched": f"{path}?q=ba", "page, searched by two words": f"{path}?q=ba+example"}
    return {name: (path, "page") for name, path in pages.items()} | _api("/v1/iam/members", size)


def _media(app: Flask, here: Tenant, size: int) -> dict[str, Page]:
    path = f"/o/{here.slug}/media/"
    at, media_id = _nth(app, here, Media, Media.created_at, 24)
    pages = {"page, first": path, "page, last": f"{path}?after={at.timestamp() * 1e6:.0f}~{media_id.hex}~"}
    return {name: (path, "page") for name, path in pages.items()} | _api("/v1/on-demand", size)


def _audit(_app: Flask, here: Tenant, size: int) -> dict[str, Page]:
    path, day = f"/o/{here.slug}/audit/", f"{now() + timedelta(minutes=1):%Y-%m-%d}"
    asked = {
        "page, first": "", "page, last": "?older=26", "page, of an action": "?action=media.edit",
        "page, of a person": "?actor=person+3", "page, denied": "?result=denied",
        "page, of a day": f"?since={day}&until={day}",
    }  # fmt: skip
    pages = {name: (f"{path}{query}", "page") for name, query in asked.items()}
    return pages | _api("/v1/iam/audit", size)


def _tokens(_app: Flask, here: Tenant, size: int) -> dict[str, Page]:
    path = f"/o/{here.slug}/access-tokens/"
    pages = {"page, first": path, "page, last": f"{path}?page={size // 25}"}
    return {name: (path, "page") for name, path in pages.items()} | _api("/v1/iam/access-tokens", size)


API = ("API, first page", "API, middle", "API, last page")
ENDS = ("page, first", "page, last")
AUDIT = ("page, of an action", "page, of a person", "page, denied", "page, of a day")
KINDS = (
    Kind("members", filling.members, _members, (*ENDS, "page, searched", "page, searched by two words", *API)),
    Kind("media", filling.media, _media, (*ENDS, *API)),
    Kind("audit", filling.audit, _audit, (*ENDS, *AUDIT, *API)),
    Kind("tokens", filling.access_tokens, _tokens, (*ENDS, *API)),
)
VERIFIED = Row("audit rows verified a second", "rows", "")


def _measure(kind: Kind, options: Options) -> Iterator[tuple[str, Found]]:
    large = options.quick(LARGE_QUICK, LARGE)
    with tenant.application(options.database(f"growth-{kind.name}")) as app:
        tenants = {size: tenant.found(app, f"Organization {size}") for size in (SMALL, large)}
        for size, here in tenants.items():
            filling.fill(app, here, size, kind.fill)
        pages = {size: kind.pages(app, here, size) for size, here in tenants.items()}
        calls = {
            (size, name): turns.caller(app, path, here.page_headers() if door == "page" else here.api_headers())
            for size, here in tenants.items()
            for name, (path, door) in pages[size].items()
        }
        for name in kind.names:  # small and large in turns, a page at a time: their caches stay warm
            pair = {str(size): calls[size, name] for size in tenants}
            taken = turns.microseconds(pair, options.quick(15, 60), with_others=options.is_postgres)
            yield kind.row(name).name, Found(taken[str(large)] / 1000, taken[str(SMALL)] / 1000)
        if kind.name == "audit":
            yield VERIFIED.name, _verified(app, tenants[large])


def _verified(app: Flask, here: Tenant) -> Found:
    """How many rows a second `fastpix audit verify` looks through."""
    import time

    with app.app_context():
        began = time.perf_counter()
        report = check(here.organization_id)
        assert not report.faults, report.faults[:3]
        return Found(report.rows / (time.perf_counter() - began))


def _benchmark(kind: Kind) -> Benchmark:
    rows = tuple(kind.row(name) for name in kind.names) + ((VERIFIED,) if kind.name == "audit" else ())
    about = f"lists of {kind.name} with {LARGE:,} rows against {SMALL}"
    return Benchmark(f"growth-{kind.name}", about, rows, partial(_measure, kind))


BENCHMARKS = tuple(_benchmark(kind) for kind in KINDS)
