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
CHANGED = "The encoder changed its picture or sound, which goes on in a connection of its own."
# It may send other things, and hold a place.
SILENCE_SECONDS = 20.0
SILENT = "The encoder sent neither picture nor sound for 20 seconds."
BROKEN = "The server could not package the stream."
# ffmpeg holds what came since the last keyframe in memory.
PIECE_SECONDS, PIECE_BYTES = 60.0, 96 << 20
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
        self._clock, self._configs = Clock(), dict[int, bytes]()
        self._piece_at, self._piece_bytes = monotonic(), 0
        self._task: asyncio.Task[None] | None = None

    async def start(self, command: list[str], *, is_fed: bool = True) -> None:
        """Begin packaging with an ffmpeg command of `video.live`. Not `is_fed`: it fetches the stream by itself."""
        self._is_fed = is_fed
        try:
            await self._start(command)
        except BaseException:
            # The stream must be free again, and the place of this broadcast too.
            self.ended(BROKEN)
            self._task = asyncio.create_task(self._give_up())
            raise

    async def _start(self, command: list[str]) -> None:
        place = await self._clerk.move(shelf.open_shelf, self.admission.connection_id, self.admission.folder)
        self._shelf = place
        pausing = (self.source.pause, self.source.resume)
        self._packager = Packager(place.folder, command, *pausing, is_fed=self._is_fed)
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
        elif self._is_changed(kind, payload):
            self.source.cut(CHANGED)
        else:
            at = self._clock.read(timestamp)
            self._packager.feed(kind, at, payload)
            self.pushing.feed(kind, at, payload)

    def _is_changed(self, kind: int, payload: bytes) -> bool:
        """Whether the encoder sends another picture or sound than it began with: that is another connection's matter."""
        is_config = flv.is_video_config(payload) if kind == flv.VIDEO else flv.is_audio_config(payload)
        if kind == flv.DATA or not is_config:
            return False
        return self._configs.setdefault(kind, payload) != payload

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
            self.ended(BROKEN)
            await self._closed()  # the folder stays, for the next start to look at
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
        elif monotonic() - self._piece_at > PIECE_SECONDS or self._bytes - self._piece_bytes > PIECE_BYTES:
            self.source.cut(NO_KEYFRAMES)
        elif monotonic() - self.last_media_at > SILENCE_SECONDS:
            self.source.cut(SILENT)

    async def _close(self, place: shelf.Shelf) -> None:
        """Keep what is left, and say that this is all. Tried until it works: what is recorded may not be lost."""
        while not await self._keep(place):
            await asyncio.sleep(RETRY_SECONDS)
        await self._closed()
        await self._clerk.move(place.remove)

    async def _closed(self) -> None:
        while not (await self._told(lifecycle.closed, self.admission, self._reason))[0]:
            await asyncio.sleep(RETRY_SECONDS)

    async def _give_up(self) -> None:
        """End what never began."""
        try:
            await self._closed()
            await self._clerk.move(shelf.open_shelf(self.admission.connection_id, self.admission.folder).remove)
        except Exception:
            log.exception("live.not_given_up stream=%s", self.admission.stream_id)
        finally:
            self._done(self)

    async def _keep(self, place: shelf.Shelf) -> bool:
        """Store and write down the pieces that are complete. Whether nothing is left to do."""
        try:
            if place.has_news:
                await self._clerk.move(place.collect)
        except OSError:
            if not place.folder.is_dir():  # somebody removed it: nothing is left to wait for
                log.exception("live.lost stream=%s", self.admission.stream_id)
                return True
            log.warning("live.not_stored stream=%s", self.admission.stream_id, exc_info=True)
            return False
        pieces = list(place.stored)
        if not pieces:
            return True
        was_told, is_kept = await self._told(lifecycle.keep, self.admission, pieces, place.picture)
        if not was_told:
            return False
        if not is_kept:  # the broadcast is settled, or its workspace gone: nobody will ask for these
            await self._clerk.move(place.discard, pieces)
        self._piece_at, self._piece_bytes = monotonic(), self._bytes
        del place.stored[: len(pieces)]
        if not self._is_fed:
            self._bytes += sum(piece.size for piece in pieces)
        return True

    async def _told(self, call: Callable[..., object], *args: object) -> tuple[bool, object]:
        """Tell the database: whether it listened, and what it said."""
        try:
            return True, await self._clerk.write(call, *args)
        except Exception:
            log.warning("live.not_written stream=%s", self.admission.stream_id, exc_info=True)
            return False, None
