"""PostgreSQL as it is run: it starts late, is restarted, and may have pgbouncer before it.

A restart closes every connection. So one is looked at before it is used, and a new one is waited for: what is asked
meanwhile is late, and does not fail. How requests under way are repeated: `web.database_restarts`.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Dialect, Engine

from fastpix import sqlite_file
from fastpix.errors import Misconfigured

# How long requests and jobs wait for a database that has just gone; after that they fail at once until it is back.
PATIENCE_SECONDS = 20.0
PAUSE_SECONDS = 0.2
# How long `fastpix up` waits for one that is not there yet, and how often it says so.
START_SECONDS, TELL_SECONDS = 60.0, 5.0
# Which statements the server keeps prepared: those of the fifth time on. They save a twelfth of a page's processor time.
PREPARED_FROM = 5
# None is prepared yet; the rest finds out within a minute that the other machine is gone.
ARGUMENTS: Mapping[str, Any] = {
    "prepare_threshold": None,
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
# Of what a server says that refuses: these pass. libpq gives no code for it, only words.
_PASSING = (
    "starting up",
    "shutting down",
    "not yet accepting",
    "recovery",
    "too many",
    "remaining connection slots",
    "terminating connection",
    "server login",  # pgbouncer's
    "server conn",  # pgbouncer's
    "query_wait_timeout",  # pgbouncer's
    "client_login_timeout",  # pgbouncer's
)
# Of what libpq says without asking a server, or when one speaks otherwise than the address wants: this never passes.
_LASTING = (
    "invalid",  # values of options
    "could not parse",
    "does not support",
    "certificate",
    "private key",
    "no password supplied",
    "authentication",
    "channel binding",
    "GSSAPI",
    "definition of service",
    "weak sslmode",
)


def arguments(url: str) -> dict[str, Any]:
    """What psycopg is given for each connection; what stands in the address itself counts."""
    given = sa.make_url(url)
    if given.get_backend_name() != "postgresql":
        return {}
    return {name: value for name, value in ARGUMENTS.items() if name not in given.query}


def install(engine: Engine) -> None:
    """Teach an engine of PostgreSQL to outlive restarts. Does nothing for other databases."""
    if engine.dialect.name != "postgresql":
        return
    outage = _Outage()
    event.listen(engine, "do_connect", outage.connect)
    event.listen(engine, "checkout", lambda connection, *_: _look_at(engine.dialect, connection))
    event.listen(engine, "commit", _look_before_saving)


class _Outage:
    """Connects, and waits for the server as long as it has not been away for longer than `PATIENCE_SECONDS`."""

    def __init__(self) -> None:
        self._since: float | None = None

    def connect(self, dialect: Dialect, _record: Any, given: Any, named: Any) -> Any:
        while True:
            try:
                connection = _connect(dialect, given, named)
            except dialect.loaded_dbapi.OperationalError as problem:
                now = time.monotonic()
                self._since = self._since or now
                if not passes(problem) or now - self._since > PATIENCE_SECONDS:
                    raise
                time.sleep(PAUSE_SECONDS)
            else:
                self._since = None
                return connection


def _connect(dialect: Dialect, given: Any, named: Any) -> Any:
    """pgbouncer hands a session on after each transaction: nothing may be left in it, prepared statements least."""
    connection = dialect.connect(*given, **named)
    try:
        if not is_pooled(connection):
            connection.prepare_threshold = PREPARED_FROM
    except BaseException:  # it ends at this very moment
        connection.close()
        raise
    return connection


def _look_at(dialect: Dialect, connection: Any) -> None:
    """Whether the server has closed it. That costs microseconds where a statement would cost a trip to the server."""
    try:
        if _speaks(connection):
            dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as gone:
        raise sa.exc.InvalidatePoolError from gone


def _look_before_saving(connection: sa.Connection) -> None:
    """Of a connection that broke before its COMMIT it is known that nothing was saved."""
    if _speaks(connection.connection.driver_connection):
        connection.exec_driver_sql("SELECT 1")


def _speaks(connection: Any) -> bool:
    """Whether the server said something unasked: a farewell, or a notice."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def passes(problem: Exception) -> bool:
    """Whether it may work in a moment: a server that is not there, or not yet. What is wrong in the address does not pass."""
    if not _is_of_the_connection(problem):
        return False
    said = str(problem)
    if any(words in said for words in _PASSING):
        return True
    return "FATAL" not in said and not any(words in said for words in _LASTING)


