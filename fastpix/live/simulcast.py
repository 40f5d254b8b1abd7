"""Simulcast: a stream on its way to other servers. None of them ever holds up the stream itself, or another one."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from urllib.parse import urlsplit

from fastpix.errors import FastpixError
from fastpix.live.rtmp import flv
from fastpix.live.rtmp.client import Client
from fastpix.outbound import public_address
from fastpix.resources.live_streams.simulcasts.models import BROADCASTING, BROKEN, CONNECTING, Target

log = logging.getLogger(__name__)
# What waits for a server that does not keep up, in bytes; then the picture jumps to the next keyframe.
MOST_WAITING = 8 << 20
FLUSH_ABOVE = 256 << 10
PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)
CONNECT_SECONDS = 10.0
# A server that takes nothing for so long is as good as gone.
STUCK_SECONDS = 15.0
PORTS = {"rtmp": 1935, "rtmps": 443}

Tag = tuple[int, int, bytes]
Report = Callable[[str, str, str], Awaitable[None]]


class Simulcast:
    """All pushes of one stream. `report` takes a target's id, its state and a sentence."""

    def __init__(self, report: Report, *, allow_private: bool) -> None:
        self._report, self._allow_private = report, allow_private
        self._pushers: dict[str, Pusher] = {}
        # Codec configuration and metadata, which a server needs first: kind -> the tag that came last.
        self._headers: dict[str, Tag] = {}
        self._is_over = False

    def feed(self, kind: int, timestamp: int, payload: bytes) -> None:
        """One FLV tag, for all servers."""
        if kind == flv.DATA:
            self._headers["data"] = (kind, timestamp, payload)
        elif kind == flv.VIDEO and flv.is_video_config(payload):
            self._headers["video"] = (kind, timestamp, payload)
        elif kind == flv.AUDIO and flv.is_audio_config(payload):
            self._headers["audio"] = (kind, timestamp, payload)
        for pusher in self._pushers.values():
            pusher.feed((kind, timestamp, payload))

    def refresh(self, targets: Iterable[Target]) -> None:
        """Push to these and to no others."""
        by_id = {target.id: target for target in targets} if not self._is_over else {}
        for target_id in self._pushers.keys() - by_id.keys():
            self._pushers.pop(target_id).stop()
        for target_id in by_id.keys() - self._pushers.keys():
            self._pushers[target_id] = Pusher(by_id[target_id], self._headers, self._report, self._allow_private)

    def stop(self) -> None:
        """Push nowhere any more."""
        self._is_over = True
        self.refresh(())


class Pusher:
    """The push to one server: connects, sends, and connects again when that ends."""

    def __init__(self, target: Target, headers: dict[str, Tag], report: Report, allow_private: bool) -> None:
        self._target, self._headers, self._report, self._allow_private = target, headers, report, allow_private
        self._waiting: deque[Tag] = deque()
        self._size = 0
        self._has_tags = asyncio.Event()
        self._has_keyframe = False  # the next picture can be understood
        self._is_connected = False
        self._task = asyncio.create_task(self._run())

    def feed(self, tag: Tag) -> None:
        if not self._is_connected:
            return
        kind, _, payload = tag
        if not self._has_keyframe:
            if kind != flv.VIDEO or not flv.is_keyframe(payload):
                return
            self._has_keyframe = True
        if self._size > MOST_WAITING:
            self._waiting.clear()
            self._size, self._has_keyframe = 0, False
            return
        self._waiting.append(tag)
        self._size += len(payload)
        self._has_tags.set()

    def stop(self) -> None:
        self._task.cancel()

    async def _run(self) -> None:
        tries = 0
        while True:
            try:
                await self._report(self._target.id, CONNECTING, "")
                await self._push()
                text = "The other server ended the connection."
            except (OSError, FastpixError, TimeoutError) as problem:
                text = self._describe(problem)
            except Exception as problem:
                log.exception("live.push_failed simulcast=%s kind=%s", self._target.id, type(problem).__name__)
                text = "This server made a mistake."
            was_on = self._is_connected
            self._is_connected = False
            await self._report(self._target.id, BROKEN, f"{text} Trying again.")
            tries = 0 if was_on else tries + 1
            await asyncio.sleep(PAUSES[min(tries, len(PAUSES) - 1)])

    async def _push(self) -> None:
        """Send until the other server ends it. Raises what goes wrong before."""
        client = await self._connect()
        try:
            await client.publish(self._target.key)
            self._waiting.clear()
            self._size, self._has_keyframe, self._is_connected = 0, False, True
            for tag in list(self._headers.values()):
                client.send(*tag)
            await self._report(self._target.id, BROADCASTING, "")
            listening = asyncio.create_task(client.read_until_closed())
            sending = asyncio.create_task(self._send(client))
            try:
                await asyncio.wait((listening, sending), return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (listening, sending):
                    task.cancel()
            for ended in (listening, sending):
                if ended.done() and not ended.cancelled():
                    ended.result()
        finally:
            await client.close()

    async def _send(self, client: Client) -> None:
        while True:
            await self._has_tags.wait()
            self._has_tags.clear()
            while self._waiting:
                tag = self._waiting.popleft()
                self._size -= len(tag[2])
                client.send(*tag)
                if client.waiting > FLUSH_ABOVE:
                    async with asyncio.timeout(STUCK_SECONDS):
                        await client.drain()

    async def _connect(self) -> Client:
        """To an address that was checked, which is then the one that is used (no second look at the name)."""
        parts = urlsplit(self._target.url)
        host, port = str(parts.hostname), parts.port or PORTS[parts.scheme]
        loop = asyncio.get_running_loop()
        addresses = await loop.run_in_executor(None, self._find, host, port)
        context = ssl.create_default_context() if parts.scheme == "rtmps" else None
        return await Client.connect(
            str(addresses[0]),
            port,
            tc_url=self._target.url,
            app=parts.path.strip("/"),
            ssl=context,
            server_hostname=host if context else None,
            timeout=CONNECT_SECONDS,
        )

    def _find(self, host: str, port: int) -> list[public_address.IPAddress]:
        return public_address.find(host, port, allow_private=self._allow_private)

    def _describe(self, problem: Exception) -> str:
        """What went wrong, without the key, whoever said it."""
        if isinstance(problem, TimeoutError):
            return "The other server did not answer in time."
        if isinstance(problem, OSError):
            return f"The other server cannot be reached: {problem.strerror or 'no connection'}."
        return str(problem).replace(self._target.key, "***")[:200]
