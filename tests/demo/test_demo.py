"""`fastpix demo` fills an empty instance with real things, and touches none that is in use."""

from __future__ import annotations

import pytest

from fastpix.db import Base
from fastpix.demo import organizations
from tests import next_release

pytestmark = pytest.mark.sqlite


@pytest.fixture
def empty(make_operator):
    """Nothing at all: not even a database."""
    return make_operator("demo")


@pytest.mark.full("9 seconds: makes and processes films")
def test_it_fills_an_empty_instance_with_what_people_would_make(empty):
    done = empty.run("demo")
    assert done.exit_code == 0, done.output
    assert "Everybody's password is " in done.output
    assert empty.sql("SELECT role, count(*) FROM members GROUP BY role ORDER BY role") == [("admin", 2), ("member", 7)]
    assert empty.sql("SELECT status, count(*) FROM media GROUP BY status ORDER BY status") == [
        ("Failed", 2),
        ("Ready", 4),
    ]
    assert empty.sql("SELECT count(*) FROM live_streams") == [(4,)]
    assert empty.sql("SELECT count(*) FROM playlist_items") == [(4,)]
    assert empty.sql("SELECT member_count FROM organizations ORDER BY member_count") == [(2,), (7,)]
    assert empty.sql("SELECT count(*) FROM invitations WHERE used_at IS NULL") == [(2,)]
    for table in ("signing_keys", "access_tokens", "webhooks"):
        assert empty.sql(f"SELECT count(*) FROM {table}") == [(2,)], table
    assert empty.sql("SELECT state, count(*) FROM webhook_deliveries GROUP BY state") == [("failed", 4)]
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


def test_without_the_question_it_would_fill_what_is_in_use(operator, monkeypatch):
    """Breaks the guard on purpose."""
    monkeypatch.setattr(organizations.drawn, "FILMS", ())
    monkeypatch.setattr(organizations.sa.func, "count", lambda *_: organizations.sa.literal(0), raising=False)
    assert operator.run("demo").exit_code == 0
    assert operator.sql("SELECT count(*) FROM organizations") == [(3,)]
