"""One encoder's stream while it comes in: its rules and its clock, to other servers, and in parts to viewers and recording."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic

from fastpix.live.executor import Executor
from fastpix.live.gaps import Gaps, SilenceBudget, Tag
from fastpix.live.part import BROKEN, Part, Source
from fastpix.live.rtmp import flv
from fastpix.live.simulcast import Simulcast
from fastpix.live.soundless import Soundless
from fastpix.live.timestamps import Rebaser
from fastpix.live.tracks import Outcome, Splitter
from fastpix.resources.live_streams.connections.models import Admission, IngestRate

log = logging.getLogger(__name__)
WRONG_VIDEO = "Set the encoder to H.264: this server takes no {}."
WRONG_AUDIO = "Set the encoder's sound to AAC: this server takes no {}."
CHANGED = "The encoder changed its picture or sound."
CHANGES_FAST = "The encoder changed its picture or sound again before what came before was stored."
# It may send other things, and hold a place.
SILENCE_SECONDS = 20.0
SILENT = "The encoder sent neither picture nor sound for 20 seconds."


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
        self.source, self.simulcast = source, simulcast
        self.last_media_at = monotonic()
        self._on_end = on_end
        self._end_reason = ""
        self._bytes = 0
        self._last_rate = (monotonic(), 0, 0)
        budget = SilenceBudget()
        self._rebaser, self._soundless, self._gaps, self._splitter = (
            Rebaser(),
            Soundless(budget),
            Gaps(budget),
            Splitter(),
        )
        self._is_started = False
        self._parts = [Part(admission, source, executor, self._watch, self._kept)]  # the last one is fed

    @property
    def admission(self) -> Admission:
        """That of what comes now: each part has its own."""
        return self._parts[-1].admission

    async def start(self) -> None:
        """Begin packaging."""
        try:
            await self._parts[0].start()
        except BaseException:
            self.ended(BROKEN)
            raise
        self._is_started = True

    def media(self, kind: int, timestamp: int, payload: bytes) -> None:
        """One FLV tag of the encoder."""
        self.last_media_at = monotonic()
        self._bytes += len(payload)
        if not self._is_started or self._end_reason:
            return
        if kind == flv.VIDEO and (codec := flv.video_codec(payload)) != "h264":
            self.source.cut(WRONG_VIDEO.format(codec))
        elif kind == flv.AUDIO and (codec := flv.audio_codec(payload)) != "aac":
            self.source.cut(WRONG_AUDIO.format(codec))
        # nginx-rtmp gives out what announces such a picture, and nothing of the picture.
        elif kind == flv.DATA and (codec := flv.announced_video_codec(payload)) not in ("h264", flv.UNKNOWN):
            self.source.cut(WRONG_VIDEO.format(codec))
        else:
            at = self._rebaser.rebase(timestamp)
            self.simulcast.feed(kind, at, payload)
            self._fill(self._soundless.take((kind, at, payload)))

    def _fill(self, tags: list[Tag]) -> None:
        for tag in tags:
            for whole in self._gaps.take(tag):
                if not self._end_reason:  # it was cut off meanwhile
                    self._package(self._splitter.take(whole, self._gaps.missing))

    def _package(self, outcome: Outcome) -> None:
        if outcome.begins:
            if self._parts[-1].has_begun and not self._change_part():
                return
            self._parts[-1].begin(outcome.begins)
        for tag in outcome.tags:
            self._parts[-1].feed(*tag)

    def _change_part(self) -> bool:
        """Go on with another part, unless one before this is still being stored: then the encoder is cut off."""
        self._parts = [part for part in self._parts if not part.is_kept]
        if len(self._parts) > 1:
            self.source.cut(CHANGES_FAST)
            return False
        self._parts[-1].complete(CHANGED)
        self._parts.append(self._parts[-1].succeeded())
        return True

    def ended(self, reason: str) -> None:
        """The encoder is gone, or was cut."""
        if self._end_reason:
            return
        self._fill(self._soundless.flush())
        for tag in self._gaps.flush():
            self._package(self._splitter.take(tag, self._gaps.missing))
        self._package(self._splitter.flush())
        self._end_reason = reason or "The encoder left."
        self._parts[-1].complete(self._end_reason)

    @property
    def is_over(self) -> bool:
        return bool(self._end_reason)

    async def finished(self) -> None:
        """Wait until everything that came is kept. Called when it is over."""
        await self._parts[-1].finished()

    def rate(self) -> IngestRate:
        """What came since the last time this was asked."""
        then, before, _ = self._last_rate
        passed = monotonic() - then
        if passed >= 1.0:
            self._last_rate = (monotonic(), self._bytes, int((self._bytes - before) * 8 / passed))
        return IngestRate(self._last_rate[2], self._bytes)

    def _watch(self) -> None:
        if monotonic() - self.last_media_at > SILENCE_SECONDS:
            self.source.cut(SILENT)

    def _kept(self, part: Part) -> None:
        if part is self._parts[-1]:
            self.simulcast.stop()
            self._on_end(self)
