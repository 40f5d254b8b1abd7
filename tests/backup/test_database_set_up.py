"""The database as operators give it: away, starting, in a wrong encoding, shared with another program, begun by two at once."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import sqlalchemy as sa

from fastpix import postgresql_server
from fastpix.app import create_app
from fastpix.backup import schema_lock, upgrade
from fastpix.db import db
from fastpix.errors import Misconfigured
from tests.world import test_settings as settings_for

GONE = "postgresql+psycopg://ada:Zq7secret@127.0.0.1:9/x"


@pytest.fixture
def operated(make_operator):
    """`operated(url)`: an operator of an instance on that database."""

    def make(url):
        operator = make_operator(f"instance-{len(made)}")
        made.append(operator)
        operator.environment |= {
            "FASTPIX_DATABASE_URL": url,
            "FASTPIX_LIVE_BIND": "off",
            "FASTPIX_PUBLIC_URL": "http://127.0.0.1:9",
        }
        return operator

    made = []
    return make


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
@pytest.mark.sql("the database's encoding")
def test_an_encoding_that_is_not_utf_8_is_a_sentence(postgres_server, operated, encoding):
    operator = operated(postgres_server.create("encoded", encoding))
    operator.fails("upgrade", saying=f"The database's encoding is {encoding}, and fastpix needs UTF8. Make another one")
    assert f"fail  database: The database's encoding is {encoding}" in operator.run("doctor").output


@pytest.mark.parametrize(
    "words", [("upgrade",), ("list-users",), ("create-token", "--organization", "x", "--name", "y", "--role", "admin")]
)
def test_a_database_that_is_away_is_a_sentence(operated, words, monkeypatch):
    monkeypatch.setattr(postgresql_server, "PATIENCE_SECONDS", 0.3)
    result = operated(GONE).run(*words)
    assert result.exit_code in (1, 2) and "Zq7" not in result.output
    if result.exit_code == 1:
        assert "The database does not answer: " in result.stderr and len(result.stderr.splitlines()) == 1


def test_the_doctor_says_so_once_and_looks_at_the_rest(operated):
    lines = operated(GONE).run("doctor").output.splitlines()
    assert len([line for line in lines if "The database does not answer" in line]) == 1
    assert any("ffmpeg" in line for line in lines) and any(line.startswith("ok    storage") for line in lines)


@pytest.mark.parametrize("path", ["missing/x.db", "text.db"])
def test_an_sqlite_file_that_is_none_is_a_sentence(operated, tmp_path, path):
    (tmp_path / "text.db").write_text("not a database, " * 100)
    operated(f"sqlite:///{tmp_path / path}").fails("upgrade", saying="The database ")


@pytest.mark.parametrize(("path", "words"), [
    ("missing/x.db", "there is no folder {}/missing. Make it, or correct FASTPIX_DATABASE_URL."),
    ("", "it is a folder. Name a file in it in FASTPIX_DATABASE_URL"),
])  # fmt: skip
def test_an_sqlite_file_that_cannot_be_there_says_why_and_is_not_said_to_be_waited_for(tmp_path, path, words):
    settings = settings_for(tmp_path / "instance", database_url=f"sqlite:///{tmp_path / path}")
    app = create_app(settings)
    with pytest.raises(Misconfigured) as problem:
        upgrade.upgrade(app, settings, pytest.fail, wait_seconds=60)
    _close(app)
    assert f"cannot be opened: {words.format(tmp_path)}" in str(problem.value) and "60" not in str(problem.value)


@pytest.mark.parametrize("option", ["sslmode=required", "connect_timeout=abc", "hostaddr=nope", "service=nope"])
def test_an_option_that_is_wrong_is_not_waited_for(tmp_path, option):
    settings = settings_for(tmp_path / "instance", database_url=f"{GONE}?{option}")
    with pytest.raises(
        Misconfigured, match=r"^The database cannot be used: .*\. Correct FASTPIX_DATABASE_URL\.$"
    ) as problem:
        upgrade.upgrade(create_app(settings), settings, pytest.fail, wait_seconds=60)
    assert option.partition("=")[2] in str(problem.value) and "Zq7" not in str(problem.value)


def test_commands_say_the_same_of_a_file_that_cannot_be_there(operated, tmp_path):
    operated(f"sqlite:///{tmp_path}/missing/x.db").fails(
        "list-users", saying="The database cannot be used: unable to open"
    )


@pytest.mark.full("a server is stopped and started")
def test_up_waits_for_a_database_that_starts(restartable_postgres, tmp_path, eventually):
    settings = settings_for(tmp_path / "instance", database_url=restartable_postgres.create("late"))
    app, said = create_app(settings), []
    restartable_postgres.shut_down()
    with ThreadPoolExecutor(1) as pool:
        upgrading = pool.submit(upgrade.upgrade, app, settings, said.append, insist=False, wait_seconds=60)
        eventually(lambda: said)
        restartable_postgres.start_again()
        upgrading.result(60)
    assert all("Waiting for the database" in line for line in said)
    _close(app)


def test_up_ends_when_the_database_does_not_come(tmp_path, monkeypatch):
    monkeypatch.setattr(postgresql_server, "TELL_SECONDS", 0.3)
    settings, said = settings_for(tmp_path / "instance", database_url=GONE), []
    with pytest.raises(
        Misconfigured, match=r"does not answer in 1 seconds: .*refused.* FASTPIX_DATABASE_URL\.$"
    ) as problem:
        upgrade.upgrade(create_app(settings), settings, said.append, wait_seconds=1)
    assert "Zq7" not in str(problem.value) + "".join(said) and len(said) > 1


@pytest.mark.sql("who may sign in at the server")
def test_a_wrong_name_is_not_waited_for(postgres_server, tmp_path):
    settings = settings_for(tmp_path / "instance", database_url=postgres_server.url("of-nobody"))
    with pytest.raises(Misconfigured, match='database "of-nobody" does not exist'):
        upgrade.upgrade(create_app(settings), settings, pytest.fail, wait_seconds=60)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.sql("tables beside ours"))])
def beside(request, tmp_path):
    """An application on an empty database, its settings, and a function that changes the database from outside."""
    url = request.getfixturevalue("postgres_server").create("beside") if request.param == "postgres" else ""
    settings = settings_for(tmp_path / "instance", database_url=url)
    app = create_app(settings)

    def change(statement):
        with app.app_context(), db.engine.begin() as connection:
            connection.exec_driver_sql(statement)

    yield app, settings, change
    _close(app)


def _close(app):
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_a_foreign_table_beside_ours_is_left_alone(beside):
    app, settings, change = beside
    change("CREATE TABLE spatial_ref_sys (id INTEGER PRIMARY KEY, name VARCHAR(20) UNIQUE)")
    change("CREATE INDEX theirs ON spatial_ref_sys (name)")
    upgrade.upgrade(app, settings, lambda _: None)
    change("CREATE INDEX of_the_operator ON people (name)")
    change("UPDATE alembic_version SET version_num = version_num")
    with app.app_context():
        upgrade._verify()


def test_a_real_difference_is_named(beside):
    app, settings, change = beside
    upgrade.upgrade(app, settings, lambda _: None)
    change("ALTER TABLE workspaces ADD COLUMN surprise INTEGER")
    change("DROP TABLE limit_counts")
    with app.app_context(), pytest.raises(Misconfigured) as problem:
        upgrade._verify()
    assert "the table limit_counts is missing" in str(problem.value)
    assert "workspaces has besides the column surprise" in str(problem.value)


def test_a_table_of_another_program_with_our_name_is_a_sentence(beside):
    app, settings, change = beside
    change("CREATE TABLE people (id INTEGER PRIMARY KEY)")
    with pytest.raises(
        Misconfigured, match=r"tables of another program that have names of ours \(people\); nothing was changed"
    ):
        upgrade.upgrade(app, settings, lambda _: None)


def test_who_comes_second_waits_until_the_first_is_done(beside, monkeypatch, eventually):
    app, settings, _ = beside
    monkeypatch.setattr(schema_lock, "TELL_SECONDS", 0.1)
    said = []
    with app.app_context():
        engine = db.engine
    with ThreadPoolExecutor(1) as pool:
        with schema_lock.held(engine, pytest.fail):
            second = pool.submit(upgrade.upgrade, app, settings, said.append)
            eventually(lambda: len(said) > 1)
            assert not second.done() and not sa.inspect(engine).get_table_names()
        second.result(60)
    assert "Another process" in said[0] and sa.inspect(engine).get_table_names()


@pytest.mark.full("two processes begin at one moment, on both databases")
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_two_that_begin_on_one_empty_database_both_come_up(kind, request, tmp_path):
    url = (
        f"sqlite:///{tmp_path}/one.db" if kind == "sqlite" else request.getfixturevalue("postgres_server").create("two")
    )
    command = [sys.executable, "-m", "fastpix", "upgrade"]
    started = [
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={"FASTPIX_INSTANCE_PATH": str(tmp_path / name), "FASTPIX_DATABASE_URL": url, "PATH": "/usr/bin:/bin"},
        )
        for name in ("one", "another")
    ]  # fmt: skip
    said = [process.communicate(timeout=120)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0], said
    assert "Traceback" not in "".join(said)


def test_words_of_the_server_decide_whether_it_may_pass():
    assert postgresql_server.passes(psycopg.OperationalError("FATAL:  the database system is starting up"))
    assert postgresql_server.passes(psycopg.OperationalError("Connection refused"))
    assert not postgresql_server.passes(
        psycopg.OperationalError('FATAL:  password authentication failed for user "ada"')
    )
    assert postgresql_server.passes(psycopg.errors.ConnectionTimeout("connection timeout expired"))
    assert postgresql_server.passes(psycopg.OperationalError("failed to resolve host 'db': Name or service not known"))
    for lasting in ("server does not support SSL, but SSL was required", "SSL error: certificate verify failed"):
        assert not postgresql_server.passes(psycopg.OperationalError(f"connection to server failed: {lasting}"))
    assert not postgresql_server.passes(psycopg.ProgrammingError("bad value for connect_timeout: 'abc'"))
