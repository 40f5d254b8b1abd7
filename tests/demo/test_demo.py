"""`fastpix demo` fills an empty instance with real things, and touches none that is in use."""

from __future__ import annotations

import pytest

from fastpix.crypto import seal
from fastpix.db import Base
from fastpix.demo import organizations, webhook
from fastpix.resources.webhooks.deliveries.jobs import signatures
from tests import next_release
from tests.stories.tables import rows

pytestmark = pytest.mark.sqlite


@pytest.fixture
def empty(make_operator):
    """Nothing at all: not even a database."""
    return make_operator("demo")


@pytest.mark.full("30 seconds: makes and processes films")
def test_it_fills_an_empty_instance_with_what_people_would_make(empty):
    done = empty.run("demo")
    assert done.exit_code == 0, done.output
    assert "Everybody's password is " in done.output
    assert empty.sql("SELECT role, count(*) FROM members GROUP BY role ORDER BY role") == [("admin", 3), ("member", 11)]
    assert empty.sql("SELECT status, count(*) FROM media GROUP BY status ORDER BY status") == [
        ("Failed", 2),
        ("Ready", 7),
    ]
    assert empty.sql("SELECT count(*) FROM live_streams") == [(4,)]
    assert empty.sql("SELECT count(*) FROM playlist_items") == [(7,)]
    assert empty.sql("SELECT member_count FROM organizations ORDER BY member_count") == [(2,), (12,)]
    assert empty.sql("SELECT count(*) FROM invitations WHERE used_at IS NULL") == [(4,)]
    for table in ("signing_keys", "access_tokens", "webhooks"):
        assert empty.sql(f"SELECT count(*) FROM {table}") == [(2,)], table
    assert empty.sql("SELECT state, count(*) FROM webhook_deliveries GROUP BY state") == [("failed", 7)]
    never = empty.sql("SELECT count(*) FROM members WHERE last_seen_at IS NULL AND role = 'member'")
    assert never == [(1,)]
    years = empty.sql("SELECT count(*) FROM media WHERE created_at < datetime('now', '-300 days')")
    assert years == [(1,)]
    assert empty.sql("SELECT count(*) FROM invitations WHERE expires_at < datetime('now')") == [(2,)]
    empty.fails("demo", "--on-air", "--minutes", "0.1", saying="Does `fastpix up` run")
    for check in (("audit", "verify"), ("storage", "check")):
        assert empty.run(*check).exit_code == 0
    empty.fails("demo", saying="Somebody is in this instance already")


def test_an_instance_in_use_is_left_alone(operator):
    before = [operator.sql(f"SELECT count(*) FROM {table.name}") for table in Base.metadata.sorted_tables]
    operator.fails("demo", saying="nothing was changed")
    assert [operator.sql(f"SELECT count(*) FROM {table.name}") for table in Base.metadata.sorted_tables] == before


def test_before_the_migration_it_names_the_command(operator, tmp_path, monkeypatch):
    next_release.install(monkeypatch, tmp_path / "migrations")
    operator.fails("demo", saying="fastpix upgrade")


def test_where_there_is_no_demo_nothing_goes_on_air(operator):
    operator.fails("demo", "--on-air", saying="There is no demo in this instance")


def test_without_the_question_it_would_fill_what_is_in_use(operator, monkeypatch):
    """Breaks the guard on purpose."""
    monkeypatch.setattr(organizations.drawn, "FILMS", ())
    monkeypatch.setattr(organizations.sa.func, "count", lambda *_: organizations.sa.literal(0), raising=False)
    assert operator.run("demo").exit_code == 0
    assert operator.sql("SELECT count(*) FROM organizations") == [(3,)]


def test_its_webhook_can_sign_what_happens_later(world, acting, cast):
    with acting("ada"):
        webhook.make(next(iter(cast.acme.workspaces.values())), "Ada Admin")
    sealed = {row["sealed_secret"] for row in rows(world, "webhooks", description="Tells the website of new films")}
    with world.session():
        signed = [signatures(b"{}", seal.unseal(each), 1) for each in sealed]
    assert signed and all(each["FastPix-Signature"] for each in signed)
