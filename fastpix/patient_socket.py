"""A connection that waits for a slow server only so long, and notices when the waiting should end."""

from __future__ import annotations

import io
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

BUFFER = 256 * 1024
# How long one wait is before somebody looks whether it should go on, in seconds.
LOOK_EVERY = 0.5


@dataclass(frozen=True)
class Patience:
    """`deadline` (monotonic) ends everything, `silence` is the longest wait for a single byte, in seconds."""

    deadline: float
    silence: float
    should_stop: Callable[[], bool]

    def check(self) -> None:
        """Raises TookTooLong after the deadline, or when somebody wants to stop."""
        if self.should_stop():
            raise TookTooLong(is_stopped=True)
        if monotonic() >= self.deadline:
            raise TookTooLong


class TookTooLong(Exception):
    """The patience is at its end; `is_stopped`: because somebody said so."""

    def __init__(self, *, is_stopped: bool = False) -> None:
        super().__init__()
        self.is_stopped = is_stopped


class PatientSocket:
    """As much of a socket as `http.client` uses. Leaving the context ends the connection.

    A socket's own time-out starts anew with each byte: a server that sends one now and then would keep us for ever.
    """

    def __init__(self, sock: socket.socket, patience: Patience) -> None:
        self._sock = sock
        self._patience = patience

    @classmethod
    def open(cls, address: str, port: int, seconds: float, patience: Patience) -> PatientSocket:
        """Connect to an IP address. Raises OSError, TookTooLong."""
        patience.check()
        seconds = min(seconds, patience.deadline - monotonic())
        return cls(socket.create_connection((address, port), timeout=max(seconds, 0.001)), patience)

    def __enter__(self) -> PatientSocket:
        return self

    def __exit__(self, *_: object) -> None:
        self._sock.close()

    def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Encrypt, and have the server prove that it is `host`. Raises ssl.SSLError, OSError; then it is closed."""
        try:
            # The time-out of connecting holds for the whole handshake.
            self._sock = context.wrap_socket(self._sock, server_hostname=host)
        except BaseException:
            self._sock.close()
            raise

    def sendall(self, data: bytes) -> None:
        self._patience.check()
        self._sock.settimeout(max(min(self._patience.silence, self._patience.deadline - monotonic()), 0.001))
        self._sock.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._sock, self._patience), BUFFER)

    def close(self) -> None:
        """Nothing yet: `http.client` closes its socket while the answer is still to be read."""


class _Reader(io.RawIOBase):
    def __init__(self, sock: socket.socket, patience: Patience) -> None:
        super().__init__()
        self._sock = sock
        self._patience = patience

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        """Wait for bytes, in short waits. Raises TookTooLong after a long silence too."""
        end_of_silence = monotonic() + self._patience.silence
        while True:
            self._patience.check()
            until = min(end_of_silence, self._patience.deadline) - monotonic()
            if until <= 0:
                raise TookTooLong
            self._sock.settimeout(min(until, LOOK_EVERY))
            try:
                return self._sock.recv_into(buffer)  # type: ignore[arg-type]  # io says no more than "a buffer"
            except TimeoutError:
                continue
