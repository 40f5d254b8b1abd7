"""A connection to a mail server that may be slow, or talk for ever: it has a time for all of a mail, and few words.

smtplib waits for each read alone and keeps every line of an answer, so a server could hold a worker and its memory.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from contextlib import suppress
from typing import Any

TIMEOUT = 15  # seconds, of each read
MOST_SECONDS = 90  # of everything that is said about one mail
MOST_LINES = 100  # of one answer; servers announce their extensions in a dozen


class TooMuch(smtplib.SMTPException):
    """The server's answer does not end."""


class _Bounded(smtplib.SMTP):
    """Ends by itself. After that every read raises, and `is_late` tells why."""

    is_late = False
    _opened: socket.socket | None = None
    _watch: threading.Timer | None = None

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        opened: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc]
        self._watch = threading.Timer(MOST_SECONDS, self._cut)
        self._watch.daemon = True
        self._watch.start()
        self._opened = opened
        return opened

    def _cut(self) -> None:
        self.is_late = True
        for each in (self.sock, self._opened):  # the greeting is read before smtplib keeps the socket
            with suppress(OSError):
                if each:
                    each.shutdown(socket.SHUT_RDWR)

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = _Lines(self.sock.makefile("rb"))
        if isinstance(self.file, _Lines):
            self.file.left = MOST_LINES
        try:
            return super().getreply()
        except (smtplib.SMTPException, OSError) as problem:
            self.close()
            if self.is_late:
                raise TimeoutError("the mail server takes too long") from problem
            raise

    def close(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        super().close()


class _Encrypted(_Bounded, smtplib.SMTP_SSL):
    """The same over TLS from the first byte."""


class _Lines:
    """The lines of a server's answers, as many as `left` of each."""

    def __init__(self, file: Any) -> None:
        self._file, self.left = file, MOST_LINES

    def readline(self, size: int = -1) -> bytes:
        if self.left <= 0:
            raise TooMuch(f"Its answer has more than {MOST_LINES} lines.")
        self.left -= 1
        line: bytes = self._file.readline(size)
        return line

    def close(self) -> None:
        self._file.close()


def opened(scheme: str, host: str, port: int) -> smtplib.SMTP:
    """A connection to the server, greeted by it. Raises `OSError` and `SMTPException`."""
    # A name is given, since smtplib would ask the DNS for one; the greeting is chosen when the connection is there.
    if scheme == "smtps":
        context = ssl.create_default_context()
        return _Encrypted(host, port, local_hostname="localhost", timeout=TIMEOUT, context=context)
    return _Bounded(host, port, local_hostname="localhost", timeout=TIMEOUT)
