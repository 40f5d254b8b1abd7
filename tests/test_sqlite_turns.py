"""Writers of SQLite stand in line, in a process and among processes, and who only reads never waits for them."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
import sqlalchemy as sa

from fastpix import sqlite_turns
from fastpix.db import db, reading, set_reading

MOMENT = 20  # seconds after which a test that hangs is a test that fails
LONG_AGO = "2020-01-01 00:00:00"

# Takes the turn again and again, writes into the file named second when it has it, and stays in its last one.
OTHER = """
import sys, time
from fastpix import sqlite_turns
path, told, turns = sys.argv[1], open(sys.argv[2], "a", buffering=1), int(sys.argv[3])
for number in range(turns):
    turn = sqlite_turns.take(path, 30)
    told.write(f"turn {time.monotonic()}\\n")
    if number + 1 < turns:
        turn.end()
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "some.sqlite")


@pytest.fixture
def other(path, tmp_path):
    """`other(turns)`: another process that takes so many turns, and a function that reads what it told."""
    started = []
    told = tmp_path / "told"

    def start(turns):
        told.touch()
        command = [sys.executable, "-c", OTHER, path, str(told), str(turns)]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE))
        return started[-1], lambda: told.read_text().splitlines()

    yield start
    for each in started:
        each.kill()
        each.wait()
        each.stdin.close()


def until(condition):
    end = time.monotonic() + MOMENT
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def waiting(path):
    return len(sqlite_turns._lines[path]._waiting)


@pytest.mark.sqlite
def test_threads_are_served_as_they_came(path):
    first, order = sqlite_turns.take(path, 0), []

    def write(number):
        turn = sqlite_turns.take(path, MOMENT)
        order.append(number)
        turn.end()

    with ThreadPoolExecutor(30) as threads:
        for number in range(30):
            threads.submit(write, number)
            until(lambda there=number + 1: waiting(path) == there)
        first.end()
    assert order == list(range(30))


@pytest.mark.sqlite
def test_who_would_not_wait_is_told_at_once_and_leaves_nothing_behind(path):
    first = sqlite_turns.take(path, 0)
    assert sqlite_turns.take(path, 0) is None
    assert sqlite_turns.take(path, 0.01) is None
    first.end()
    second = sqlite_turns.take(path, 0)
    assert second is not None
    second.end()


@pytest.mark.full("starts processes")
@pytest.mark.sqlite
def test_a_process_that_writes_all_the_time_lets_another_one_in(path, other):
    """Its next one stands ready before every end of a turn; the other process comes in all the same."""
    stop = Event()

    def write():
        while not stop.is_set():
            sqlite_turns.take(path, MOMENT).end()

    with ThreadPoolExecutor(20) as threads:
        writers = [threads.submit(write) for _ in range(20)]
        process, told = other(20)
        try:
            until(lambda: len(told()) == 20)
        finally:
            stop.set()
            process.kill()  # it keeps its last turn
        for each in writers:
            each.result(MOMENT)


@pytest.mark.full("starts processes")
@pytest.mark.sqlite
def test_a_process_that_dies_in_its_turn_gives_it_back(path, other):
    process, told = other(1)
    until(told)
    assert sqlite_turns.take(path, 0.01) is None
    process.kill()
    process.wait()
    turn = sqlite_turns.take(path, MOMENT)
    assert turn is not None
    turn.end()


@pytest.mark.sqlite
def test_where_no_file_can_be_made_sqlite_decides(tmp_path):
    turn = sqlite_turns.take(str(tmp_path / "missing" / "some.sqlite"), 0)
    assert turn is not None
    turn.end()


@pytest.mark.sqlite
def test_who_reads_finds_a_connection_while_more_writers_wait_than_there_are_connections(world):
    def write():
        with world.app.app_context():
            set_reading(False)
            db.session.execute(sa.text("SELECT 1"))
            db.session.commit()

    path = world.engine.pool.path
    turn = sqlite_turns.take(path, 0)
    try:
        with ThreadPoolExecutor(40) as threads:
            for _ in range(40):
                threads.submit(write)
            until(lambda: waiting(path) == 40)
            began = time.monotonic()
            with world.app.app_context(), reading():
                assert db.session.scalar(sa.text("SELECT 1")) == 1
            assert time.monotonic() - began < 1
            turn.end()
    finally:
        assert waiting(path) == 0


@pytest.fixture
def writer(world):
    """Somebody else who writes, for as long as the test looks: to all of SQLite, or to every row of members and sessions."""
    set_reading(False)
    if world.kind == "sqlite":
        held = sqlite3.connect(world.engine.url.database, isolation_level=None)
        held.execute("BEGIN IMMEDIATE")
    else:
        held = world.engine.connect()
        held.exec_driver_sql("SELECT * FROM members FOR UPDATE")
        held.exec_driver_sql("SELECT * FROM sessions FOR UPDATE")
        held.exec_driver_sql("SELECT * FROM access_tokens FOR UPDATE")
    yield
    held.rollback()
    held.close()


@pytest.fixture
def long_unseen(world):
    with world.engine.begin() as connection:
        for table, column in (
            ("members", "last_seen_at"),
            ("sessions", "last_seen_at"),
            ("access_tokens", "last_used_at"),
        ):
            connection.execute(sa.text(f"UPDATE {table} SET {column} = :at"), {"at": LONG_AGO})


@pytest.mark.sql("a row that is locked, or all of the database")
@pytest.mark.parametrize("door", ["page", "api"])
def test_a_page_that_only_reads_waits_for_no_writer(world, ada, long_unseen, writer, door):
    began = time.monotonic()
    answer = ada.page.get("/o/acme/members/") if door == "page" else ada.api.get("iam/members")
    assert answer.status_code == 200
    assert time.monotonic() - began < 2
