"""A stream that a media server in front took in (nginx-rtmp): admitted by the same rules, and ffmpeg fetches it from there.

The server asks by HTTP whether an encoder may publish (`nginx_hooks`), asks again every few seconds, and tells of the end.
The video never passes through this process, but for streams that are pushed to other servers.
"""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import aclosing, suppress
from urllib.parse import urlsplit

from fastpix.errors import FastpixError
from fastpix.live.broadcast import Broadcast
from fastpix.live.publishers import RELAY, Publishers
from fastpix.live.rtmp.client import Client
from fastpix.video import live

log = logging.getLogger(__name__)
# nginx-rtmp asks again every five seconds; when it is silent for much longer, it is gone.
SILENCE_SECONDS = 20.0
GONE = "The media server in front is gone."


class RelayedSource:
    """The source of one such stream. That it was cut is the answer when the media server asks next."""

    def __init__(self) -> None:
        self.broadcast: Broadcast | None = None
        self.is_cut = False
        self.heard_at = asyncio.get_running_loop().time()

    def cut(self, reason: str, message: str = "") -> None:
        self.is_cut = True
        if self.broadcast is not None:
            self.broadcast.ended(reason)

    def pause(self) -> None:
        """ffmpeg fetches by itself, as fast as it can."""

    def resume(self) -> None:
        """See `pause`."""


class Relays:
    """All streams that the media server in front holds, by its number of the connection."""

    def __init__(self, publishers: Publishers, url: str) -> None:
        self._publishers, self._url = publishers, url
        self._sources: dict[str, RelayedSource] = {}
        self._feeds: set[asyncio.Task[None]] = set()

    async def publish(self, client: str, key: str, address: str) -> str:
        """Let a publisher in: the name under which the media server is to give the stream out. Raises `NotAdmitted`."""
        source = RelayedSource()
        broadcast = await self._publishers.admit(key, address, source, RELAY)
        source.broadcast = broadcast
        self._sources[client] = source
        url = f"{self._url}/{broadcast.admission.stream_id}"
        # The media server gives the stream out only after this answer, and ffmpeg waits for it.
        await broadcast.start(live.from_relay(url, os.getpid()), is_fed=False)
        feed = asyncio.create_task(self._feed(source, broadcast))
        self._feeds.add(feed)
        feed.add_done_callback(self._feeds.discard)
        return broadcast.admission.stream_id

    def update(self, client: str) -> bool:
        """Whether the publisher may go on."""
        source = self._sources.get(client)
        if source is None or source.is_cut:
            self._sources.pop(client, None)
            return False
        source.heard_at = asyncio.get_running_loop().time()
        if source.broadcast is not None:
            source.broadcast.touch()
        return True

    def done(self, client: str) -> None:
        """The publisher is gone."""
        source = self._sources.pop(client, None)
        if source is not None and source.broadcast is not None:
            source.broadcast.ended("The encoder left.")

    def drop_silent(self) -> None:
        """End what the media server does not speak of any more."""
        moment = asyncio.get_running_loop().time()
        for client, source in list(self._sources.items()):
            if moment - source.heard_at > SILENCE_SECONDS:
                source.cut(GONE)
                self._sources.pop(client, None)

    async def _feed(self, source: RelayedSource, broadcast: Broadcast) -> None:
        """Play the stream for as long as it is pushed somewhere else."""
        address = urlsplit(self._url)
        while not broadcast.is_over:
            await asyncio.sleep(1)
            if not broadcast.simulcast.has_targets:
                continue
            with suppress(OSError, FastpixError, TimeoutError):
                client = await Client.connect(
                    str(address.hostname), address.port or 1935, tc_url=self._url, app=address.path.strip("/")
                )
                try:
                    await self._play(client, broadcast)
                finally:
                    await client.close()

    async def _play(self, client: Client, broadcast: Broadcast) -> None:
        async with aclosing(client.play(broadcast.admission.stream_id)) as played:
            async for message in played:
                broadcast.simulcast.feed(message.kind, message.timestamp, message.payload)
                if broadcast.is_over or not broadcast.simulcast.has_targets:
                    return
