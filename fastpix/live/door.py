"""The port that encoders connect to, and how many of them may at once."""

from __future__ import annotations

import asyncio
import logging
import ssl as tls

from fastpix.live.rtmp import DEFAULT_LIMITS, Desk, Limits, Session

log = logging.getLogger("fastpix.live")


class Door:
    """`sessions` are the connections that are open. `max_unproved_per_address` counts those that publish nothing yet:
    behind a proxy all have one address, and who has proved a key is no stranger.
    """

    def __init__(self, desk: Desk, limits: Limits, max_connections: int, max_unproved_per_address: int) -> None:
        self.sessions: set[Session] = set()
        self._desk, self._limits = desk, limits
        self._max_connections, self._max_unproved = max_connections, max_unproved_per_address
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
        self._server = await loop.create_server(self._guest, host, port, ssl=ssl, ssl_handshake_timeout=seconds)

    def close(self) -> None:
        """Stop listening. Who is connected stays."""
        if self._server is not None:
            self._server.close()

    def _guest(self) -> Session:
        return _Guest(self, self._desk, self._limits)

    def lets_in(self, address: str) -> bool:
        if len(self.sessions) >= self._max_connections:
            return False
        unproved = sum(session.address == address and not session.is_publishing for session in self.sessions)
        return unproved < self._max_unproved


class _Guest(Session):
    """A session that the door counts."""

    def __init__(self, door: Door, desk: Desk, limits: Limits) -> None:
        super().__init__(desk, limits)
        self._door = door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self._door.lets_in(self.address):
            self._door.sessions.add(self)
        else:
            self._drop("too many connections")

    def connection_lost(self, exc: Exception | None) -> None:
        self._door.sessions.discard(self)
        super().connection_lost(exc)


async def listen(
    desk: Desk,
    host: str,
    port: int,
    *,
    ssl: tls.SSLContext | None = None,
    max_connections: int = 200,
    max_unproved_per_address: int = 20,
    limits: Limits = DEFAULT_LIMITS,
) -> Door:
    """Let encoders in. `ssl` makes it RTMPS; a `port` of 0 is any free one. Raises OSError."""
    door = Door(desk, limits, max_connections, max_unproved_per_address)
    await door.open(host, port, ssl)
    return door
