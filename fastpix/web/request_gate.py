"""One short request of a process at a time: the others wait a moment in place of fighting for the interpreter.

Threads that compute at once take turns hundreds of times a request (each row read from SQLite is one), and a list cost
twice its processor time. Measured in docs/decisions/2026-11-24-request-gate.md.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# A courtesy, not a rule: a request that has its turn for longer than this, say on a locked database, holds nobody up.
PATIENCE_SECONDS = 0.25
# However many others come first, nobody waits for longer than this.
MOST_SECONDS = 2.0
# What sends a body may take as long as its sender: uploads pass by. So do answers, once the application has made them.
SHORT = frozenset({"GET", "HEAD"})
# Films and pictures wait for the storage or ffmpeg, and compute next to nothing.
WAITING = ("/stream/", "/images/", "/source/")
# When a request came, for those who count how long it took (`web.metrics`).
CAME = "fastpix.came"


class RequestGate:
    """WSGI middleware around everything that computes an answer."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application, self._turn, self._since = application, threading.Lock(), 0.0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[CAME] = time.perf_counter()
        if environ["REQUEST_METHOD"] not in SHORT or environ["PATH_INFO"].startswith(WAITING):
            return self._application(environ, start_response)
        is_mine = self._wait()
        try:
            return self._application(environ, start_response)
        finally:
            if is_mine:
                self._turn.release()

    def _wait(self) -> bool:
        """Whether it is this request's turn; False where the one before has had its turn for too long."""
        end = time.monotonic() + MOST_SECONDS
        while not self._turn.acquire(timeout=PATIENCE_SECONDS):
            if (now := time.monotonic()) > end or now - self._since > PATIENCE_SECONDS:
                return False
        self._since = time.monotonic()
        return True
