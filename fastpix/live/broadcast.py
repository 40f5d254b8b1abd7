"""One encoder's stream while it comes in: to ffmpeg, to other servers, and segment by segment into the storage."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from time import monotonic
from typing import Protocol

from fastpix.live import segment_spool
from fastpix.live.executor import Executor
from fastpix.live.packager import Packager
from fastpix.live.rtmp import flv
from fastpix.live.simulcast import Simulcast
from fastpix.live.timestamps import Rebaser
from fastpix.resources.live_streams.broadcasts import domain as broadcasts
from fastpix.resources.live_streams.connections import domain as connections
from fastpix.resources.live_streams.connections.models import Admission, IngestRate
from fastpix.video import live

log = logging.getLogger(__name__)
POLL_SECONDS = 0.25
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
LONGEST_SEGMENT_SECONDS, LONGEST_SEGMENT_BYTES = 60.0, 96 << 20
NO_KEYFRAMES = "No keyframe came for a minute. Set the encoder's keyframe interval to 2 seconds."


class Source(Protocol):
    """Where a stream comes from: an encoder's own connection, or a media server that took it in."""

    def cut(self, reason: str, message: str = "") -> None: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...


class Broadcast:
    """A `Sink` of `rtmp.session`. `on_end` is called at the very end, when everything that came is kept."""

    def __init__(
        self,
        admission: Admission,
        source: Source,
        executor: Executor,
        simulcast: Simulcast,
        on_end: Callable[[Broadcast], None],
    ) -> None:
        self.admission, self.source, self.simulcast = admission, source, simulcast
        self.last_media_at = monotonic()
        self._executor, self._on_end = executor, on_end
        self._packager: Packager | None = None
        self._end_reason = ""
        self._bytes = 0
        self._last_rate = (monotonic(), 0, 0)
        self._rebaser, self._codec_configs = Rebaser(), dict[int, bytes]()
        self._segment_at, self._segment_bytes = monotonic(), 0
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin packaging."""
        try:
            await self._start()
        except BaseException:
            # The stream must be free again, and the place of this broadcast too.
            self.ended(BROKEN)
            self._task = asyncio.create_task(self._give_up())
            raise

    async def _start(self) -> None:
        spool = await self._executor.run_io(
            segment_spool.open_spool, self.admission.connection_id, self.admission.folder
        )
        pausing = (self.source.pause, self.source.resume)
        self._packager = Packager(spool.folder, live.from_pipe(), *pausing)
        await self._packager.start()
        self._task = asyncio.create_task(self._run(self._packager, spool))

    def media(self, kind: int, timestamp: int, payload: bytes) -> None:
        """One FLV tag of the encoder."""
        self.last_media_at = monotonic()
        self._bytes += len(payload)
        if self._packager is None or self._end_reason:
            return
        if kind == flv.VIDEO and (codec := flv.video_codec(payload)) != "h264":
            self.source.cut(WRONG_VIDEO.format(codec))
        elif kind == flv.AUDIO and (codec := flv.audio_codec(payload)) != "aac":
            self.source.cut(WRONG_AUDIO.format(codec))
        elif kind == flv.DATA and (codec := flv.announced_video_codec(payload)) not in ("h264", flv.UNKNOWN):
            self.source.cut(
                WRONG_VIDEO.format(codec)
            )  # nginx-rtmp gives out the announcement, and nothing of the picture
        elif self._is_changed(kind, payload):
            self.source.cut(CHANGED)
        else:
            at = self._rebaser.rebase(timestamp)
            self._packager.feed(kind, at, payload)
            self.simulcast.feed(kind, at, payload)

    def _is_changed(self, kind: int, payload: bytes) -> bool:
        """Whether the encoder sends another picture or sound than it began with: that is another connection's matter."""
        is_config = flv.is_video_config(payload) if kind == flv.VIDEO else flv.is_audio_config(payload)
        if kind == flv.DATA or not is_config:
            return False
        return self._codec_configs.setdefault(kind, payload) != payload

    def ended(self, reason: str) -> None:
        """The encoder is gone, or was cut."""
        self._end_reason = self._end_reason or reason or "The encoder left."

    @property
    def is_over(self) -> bool:
        return bool(self._end_reason)

    async def finished(self) -> None:
        """Wait until everything that came is kept."""
        if self._task is not None:
            await asyncio.shield(self._task)

    def rate(self) -> IngestRate:
        """What came since the last time this was asked."""
        then, before, _ = self._last_rate
        passed = monotonic() - then
        if passed >= 1.0:
            self._last_rate = (monotonic(), self._bytes, int((self._bytes - before) * 8 / passed))
        return IngestRate(self._last_rate[2], self._bytes)

    async def _run(self, packager: Packager, spool: segment_spool.SegmentSpool) -> None:
        try:
            while not self._end_reason:
                await asyncio.sleep(POLL_SECONDS)
                await self._store_segments(spool)
                self._check(packager)
            self.simulcast.stop()
            await packager.end()
            await self._finish(spool)
        except Exception:
            log.exception("live.broadcast_failed stream=%s", self.admission.stream_id)
            self.source.cut(BROKEN)
            self.ended(BROKEN)
            await self._write_closed()  # the folder stays, for the next start to look at
        finally:
            self.simulcast.stop()
            self._on_end(self)

    def _check(self, packager: Packager) -> None:
        """Cut off what cannot go on."""
        if self._end_reason:
            return
        if packager.has_ended:
            log.warning("live.packager_died stream=%s said=%s", self.admission.stream_id, packager.log)
            self.source.cut(BROKEN)
        elif (
            monotonic() - self._segment_at > LONGEST_SEGMENT_SECONDS
            or self._bytes - self._segment_bytes > LONGEST_SEGMENT_BYTES
        ):
            self.source.cut(NO_KEYFRAMES)
        elif monotonic() - self.last_media_at > SILENCE_SECONDS:
            self.source.cut(SILENT)

    async def _finish(self, spool: segment_spool.SegmentSpool) -> None:
        """Keep what is left, and say that this is all. Tried until it works: what is recorded may not be lost."""
        while not await self._store_segments(spool):
            await asyncio.sleep(RETRY_SECONDS)
        await self._write_closed()
        await self._executor.run_io(spool.remove)

    async def _write_closed(self) -> None:
        while not (await self._write(connections.close, self.admission, self._end_reason))[0]:
            await asyncio.sleep(RETRY_SECONDS)

    async def _give_up(self) -> None:
        """End what never began."""
        try:
            await self._write_closed()
            await self._executor.run_io(
                segment_spool.open_spool(self.admission.connection_id, self.admission.folder).remove
            )
        except Exception:
            log.exception("live.not_given_up stream=%s", self.admission.stream_id)
        finally:
            self._on_end(self)

    async def _store_segments(self, spool: segment_spool.SegmentSpool) -> bool:
        """Store and write down the segments that are complete. Whether nothing is left to do."""
        try:
            if spool.has_segments:
                await self._executor.run_io(spool.collect)
        except OSError:
            if not spool.folder.is_dir():  # somebody removed it: nothing is left to wait for
                log.exception("live.lost stream=%s", self.admission.stream_id)
                return True
            log.warning("live.not_stored stream=%s", self.admission.stream_id, exc_info=True)
            return False
        segments = list(spool.stored)
        if not segments:
            return True
        was_written, is_accepted = await self._write(broadcasts.add_segments, self.admission, segments, spool.video)
        if not was_written:
            return False
        if not is_accepted:  # the broadcast is settled, or its workspace gone: nobody will ask for these
            await self._executor.run_io(spool.discard, segments)
        self._segment_at, self._segment_bytes = monotonic(), self._bytes
        del spool.stored[: len(segments)]
        return True

    async def _write(self, call: Callable[..., object], *args: object) -> tuple[bool, object]:
        """Tell the database: whether it listened, and what it said."""
        try:
            return True, await self._executor.write(call, *args)
        except Exception:
            log.warning("live.not_written stream=%s", self.admission.stream_id, exc_info=True)
            return False, None
