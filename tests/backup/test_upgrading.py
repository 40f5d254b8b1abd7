"""Databases as earlier releases left them, brought to this version: nothing of them is lost, and people go on as before.

`tests/releases/*.json` holds rows that the named release wrote with its own verbs (its cast of that day, on SQLite,
secret key and secrets included); only the ends of sessions, invites and tokens were moved a century on. The newest of
them is brought to a release still to come, so that something happens to it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from fastpix import schema_revision
from fastpix.app import create_app
from fastpix.backup import migrations, upgrade
from fastpix.db import Base, db, set_reading
from fastpix.resources.audit.chain import verify
from tests import next_release
from tests.cast import Token
from tests.doors import ApiDoor, PageDoor
from tests.world import test_settings as settings_for

RELEASES = sorted((Path(__file__).parents[1] / "releases").glob("*.json"))
# The tables of which the newest release has no row here, and why.
WITHOUT = {
    "passkeys": "a passkey wants an authenticator",
    "person_words": "came later, and is filled by its migration",
    "track_transcripts": "came later, and is filled by a job",
    "track_words": "as the one before",
}
# What a later version keeps elsewhere or counts anew, with the reason.
ELSEWHERE = {("limit_counts", "*"): "counts of tries are only of the last hour"}


@dataclass
class Old:
    """A release's database, not upgraded yet."""

    app: Any
    settings: Any
    told: dict[str, Any]

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """All rows there are, in the database's own types."""
        with self.app.app_context(), db.engine.connect() as connection:
            tables = sa.MetaData()
            tables.reflect(connection)
            return {
                name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
                for name, table in tables.tables.items()
            }

    def upgrade(self) -> list[str]:
        said: list[str] = []
        upgrade.upgrade(self.app, self.settings, said.append, insist=False)  # pg_dump may be missing or too old
        return said


@pytest.fixture(params=["sqlite", "postgres"])
def database(request):
    return request.getfixturevalue("postgres_server").create("upgrading") if request.param == "postgres" else ""


@pytest.fixture
def step():
    """What the release still to come does to the schema."""
    return next_release.REBUILD


@pytest.fixture(params=RELEASES, ids=lambda path: path.stem)
def old(request, database, step, tmp_path, monkeypatch):
    told = json.loads(request.param.read_text())
    next_release.install(monkeypatch, tmp_path / "migrations", step)
    settings = settings_for(tmp_path / "instance", database_url=database, secret_key=told["key"])
    app = create_app(settings)
    with app.app_context():
        migrations.upgrade(told["revision"])
        _put_in(db.engine, told["tables"])
    yield Old(app, settings, told)
    with app.app_context():
        db.engine.dispose()


def _put_in(engine: sa.Engine, told: dict[str, Any]) -> None:
    """The rows as they were written, in any order: foreign keys rest meanwhile."""
    is_sqlite = engine.dialect.name == "sqlite"
    set_reading(False)
    with engine.connect() as connection:
        tables = sa.MetaData()
        tables.reflect(connection)
        connection.rollback()
        if is_sqlite:  # only heard outside a transaction
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")
        else:
            connection.exec_driver_sql("SET LOCAL session_replication_role=replica")
        for name, given in told.items():
            columns = ", ".join(f'"{column}"' for column in given["columns"])
            marks = ", ".join(("?" if is_sqlite else "%s",) * len(given["columns"]))
            kinds = [tables.tables[name].c[column].type for column in given["columns"]]
            rows = [tuple(_value(v, k, is_sqlite) for v, k in zip(row, kinds, strict=True)) for row in given["rows"]]
            connection.exec_driver_sql(f'INSERT INTO "{name}" ({columns}) VALUES ({marks})', rows)
        connection.commit()
        if is_sqlite:
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=ON")


def _value(value: Any, kind: sa.types.TypeEngine[Any], is_sqlite: bool) -> Any:
    """SQLite's stored form in the other database's type."""
    if isinstance(value, dict):
        return bytes.fromhex(value["hex"])
    if is_sqlite or value is None:
        return value
    if isinstance(kind, sa.Uuid):
        return UUID(value)
    if isinstance(kind, sa.DateTime):
        return datetime.fromisoformat(value)
    return bool(value) if isinstance(kind, sa.Boolean) else value


def test_nothing_of_an_old_release_is_lost(old):
    before = old.rows()
    said = old.upgrade()
    assert "ackup" in said[0], "made before, or warned of"
    _rows_are_kept(before, old.rows())
    _people_go_on(old)
    _media_and_streams_are_listed(old)


@pytest.mark.parametrize("step", [next_release.BREAK])
def test_a_step_that_breaks_leaves_the_release_as_it_was(old):
    before = old.rows()
    with pytest.raises(SystemExit):  # flask-migrate turns errors into it
        old.upgrade()
    assert old.rows() == before


def test_the_newest_of_them_is_this_version_and_has_rows_in_every_table():
    told = json.loads(RELEASES[-1].read_text())
    assert schema_revision.origin(told["revision"]) == "known"
    assert set(Base.metadata.tables) - set(told["tables"]) == set(WITHOUT)


def _rows_are_kept(before, after):
    for name, rows in before.items():
        if (name, "*") in ELSEWHERE or name == "alembic_version":
            continue
        known = list(rows[0]) if rows else []
        assert set(known) <= set(after[name][0] if rows else []), f"a column of {name} went"
        left = [{column: row[column] for column in known} for row in after[name]]
        missing = [row for row in rows if row not in left]
        assert not missing, f"{name} lost or changed {missing}"


def _people_go_on(old):
    """With the same password, session, token and invite, and an audit log whose old rows are in the chain."""
    ada = old.told["people"]["ada"]
    browser = PageDoor(old.app)
    assert browser.post("/sign-in", {"email": ada["email"], "password": old.told["password"]}).status_code == 303
    assert "Mel Member" in browser.get("/o/acme/members/").text
    assert PageDoor(old.app, old.told["people"]["mel"]["session"]).get("/o/acme/members/").status_code == 200
    identifier, secret = ada["tokens"]["people"]
    script = ApiDoor(old.app, Token(UUID(identifier), secret, "people"))
    assert script.get("iam/me").status_code == 200
    assert script.post("iam/workspaces", {"name": "Made after the upgrade"}).status_code == 201
    assert PageDoor(old.app).get(f"/i/{old.told['invite']}", follow_redirects=True).status_code == 200
    with old.app.app_context():
        verify.begin()
        reports = [verify.check(of) for of in verify.chains()]
        db.session.rollback()
    assert not [report.faults for report in reports if report.faults]
    assert sum(report.rows for report in reports) > len(old.told["tables"]["audit_log"]["rows"])


def _media_and_streams_are_listed(old):
    identifier, secret = old.told["people"]["ada"]["tokens"]["people"]
    script = ApiDoor(old.app, Token(UUID(identifier), secret, "people"))
    for table, path in (("media", "on-demand"), ("live_streams", "live/streams")):
        given = old.told["tables"].get(table, {"columns": [], "rows": []})
        made = [SimpleNamespace(**dict(zip(given["columns"], row, strict=True))) for row in given["rows"]]
        here = {UUID(row.id) for row in made if row.workspace_id == _workspace_of(old, identifier)}
        listed = script.get(f"{path}?limit=50").get_json()["data"]
        assert here <= {UUID(row.get("id") or row["streamId"]) for row in listed}


def _workspace_of(old: Old, token_id: str) -> str:
    given = old.told["tables"]["access_tokens"]
    at, of = given["columns"].index("id"), given["columns"].index("workspace_id")
    return next(row[of] for row in given["rows"] if row[at] == UUID(token_id).hex)
