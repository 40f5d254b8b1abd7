"""Real web servers on loopback that behave as badly as a test wants."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from ipaddress import ip_address

import pytest

from fastpix.outbound import public_address


class Server:
    """Answers each connection with `behave(connection, request)` in a thread of its own."""

    def __init__(self, behave, address="127.0.0.1", context=None):
        self._behave = behave
        self._context = context
        self.requests = []
        self.done = threading.Event()
        self._listener = socket.create_server((address, 0))
        self.address, self.port = self._listener.getsockname()[:2]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def url(self, path="/film.mp4", host=""):
        scheme = "https" if self._context else "http"
        return f"{scheme}://{host or self.address}:{self.port}{path}"

    def _accept(self):
        while True:
            connection, _ = self._listener.accept()
            if self.done.is_set():
                connection.close()
                return
            self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
            self._threads[-1].start()

    def _serve(self, connection):
        # Whoever hangs up in the middle is what these tests are about.
        with connection, suppress(OSError):
            connection.settimeout(10)
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection:
                request = b""
                while b"\r\n\r\n" not in request:
                    request += connection.recv(65536)
                self.requests.append(request.decode("latin-1"))
                self._behave(connection, self.requests[-1])

    def close(self):
        self.done.set()
        with suppress(OSError), socket.create_connection((self.address, self.port)):
            pass
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()
        self._listener.close()


@pytest.fixture
def serve():
    """`serve(behave)`: a server; `behave` is called with the connection and the request, or is the bytes to answer."""
    servers = []

    def start(behave, **more):
        answer = behave if callable(behave) else lambda connection, _: connection.sendall(behave)
        servers.append(Server(answer, **more))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def public_loopback(monkeypatch):
    """127.0.0.2 counts as public, so that a server there can lead us to 127.0.0.1, which does not."""
    real = public_address.is_public
    monkeypatch.setattr(
        public_address, "is_public", lambda address: address == ip_address("127.0.0.2") or real(address)
    )
    return "127.0.0.2"
