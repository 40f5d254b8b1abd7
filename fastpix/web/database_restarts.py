"""A request whose connection to the database broke is asked once more: a restart of PostgreSQL is nobody's error.

Its transaction is undone with its connection, so nothing of it is there twice. One that had begun to commit is not repeated:
nobody knows whether that arrived. Nor are files, whose bytes are gone; their senders go on where they were.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import sqlalchemy.exc
from flask import has_request_context, request
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# In the request's environment: the body to repeat it with, and how often it came to save something.
_BODY, _SAVING = "fastpix.repeat_with", "fastpix.saving"
_IS_SECOND = "fastpix.is_repeated"
_SAFE = ("GET", "HEAD", "OPTIONS")


# A server that ends sends it in place of the answer, and has then undone what it was asked to save.
_UNDONE = "57P01"


def install(engine: Engine) -> None:
    """Notice when a request saves something."""
    event.listen(engine, "commit", _note_saving)


def _note_saving(_connection: Connection) -> None:
    if has_request_context():
        request.environ[_SAVING] = request.environ.get(_SAVING, 0) + 1


def is_saving() -> bool:
    """Whether this request had begun to save something."""
    return request.method not in _SAFE and bool(request.environ.get(_SAVING))


def is_repeated(problem: Exception, *, body: Callable[[], bytes | None]) -> bool:
    """Whether the request that met this will be asked once more. `body` gives its bytes, None where they are gone."""
    if not (isinstance(problem, sqlalchemy.exc.DBAPIError) and problem.connection_invalidated):
        return False
    is_undone = problem.statement is None and getattr(problem.orig, "sqlstate", None) == _UNDONE  # the COMMIT itself
    kept = 0 if request.method in _SAFE else request.environ.get(_SAVING, 0) - is_undone
    if kept or _IS_SECOND in request.environ:
        return False
    data = b"" if request.method in _SAFE else body()
    if data is None:
        return False
    request.environ[_BODY] = data
    return True


class Repeating:
    """WSGI middleware around the application alone."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        again = environ.copy()
        begun: list[tuple[Any, ...]] = []

        def begin(*given: Any) -> Callable[[bytes], object]:
            begun[:] = [given]
            return lambda _: None

        answer = self._application(environ, begin)
        if (body := environ.get(_BODY)) is None:
            start_response(*begun[0])
            return answer
        if hasattr(answer, "close"):
            answer.close()
        again |= {_IS_SECOND: True, "wsgi.input": io.BytesIO(body)}
        return self._application(again, start_response)
