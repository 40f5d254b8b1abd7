"""Where one of an encoder's tracks stops for a while and the other goes on: silence for sound, and word of what is gone. Pure.

Players stop where the shorter of two tracks ends, and Chromium plays what comes behind a gap in the sound too early
(findings/chromium_closes_gaps_in_aac.sh). Missing pictures nobody can make up: the sound then goes on alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import monotonic

from fastpix.live.rtmp import flv

Tag = tuple[int, int, bytes]
# In ms. Encoders may send sound so much later than the picture of the same time: further behind, there is none.
LATEST_SOUND = 1_500
# Once that was so, silence ends so little before the latest picture: sound that returns may come a little late, too.
SILENCE_BEHIND = 200
# A shorter gap is an encoder's clock that is not exact.
SHORTEST_GAP = 100
# Sound waits so long for its picture, which ffmpeg would wait for anyway; then the picture is gone, and the sound goes on alone.
PICTURE_BEHIND, GONE = 1_000, 5_000
MOST_HELD = 4 << 20  # bytes
TAG_BYTES = 100  # what a tag takes in memory beside its payload
# In ms: silence may be so much longer than the connection has lasted. A tag of ten bytes can claim ten seconds.
SILENCE_AHEAD = 60_000
# How far the sound that came may be ahead of its own times: encoders hand over several frames with the same one.
MOST_AHEAD = 200
_SAMPLES, _LOW_COMPLEXITY = (1024, 960), 2
_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)  # Hz
# Frames of AAC-LC in which nothing is heard, by the number of channels: what ffmpeg's encoder makes of silence.
_SILENT_FRAMES = {
    1: bytes.fromhex("01182007"),
    2: bytes.fromhex("211004608c1c"),
    6: bytes.fromhex("011820010880230460231004608c0c230000e0"),
}


@dataclass(frozen=True)
class Sound:
    """A kind of sound: how long a frame lasts, in ms, and the payload of a silent one; b"" where none is known."""

    frame: float
    silent: bytes

    @classmethod
    def of(cls, payload: bytes) -> Sound | None:
        """By its configuration (ISO/IEC 14496-3, 1.6.2.1); None where that cannot be read."""
        is_legacy = payload[0] >> 4 != flv.ENHANCED_AUDIO
        head, config = (payload[:2], payload[2:]) if is_legacy else (payload[:5], payload[5:])
        if len(config) < 2:
            return None
        bits = int.from_bytes(config[:2], "big")
        kind, rate, channels, is_short = bits >> 11, bits >> 7 & 15, bits >> 3 & 15, bits >> 2 & 1
        if rate >= len(_RATES):
            return None
        silent = _SILENT_FRAMES.get(channels, b"") if kind == _LOW_COMPLEXITY else b""
        begin = head[:1] + b"\x01" if is_legacy else bytes((head[0] & 0xF0 | 1,)) + head[1:]
        return cls(_SAMPLES[is_short] * 1000 / _RATES[rate], begin + silent if silent else b"")


class SilenceBudget:
    """How much silence one connection gets: none any more once there was more of it than of time, and a minute."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.is_spent = False
        self._clock, self._began_at, self._taken = clock, clock(), 0.0

    def take(self, duration: float) -> bool:
        """Whether there may be another frame of so many ms."""
        self._taken += duration
        if self._taken > (self._clock() - self._began_at) * 1000 + SILENCE_AHEAD:
            self.is_spent = True
        return not self.is_spent


class Gaps:
    """Takes one encoder's tags, whose times go on (`timestamps`). `missing` are the kinds of tracks that stopped."""

    def __init__(self, budget: SilenceBudget | None = None) -> None:
        self.missing: frozenset[int] = frozenset()
        self._budget = budget or SilenceBudget()
        self._sound: Sound | None = None
        self._heard_until: float | None = None  # where the last frame of sound, or silence, ends
        self._silent_until = 0.0  # sound before that comes too late
        self._is_muted = False
        self._shown_at: int | None = None
        self._held: list[Tag] = []
        self._held_bytes = 0

    def take(self, tag: Tag) -> list[Tag]:
        """The tags that go on now: what was held, silence, and this one, if it does not come too late."""
        kind, _, payload = tag
        if kind == flv.VIDEO and not flv.is_video_config(payload):
            return self._take_picture(tag)
        if kind == flv.DATA:
            return [tag]
        if kind == flv.VIDEO:
            return [*self._flush_held(), tag]
        if flv.is_audio_config(payload):
            self._sound = Sound.of(payload)
            return self._hold([tag]) if self._held else [tag]
        return self._take_sound(tag)

    def flush(self) -> list[Tag]:
        """What is left when nothing more comes, sound and picture of the same length."""
        shown_at = self._shown_at if self._shown_at is not None else 0
        return [*self._flush_held(), *self._silence(shown_at)]

    def _flush_held(self) -> list[Tag]:
        """The sound that waits for its picture, which then waits no longer."""
        held, self._held, self._held_bytes = self._held, [], 0
        return held

    def _take_picture(self, tag: Tag) -> list[Tag]:
        _, at, _ = tag
        self.missing -= {flv.VIDEO}
        self._shown_at = at
        tags = self._flush_held()
        behind = at - self._heard_until if self._heard_until is not None else 0.0
        if behind > (SILENCE_BEHIND if self._is_muted else LATEST_SOUND):
            if self._sound is not None and self._sound.silent and not self._budget.is_spent:
                self._is_muted = True
                tags += self._silence(at - SILENCE_BEHIND)
            elif behind > GONE:
                self.missing |= {flv.AUDIO}
        return [*tags, tag]

    def _take_sound(self, tag: Tag) -> list[Tag]:
        _, at, _ = tag
        if at < self._silent_until:
            return []
        self.missing -= {flv.AUDIO}
        tags: list[Tag] = []
        if self._heard_until is not None and at - self._heard_until > (0 if self._is_muted else SHORTEST_GAP):
            tags += self._silence(at)
        self._is_muted = False
        if self._sound is not None:
            self._heard_until = max(at, min(self._heard_until or 0, at + MOST_AHEAD)) + self._sound.frame
        tags.append(tag)
        if self._shown_at is None or flv.VIDEO in self.missing or at - self._shown_at <= PICTURE_BEHIND:
            return [*self._flush_held(), *tags]
        if at - self._shown_at >= GONE:
            self.missing |= {flv.VIDEO}
            return [*self._flush_held(), *tags]
        return self._hold(tags)

    def _hold(self, tags: list[Tag]) -> list[Tag]:
        self._held += tags
        self._held_bytes += sum(len(payload) + TAG_BYTES for _, _, payload in tags)
        return self._flush_held() if self._held_bytes > MOST_HELD else []

    def _silence(self, until: float) -> Iterator[Tag]:
        """Frames that end no later than that, but for half of one."""
        sound = self._sound
        if sound is None or not sound.silent or self._heard_until is None:
            return
        while self._heard_until + sound.frame / 2 <= until and self._budget.take(sound.frame):
            yield flv.AUDIO, round(self._heard_until), sound.silent
            self._heard_until += sound.frame
            self._silent_until = self._heard_until - sound.frame / 2
