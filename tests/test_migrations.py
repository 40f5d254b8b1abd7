"""Migrations: head is what the models say, up and down leave no trace, and there is one line of history."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask

from fastpix import schema_revision
from fastpix.app import create_app
from fastpix.backup import migrations
from fastpix.config.settings import MIGRATIONS
from fastpix.db import Base, db
from tests.world import test_settings as settings_for

KINDS = ("sqlite", "postgres")


@pytest.fixture(params=KINDS)
def empty(request, tmp_path):
    """An application on an empty database of its own."""
    url = request.getfixturevalue("postgres_server").create("migrations") if request.param == "postgres" else ""
    app = create_app(settings_for(tmp_path / "instance", database_url=url))
    yield app
    with app.app_context():
        db.engine.dispose()


def script() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config)


def _plain(index: dict[str, object]) -> str:
    """An index in words; the condition of a partial one is an object."""
    options = index.get("dialect_options") or {}
    return str({**index, "dialect_options": {name: str(value) for name, value in sorted(options.items())}})


def schema(app: Flask) -> dict[str, object]:
    """All there is in the database, in plain words."""
    with app.app_context():
        inspector = sa.inspect(db.engine)
        return {
            name: (
                sorted(
                    str((c["name"], str(c["type"]), c["nullable"], c.get("default")))
                    for c in inspector.get_columns(name)
                ),
                sorted(_plain(i) for i in inspector.get_indexes(name)),
                sorted(str(k) for k in inspector.get_foreign_keys(name)),
                sorted(str(u) for u in inspector.get_unique_constraints(name)),
                sorted(str(c) for c in inspector.get_check_constraints(name)),
            )
            for name in inspector.get_table_names()
        }


def test_head_is_what_the_models_say(empty):
    with empty.app_context():
        migrations.upgrade()
        with db.engine.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"compare_type": True, "compare_server_default": True}
            )
            assert compare_metadata(context, Base.metadata) == []


def test_constraints_have_the_names_the_models_give_them(empty):
    """Alembic does not compare names of checks and keys; a migration that drops one by name needs them right."""
    with empty.app_context():
        migrations.upgrade()
        inspector = sa.inspect(db.engine)
        for table in Base.metadata.sorted_tables:
            given = {c.name for c in table.constraints if isinstance(c, sa.CheckConstraint | sa.ForeignKeyConstraint)}
            found = {
                c["name"] for c in inspector.get_check_constraints(table.name) + inspector.get_foreign_keys(table.name)
            }
            assert {str(name) for name in given} == found, table.name


def test_deletes_cascade_as_the_models_say(empty):
    with empty.app_context():
        migrations.upgrade()
        inspector = sa.inspect(db.engine)
        for table in Base.metadata.sorted_tables:
            told = {tuple(k.column_keys): k.ondelete for k in table.foreign_key_constraints}
            found = {
                tuple(k["constrained_columns"]): k["options"].get("ondelete")
                for k in inspector.get_foreign_keys(table.name)
            }
            assert told == found, table.name


@pytest.mark.full("every step up, and down again, on both databases")
def test_up_and_down_leave_no_trace(empty):
    """Every step alone: up, down, and up again to the same; at the bottom nothing is left."""
    states = [schema(empty)]
    steps = [revision.revision for revision in reversed(list(script().walk_revisions()))]
    with empty.app_context():
        for revision in steps:
            migrations.upgrade(revision)
            states.append(schema(empty))
        for before in reversed(states[:-1]):
            migrations.downgrade("-1")
            after = {k: v for k, v in schema(empty).items() if k != "alembic_version"}
            assert after == {k: v for k, v in before.items() if k != "alembic_version"}
        migrations.upgrade()
    assert schema(empty) == states[-1]


def test_the_steps_read_from_the_files_are_alembics():
    """`schema_revision` reads them itself, without loading Alembic."""
    history = {step.revision: step.down_revision or "" for step in script().walk_revisions()}
    assert schema_revision.steps() == history
    assert schema_revision.heads() == set(script().get_heads())


def test_history_is_one_line():
    history = list(script().walk_revisions())
    assert len(script().get_heads()) == len(script().get_bases()) == 1
    assert not any(revision.is_merge_point or revision.is_branch_point for revision in history)
    assert [r.down_revision for r in history[:-1]] == [r.revision for r in history[1:]]


def test_files_are_named_by_date_and_order():
    paths = sorted(path.name for path in (MIGRATIONS / "versions").glob("*.py"))
    history = [Path(r.path).name for r in reversed(list(script().walk_revisions()))]
    assert paths == history, "sorted by name, the files are in the order they run"
    assert all(name[:8].isdecimal() for name in paths)


@pytest.mark.parametrize("path", sorted((MIGRATIONS / "versions").glob("*.py")), ids=lambda path: path.stem)
def test_no_step_imports_what_a_later_version_may_change(path):
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    assert imported <= {"__future__", "alembic", "sqlalchemy"} | sys.stdlib_module_names


def test_a_failed_migration_leaves_nothing_behind(empty, monkeypatch):
    """The transaction is begun by hand, since SQLite would keep the half that worked."""
    monkeypatch.setattr(sa.schema.CreateTable, "__init__", _failing(sa.schema.CreateTable.__init__, "members"))
    with empty.app_context(), pytest.raises(SystemExit):  # flask-migrate turns errors into it
        migrations.upgrade()
    monkeypatch.undo()
    assert schema(empty) == {}
    with empty.app_context():
        migrations.upgrade()
    assert "members" in schema(empty)


def _failing(init, name):
    def fail(self, element, *args, **kwargs):
        if element.name == name:
            raise RuntimeError("broken on purpose")
        init(self, element, *args, **kwargs)

    return fail
