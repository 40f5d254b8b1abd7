"""SRT's way into a broadcast: callers are checked by stream key and passphrase, and their transport stream becomes tags."""

from __future__ import annotations

import asyncio

from fastpix.live.broadcast import WRONG_AUDIO, WRONG_VIDEO, Broadcast
from fastpix.live.mpegts.demuxer import Demuxer
from fastpix.live.mpegts.errors import StreamError, WrongCodec
from fastpix.live.mpegts.interleaving import Tag
from fastpix.live.publishers import FULL, SRT, Publishers
from fastpix.live.srt import rejection
from fastpix.live.srt.caller import Caller
from fastpix.live.srt.rejection import Rejected
from fastpix.resources.live_streams.connections.domain import (
    IS_DISABLED,
    IS_TAKEN,
    WRONG_KEY,
    NotAdmitted,
    stream_named_by,
)

NOT_PROVED = "Its SRT passphrase is wrong or missing. Copy it anew from the stream's page."
# Whatever else keeps an encoder out is a lack of space.
REASONS = {
    WRONG_KEY: rejection.NOT_FOUND,
    IS_DISABLED: rejection.FORBIDDEN,
    IS_TAKEN: rejection.CONFLICT,
    FULL: rejection.OVERLOAD,
}


class Calls:
    """A `CallHandler` of `srt.caller`: the name that callers publish under is the stream key."""

    def __init__(self, publishers: Publishers) -> None:
        self._publishers = publishers
        self._reports: set[asyncio.Task[None]] = set()

    async def passphrase(self, name: str, address: str) -> str:
        try:
            return await self._publishers.srt_passphrase(name)
        except NotAdmitted as problem:
            self._report(problem, address)
            raise Rejected(str(problem), REASONS.get(str(problem), rejection.NO_ROOM)) from None

    async def publish(self, caller: Caller, name: str) -> TransportStream:
        broadcast = await self._publishers.admit(name, caller.address, caller, SRT)
        await broadcast.start()
        return TransportStream(caller, broadcast)

    def wrong_passphrase(self, name: str, address: str) -> None:
        self._report(NotAdmitted(NOT_PROVED, stream_named_by(name)), address)

    def _report(self, problem: NotAdmitted, address: str) -> None:
        """Beside the handshake, which holds up all callers."""
        report = asyncio.get_running_loop().create_task(self._publishers.refuse(problem, address))
        self._reports.add(report)
        report.add_done_callback(self._reports.discard)


class TransportStream:
    """A `Sink` of `srt.caller`: the bytes of one caller, on their way into its broadcast."""

    def __init__(self, caller: Caller, broadcast: Broadcast) -> None:
        self._caller, self._broadcast, self._demuxer = caller, broadcast, Demuxer()

    def received(self, data: bytes) -> None:
        try:
            self._hand_on(self._demuxer.feed(data))
        except WrongCodec as problem:
            self._caller.cut((WRONG_VIDEO if problem.is_picture else WRONG_AUDIO).format(problem))
        except StreamError as problem:
            self._caller.cut(str(problem))

    def ended(self, reason: str) -> None:
        try:
            self._hand_on(self._demuxer.flush())
        except StreamError as problem:
            reason = str(problem)
        self._broadcast.ended(reason)

    def _hand_on(self, tags: list[Tag]) -> None:
        for tag in tags:
            self._broadcast.media(tag.kind, tag.time & 0xFFFFFFFF, tag.payload)
