"""A connection to an address that was checked, which waits for a slow server only so long."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, urlsplit

from fastpix import hostnames
from fastpix.outbound import public_address

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BUFFER = 256 * 1024
# What stands for itself in a URL (RFC 3986); everything else is percent-encoded.
AS_IT_IS = "!#$%&'()*+,/:;=?@[]~"
# How long one wait is before somebody looks whether it should go on, in seconds.
LOOK_EVERY = 0.5
# The name system knows the name not, which is not the same as being out of order.
NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
# How many interim answers (1xx) may come before the answer, and how long a line of theirs may be, in bytes.
MOST_INTERIM, LONGEST_LINE = 20, 65536


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


class Unresolved(Exception):
    """A server's name leads nowhere; `is_permanent`: the name system knows no such name."""

    def __init__(self, *, is_permanent: bool) -> None:
        super().__init__()
        self.is_permanent = is_permanent


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

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Wait for bytes, in short waits. Raises TookTooLong after a long silence too."""
        end_of_silence = monotonic() + self._patience.silence
        while True:
            self._patience.check()
            until = min(end_of_silence, self._patience.deadline) - monotonic()
            if until <= 0:
                raise TookTooLong
            self._sock.settimeout(min(until, LOOK_EVERY))
            try:
                return self._sock.recv_into(buffer)
            except TimeoutError:
                continue


@dataclass(frozen=True)
class Connector:
    """How servers are reached: the public ones alone unless `allow_private`, with `seconds` for each address.

    `context` is for servers whose certificates no public authority signed.
    """

    patience: Patience
    seconds: float
    allow_private: bool
    resolve: public_address.Resolve
    context: ssl.SSLContext | None

    def connect(self, url: SplitResult) -> PatientSocket:
        """Connect to an address that was checked, and to none that a second look-up of the name might give.

        Raises Refused (not public), Unresolved, UnicodeError (no name), OSError and among them ssl.SSLError, TookTooLong.
        """
        host, port = str(url.hostname), port_of(url)
        last: OSError = OSError("no address")
        for address in self._addresses(host, port):
            try:
                connected = PatientSocket.open(str(address), port, self.seconds, self.patience)
                if url.scheme == "https":
                    connected.start_tls(self.context or ssl.create_default_context(), host)
                return connected
            except ssl.SSLCertVerificationError:
                raise
            except OSError as problem:
                last = problem
        raise last

    def _addresses(self, host: str, port: int) -> list[public_address.IPAddress]:
        try:
            return public_address.find(host, port, allow_private=self.allow_private, resolve=self.resolve)
        except OSError as problem:
            is_permanent = isinstance(problem, socket.gaierror) and problem.errno in NO_SUCH_NAME
            raise Unresolved(is_permanent=is_permanent) from None


class _FinalAnswer(http.client.HTTPResponse):
    """The answer after those that only announce it (103 Early Hints and other 1xx, RFC 9110, 15.2), which `http.client`
    takes for the answer itself, but for 100."""

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(MOST_INTERIM):
            version, status, reason = super()._read_status()  # type: ignore[misc]  # typeshed leaves it out
            if not 100 <= status < 200 or status == http.client.SWITCHING_PROTOCOLS:
                return version, status, reason
            while self.fp.readline(LONGEST_LINE) not in (b"\r\n", b"\n", b""):
                pass
        raise http.client.HTTPException("there were only interim answers")


def ask(
    connected: PatientSocket, method: str, url: SplitResult, headers: Mapping[str, str], body: bytes | None = None
) -> http.client.HTTPResponse:
    """Send a request, after which the server is to close the connection. Raises OSError, http.client.HTTPException."""
    connection = http.client.HTTPConnection(str(url.hostname), port_of(url))
    connection.sock = connected
    connection.response_class = _FinalAnswer
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    own = {"Host": url.netloc.rpartition("@")[2], "User-Agent": "fastpix", "Connection": "close"}
    for name, value in {**own, **headers}.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    return connection.getresponse()


def in_ascii(url: str) -> str:
    """The address as browsers send it: its host by `hostnames`, of the rest in percents what is not ASCII.

    Raises ValueError for what is no address, and for a host that is no name.
    """
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    host, port = hostnames.in_ascii(parts.hostname or ""), f":{parts.port}" if parts.port else ""
    netloc = parts.netloc if parts.netloc.isascii() else f"{user}{at}{host}{port}"
    return quote(parts._replace(netloc=netloc).geturl(), safe=AS_IT_IS)


def port_of(url: SplitResult) -> int:
    """The port a URL means. Raises ValueError for one that is no port."""
    return url.port or (443 if url.scheme == "https" else 80)
