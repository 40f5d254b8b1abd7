"""A stream that a media server in front took in (nginx-rtmp): admitted by the same rules, and played from there.

The server asks by HTTP whether an encoder may publish (`nginx_hooks`), asks again every few seconds, and tells of the end.
What it gives out are the tags that the encoder sent: from there on there is no difference to our own listener.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from urllib.parse import urlsplit

from fastpix.errors import FastpixError
from fastpix.live.broadcast import Broadcast
from fastpix.live.publishers import RELAY, Publishers
from fastpix.live.rtmp.client import Client
from fastpix.live.rtmp.messages import Message
from fastpix.resources.live_streams.connections.domain import NotAdmitted

log = logging.getLogger(__name__)
# Less than nginx waits for the answer; it is on this machine.
CONNECT_SECONDS = 3.0
# The end is told by both, in any order. What was sent before it may still be under way.
DRAIN_SECONDS = 3.0
LEFT = "The encoder left."
GONE = "The media server in front is gone."
UNREACHABLE = "The server cannot fetch the stream from the media server in front of it."


class RelayedSource:
    """The source of one such stream. That it was cut is the answer when the media server asks next: no media server says
    why to its encoder.
    """

    def __init__(self) -> None:
        self.is_cut = False
        self._broadcast: Broadcast | None = None
        self._task: asyncio.Task[None] | None = None
        self._may_read = asyncio.Event()
        self._may_read.set()

    def begin(self, broadcast: Broadcast, client: Client, played: AsyncGenerator[Message, None]) -> None:
        """Feed the broadcast with what is played, until that ends."""
        self._broadcast = broadcast
        self._task = asyncio.get_running_loop().create_task(self._run(broadcast, client, played))

    def left(self) -> None:
        """The media server says that the encoder is gone."""
        asyncio.get_running_loop().call_later(DRAIN_SECONDS, self._end, LEFT)

    def cut(self, reason: str, message: str = "") -> None:
        self.is_cut = True
        self._end(reason)

    def pause(self) -> None:
        self._may_read.clear()

    def resume(self) -> None:
        self._may_read.set()

    def _end(self, reason: str) -> None:
        if self._broadcast is not None:
            self._broadcast.ended(reason)
        if self._task is not None:
            self._task.cancel()

    async def _run(self, broadcast: Broadcast, client: Client, played: AsyncGenerator[Message, None]) -> None:
        reason = GONE
        try:
            async with aclosing(played):
                async for kind, _, timestamp, payload in played:
                    await self._may_read.wait()
                    if payload:
                        broadcast.media(kind, timestamp, payload)
            reason = LEFT
        except (OSError, FastpixError) as problem:
            log.warning("live.relay_broke stream=%s error=%s", broadcast.admission.stream_id, type(problem).__name__)
        finally:
            self.is_cut = True
            broadcast.ended(reason)
            await client.close()


class Relays:
    """All streams that the media server in front holds, by its number of the connection."""

    def __init__(self, publishers: Publishers, url: str) -> None:
        self._publishers, self._url = publishers, url
        self._sources: dict[str, RelayedSource] = {}

    async def publish(self, client: str, key: str, address: str) -> str:
        """Let a publisher in: the name under which the media server is to give the stream out. Raises `NotAdmitted`.

        The name is another one each time: an encoder that returns is not to be held up by what is left of its old
        connection there.
        """
        source = RelayedSource()
        broadcast = await self._publishers.admit(key, address, source, RELAY)
        name = str(broadcast.admission.connection_id)
        await broadcast.start()
        try:
            # Before the answer, after which the media server begins to give out: nothing of the beginning is missed.
            source.begin(broadcast, *await self._play(name))
        except (OSError, FastpixError) as problem:
            log.warning("live.relay_failed stream=%s error=%s", broadcast.admission.stream_id, type(problem).__name__)
            broadcast.ended(UNREACHABLE)
            raise NotAdmitted(UNREACHABLE, broadcast.admission.stream_id) from problem
        self._sources[client] = source
        return name

    def update(self, client: str) -> bool:
        """Whether the publisher may go on."""
        source = self._sources.get(client)
        if source is None or source.is_cut:
            self._sources.pop(client, None)
            return False
        return True

    def done(self, client: str) -> None:
        """The publisher is gone."""
        source = self._sources.pop(client, None)
        if source is not None:
            source.left()

    async def _play(self, name: str) -> tuple[Client, AsyncGenerator[Message, None]]:
        address = urlsplit(self._url)
        client = await Client.connect(
            str(address.hostname),
            address.port or 1935,
            tc_url=self._url,
            app=address.path.strip("/"),
            timeout=CONNECT_SECONDS,
        )
        try:
            return client, await client.play(name)
        except BaseException:
            await client.close()
            raise
