"""The port that encoders connect to, and how many of them may at once."""

from __future__ import annotations

import asyncio
import logging
import ssl as tls
from collections.abc import Callable

from fastpix.live.rtmp.session import DEFAULT_LIMITS, Limits, PublishHandler, Session
from fastpix.live.rtmp.ticks import Ticker

log = logging.getLogger("fastpix.live")


class Listener:
    """`sessions` are the connections that are open. `max_unauthorized_per_address` counts those that publish nothing yet:
    behind a proxy all have one address, and who has proved a key is no stranger. `whose` tells as what an address is
    counted: somebody has many of them with IPv6.
    """

    def __init__(
        self,
        handler: PublishHandler,
        limits: Limits,
        max_connections: int,
        max_unauthorized_per_address: int,
        whose: Callable[[str], str] = str,
    ) -> None:
        self._whose = whose
        self.sessions: set[Session] = set()
        self.ticker = Ticker()
        self._handler, self._limits = handler, limits
        self._max_connections, self._max_unauthorized = max_connections, max_unauthorized_per_address
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """Where it listens. 0 when closed."""
        sockets = self._server.sockets if self._server else ()
        return int(sockets[0].getsockname()[1]) if sockets else 0

    async def open(self, host: str, port: int, ssl: tls.SSLContext | None) -> None:
        """Listen. Raises OSError."""
        loop = asyncio.get_running_loop()
        seconds = self._limits.handshake if ssl else None
        self._server = await loop.create_server(self._new_session, host, port, ssl=ssl, ssl_handshake_timeout=seconds)

    def close(self) -> None:
        """Stop listening. Who is connected stays."""
        if self._server is not None:
            self._server.close()

    def _new_session(self) -> Session:
        return _CountedSession(self, self._handler, self._limits)

    def has_room_for(self, address: str) -> bool:
        if len(self.sessions) >= self._max_connections:
            return False
        whose = self._whose(address)
        unauthorized = sum(self._whose(each.address) == whose and not each.is_publishing for each in self.sessions)
        return unauthorized < self._max_unauthorized


class _CountedSession(Session):
    """A session that counts towards the listener's limits."""

    def __init__(self, listener: Listener, handler: PublishHandler, limits: Limits) -> None:
        super().__init__(handler, limits, listener.ticker)
        self._listener = listener

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self._listener.has_room_for(self.address):
            self._listener.sessions.add(self)
        else:
            self._drop("too many connections")

    def connection_lost(self, exc: Exception | None) -> None:
        self._listener.sessions.discard(self)
        super().connection_lost(exc)


async def listen(
    handler: PublishHandler,
    host: str,
    port: int,
    *,
    ssl: tls.SSLContext | None = None,
    max_connections: int = 200,
    max_unauthorized_per_address: int = 20,
    limits: Limits = DEFAULT_LIMITS,
    whose: Callable[[str], str] = str,
) -> Listener:
    """Let encoders in. `ssl` makes it RTMPS; a `port` of 0 is any free one. Raises OSError."""
    listener = Listener(handler, limits, max_connections, max_unauthorized_per_address, whose)
    await listener.open(host, port, ssl)
    return listener