def _is_of_the_connection(problem: Exception) -> bool:
    """Whether psycopg says it of a server. What it cannot even try is another kind, and SQLite's errors are of a file."""
    original = getattr(problem, "orig", None) or problem
    kind = type(original)
    return kind.__module__.partition(".")[0] == "psycopg" and any(
        base.__name__ == "OperationalError" for base in kind.__mro__
    )


def reason(problem: Exception) -> str:
    """Why a database cannot be used, in a line. There is no password in it."""
    original = getattr(problem, "orig", None) or problem
    lines = [line.strip() for line in str(original).splitlines() if line.strip()]
    first = next(
        (line for line in lines if not line.startswith("Multiple connection attempts")), type(original).__name__
    )
    return first.removeprefix("connection is bad: ").rstrip(".")


def complaint(problem: Exception, *, waited: str = "") -> str:
    """A sentence without its cure: only a server that may come yet "does not answer"."""
    return f"The database {f'does not answer{waited}' if passes(problem) else 'cannot be used'}: {reason(problem)}."


def require(engine: Engine, *, seconds: float = 0.0, say: Callable[[str], None] = lambda _text: None) -> None:
    """Raise `Misconfigured`, in a sentence, for a database that cannot be used; one that is not there is waited for.

    Looks by a connection of its own: SQLAlchemy's first one already fails in an encoding that is not UTF-8.
    """
    try:
        connection = _await(engine, seconds, say)
    except engine.dialect.loaded_dbapi.Error as problem:
        raise Misconfigured(_unreachable(engine, problem, seconds)) from None
    try:
        cursor = connection.cursor()
        if engine.dialect.name == "sqlite":
            cursor.execute("SELECT count(*) FROM sqlite_master")
            return
        cursor.execute("SHOW server_encoding")
        found = cursor.fetchone()[0]
        encoding = found.decode() if isinstance(found, bytes) else str(found)
    except engine.dialect.loaded_dbapi.Error as problem:
        raise Misconfigured(f"The database cannot be read: {reason(problem)}. Correct FASTPIX_DATABASE_URL.") from None
    finally:
        connection.close()
    if encoding != "UTF8":
        raise Misconfigured(
            f"The database's encoding is {encoding}, and fastpix needs UTF8. Make another one with CREATE DATABASE fastpix "
            "ENCODING 'UTF8' TEMPLATE template0, and name it in FASTPIX_DATABASE_URL."
        )


def _unreachable(engine: Engine, problem: Exception, seconds: float) -> str:
    if engine.dialect.name == "sqlite":
        return sqlite_file.complaint(engine.url.database or "", reason(problem))
    said = complaint(problem, waited=f" in {seconds:.0f} seconds" if seconds else "")
    return f"{said} {'Start it, or correct' if passes(problem) else 'Correct'} FASTPIX_DATABASE_URL."


def _await(engine: Engine, seconds: float, say: Callable[[str], None]) -> Any:
    given, named = engine.dialect.create_connect_args(engine.url)
    if engine.dialect.name == "postgresql":
        named.update(arguments(engine.url.render_as_string(hide_password=False)))
    else:
        sqlite_file.begin(engine.url.database or "")
    began = told = time.monotonic()
    while True:
        try:
            return engine.dialect.connect(*given, **named)
        except engine.dialect.loaded_dbapi.OperationalError as problem:
            now = time.monotonic()
            if engine.dialect.name != "postgresql" or not passes(problem) or now - began > seconds:
                raise
            if told == began or now - told > TELL_SECONDS:
                say(f"  Waiting for the database ({now - began:.0f} of {seconds:.0f} s): {reason(problem)}.")
                told = now
            time.sleep(PAUSE_SECONDS)


def is_pooled(connection: Any) -> bool:
    """Whether something stands between a psycopg connection and the server: another process answers than was met."""
    answer = connection.execute("SELECT pg_backend_pid()").fetchone()
    connection.rollback()
    return bool(answer and answer[0] != connection.info.backend_pid)
