"""One encoder's stream while it comes in: to ffmpeg, to other servers, and piece by piece into the storage."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from time import monotonic
from typing import Protocol

from fastpix.live import flv, shelf
from fastpix.live.clerk import Clerk
from fastpix.live.clock import Clock
from fastpix.live.packager import Packager
from fastpix.live.pushing import Pushing
from fastpix.resources.live_streams import lifecycle
from fastpix.resources.live_streams.lifecycle import Admission, Measured

log = logging.getLogger(__name__)
LOOK_SECONDS = 0.25
# Trouble of the storage or the database passes; what came in meanwhile lies in ffmpeg's folder.
RETRY_SECONDS = 2.0
WRONG_VIDEO = "Set the encoder to H.264: this server takes no {}."
WRONG_AUDIO = "Set the encoder's sound to AAC: this server takes no {}."
BROKEN = "The server could not package the stream."
# ffmpeg holds what came since the last keyframe in memory.
PIECE_SECONDS = 60.0
NO_KEYFRAMES = "No keyframe came for a minute. Set the encoder's keyframe interval to 2 seconds."


class Source(Protocol):
    """Where a stream comes from: an encoder's own connection, or a media server that took it in."""

    def cut(self, reason: str, message: str = "") -> None: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...


class Broadcast:
    """A `rtmp.Sink`. `done` is called at the very end, when everything that came is kept."""

    def __init__(
        self, admission: Admission, source: Source, clerk: Clerk, pushing: Pushing, done: Callable[[Broadcast], None]
    ) -> None:
        self.admission, self.source, self.pushing = admission, source, pushing
        self.last_media_at = monotonic()
        self._clerk, self._done = clerk, done
        self._shelf: shelf.Shelf | None = None
        self._packager: Packager | None = None
        self._reason = ""
        self._bytes, self._is_fed = 0, True
        self._rate = (monotonic(), 0, 0)
        self._clock, self._piece_at = Clock(), monotonic()
        self._task: asyncio.Task[None] | None = None

    async def start(self, command: list[str], *, is_fed: bool = True) -> None:
        """Begin packaging with an ffmpeg command of `video.live`. Not `is_fed`: it fetches the stream by itself."""
        self._is_fed = is_fed
        place = await self._clerk.move(shelf.open_shelf, self.admission.connection_id, self.admission.folder)
        self._shelf = place
        pausing = (self.source.pause, self.source.resume)
        self._packager = Packager(place.folder, command, *pausing, is_fed=is_fed)
        await self._packager.start()
        self._task = asyncio.create_task(self._run(self._packager, place))

    def media(self, kind: int, timestamp: int, payload: bytes) -> None:
        """One FLV tag of the encoder."""
        self.last_media_at = monotonic()
        self._bytes += len(payload)
        if self._packager is None or self._reason:
            return
        if kind == flv.VIDEO and (codec := flv.video_codec(payload)) != "h264":
            self.source.cut(WRONG_VIDEO.format(codec))
        elif kind == flv.AUDIO and (codec := flv.audio_codec(payload)) != "aac":
            self.source.cut(WRONG_AUDIO.format(codec))
        else:
            at = self._clock.read(timestamp)
            self._packager.feed(kind, at, payload)
            self.pushing.feed(kind, at, payload)

    def touch(self) -> None:
        """The encoder is there, though its media takes another way."""
        self.last_media_at = monotonic()

    def ended(self, reason: str) -> None:
        """The encoder is gone, or was cut."""
        self._reason = self._reason or reason or "The encoder left."

    @property
    def is_over(self) -> bool:
        return bool(self._reason)

    async def finished(self) -> None:
        """Wait until everything that came is kept."""
        if self._task is not None:
            await asyncio.shield(self._task)

    def measured(self) -> Measured:
        """What came since the last time this was asked."""
        then, before, _ = self._rate
        passed = monotonic() - then
        if passed >= 1.0:
            self._rate = (monotonic(), self._bytes, int((self._bytes - before) * 8 / passed))
        return Measured(self._rate[2], self._bytes)

    async def _run(self, packager: Packager, place: shelf.Shelf) -> None:
        try:
            while not self._reason:
                await asyncio.sleep(LOOK_SECONDS)
                await self._keep(place)
                self._look_at(packager)
            self.pushing.stop()
            await packager.end()
            await self._close(place)
        except Exception:
            log.exception("live.broadcast_failed stream=%s", self.admission.stream_id)
            self.source.cut(BROKEN)
        finally:
            self.pushing.stop()
            self._done(self)

    def _look_at(self, packager: Packager) -> None:
        """Cut off what cannot go on."""
        if self._reason:
            return
        if packager.has_ended:
            log.warning("live.packager_died stream=%s said=%s", self.admission.stream_id, packager.log)
            self.source.cut(BROKEN)
        elif monotonic() - self._piece_at > PIECE_SECONDS:
            self.source.cut(NO_KEYFRAMES)

    async def _close(self, place: shelf.Shelf) -> None:
        """Keep what is left, and say that this is all. Tried until it works: what is recorded may not be lost."""
        while not (await self._keep(place) and await self._told(lifecycle.closed, self.admission, self._reason)):
            await asyncio.sleep(RETRY_SECONDS)
        await self._clerk.move(place.remove)

    async def _keep(self, place: shelf.Shelf) -> bool:
        """Store and write down the pieces that are complete. Whether nothing is left to do."""
        try:
            if place.has_news:
                await self._clerk.move(place.collect)
        except OSError:
            log.warning("live.not_stored stream=%s", self.admission.stream_id, exc_info=True)
            return False
        pieces = list(place.stored)
        if pieces:
            self._piece_at = monotonic()
        if pieces and not await self._told(lifecycle.keep, self.admission, pieces, place.picture):
            return False
        del place.stored[: len(pieces)]
        if not self._is_fed:
            self._bytes += sum(piece.size for piece in pieces)
        return True

    async def _told(self, call: Callable[..., object], *args: object) -> bool:
        """Tell the database. False when it does not listen just now."""
        try:
            await self._clerk.write(call, *args)
        except Exception:
            log.warning("live.not_written stream=%s", self.admission.stream_id, exc_info=True)
            return False
        return True
