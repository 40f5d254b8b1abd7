"""A picture without sound gets silence until sound comes: every broadcast with a picture has both. Pure.

What a player has begun with cannot be added to or taken away: hls.js, video.js and Shaka stand still for good where an
encoder without sound comes back with it, or the other way round. New sound they take, where there was some before.
"""

from __future__ import annotations

from collections.abc import Iterator

from fastpix.live.gaps import TAG_BYTES, SilenceBudget, Sound, Tag
from fastpix.live.rtmp import flv
from fastpix.live.tracks import LONGEST_WAIT, MOST_WAITING

# AAC-LC, 48 kHz, two channels: where the encoder does not say what its sound is, or where of that no silence is known.
STEREO = flv.aac_config(bytes.fromhex("1190"))


class Soundless:
    """Takes one encoder's tags, whose times go on (`timestamps`). Once sound came, it changes nothing any more."""

    def __init__(self, budget: SilenceBudget | None = None) -> None:
        self._budget = budget or SilenceBudget()
        self._is_heard = False
        self._config = b""  # the encoder's own, as it came last
        self._comes = False  # its sound came, and is heard from the next keyframe on
        self._held: list[Tag] = []  # pictures that wait for sound
        self._held_bytes = 0
        self._began_at: int | None = None
        self._silent: Sound | None = None  # what stands in for the encoder's sound
        self._silent_config = b""
        self._silent_until = 0.0

    def take(self, tag: Tag) -> list[Tag]:
        """The tags that go on now."""
        kind, _, payload = tag
        if self._is_heard:
            return [tag]
        if self._budget.is_spent:
            return self._give_up(tag)
        if kind == flv.AUDIO:
            return self._configure(tag) if flv.is_audio_config(payload) else self._take_sound(tag)
        if self._silent is not None:
            return self._take_picture(tag) if _is_picture(tag) else [tag]
        return self._hold(tag)

    def flush(self) -> list[Tag]:
        """What is left when nothing more comes."""
        return self._begin_silence() if self._held and self._began_at is not None else self._release()

    def _give_up(self, tag: Tag) -> list[Tag]:
        """From here on all goes on as it comes, and sound by what its encoder says of it."""
        self._is_heard = True
        is_other = self._silent is not None and self._config not in (b"", self._silent_config)
        return [*self._release(), *([(flv.AUDIO, tag[1], self._config)] if is_other else []), tag]

    def _configure(self, tag: Tag) -> list[Tag]:
        self._config = tag[2]
        return self._hold(tag) if self._silent is None else []

    def _take_sound(self, tag: Tag) -> list[Tag]:
        if not self._config:  # nobody could decode it
            return []
        if self._silent is None or (self._config == self._silent_config and tag[1] >= self._silent_until):
            self._is_heard = True
            return [*self._release(), tag]
        self._comes = self._config != self._silent_config
        return []

    def _take_picture(self, tag: Tag) -> list[Tag]:
        _, at, payload = tag
        silence = list(self._silence(at))
        if self._comes and flv.is_keyframe(payload):
            self._is_heard = True
            return [*silence, (flv.AUDIO, at, self._config), tag]
        return [*silence, tag]

    def _hold(self, tag: Tag) -> list[Tag]:
        self._held.append(tag)
        self._held_bytes += len(tag[2]) + TAG_BYTES
        if _is_picture(tag) and self._began_at is None:
            self._began_at = tag[1]
        if self._began_at is None:
            return self._release() if self._held_bytes >= MOST_WAITING else []
        if tag[1] - self._began_at < LONGEST_WAIT and self._held_bytes < MOST_WAITING:
            return []
        return self._begin_silence()

    def _begin_silence(self) -> list[Tag]:
        own = Sound.of(self._config) if self._config else None
        self._silent_config = self._config if own is not None and own.silent else STEREO
        self._silent = Sound.of(self._silent_config)
        self._silent_until = float(self._began_at or 0)
        held = [tag for tag in self._release() if tag[0] != flv.AUDIO]
        tags: list[Tag] = [(flv.AUDIO, held[0][1], self._silent_config)]
        for tag in held:
            tags += self._take_picture(tag) if _is_picture(tag) else [tag]
        return tags

    def _silence(self, until: float) -> Iterator[Tag]:
        """Frames that begin no later than that."""
        while self._silent is not None and self._silent_until <= until and self._budget.take(self._silent.frame):
            yield flv.AUDIO, round(self._silent_until), self._silent.silent
            self._silent_until += self._silent.frame

    def _release(self) -> list[Tag]:
        held, self._held, self._held_bytes = self._held, [], 0
        return held


def _is_picture(tag: Tag) -> bool:
    return tag[0] == flv.VIDEO and not flv.is_video_config(tag[2])
