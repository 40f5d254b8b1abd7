"""Where in an encoder's tags one set of tracks ends and another begins: each is a part of the broadcast. Pure.

Sound may begin long after the picture, or the picture after the sound, and either may change or stop: what a player has begun
with cannot be added to, so from there on it is another part. With a picture, parts begin at its keyframes.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastpix.live.gaps import TAG_BYTES, Tag
from fastpix.live.rtmp import flv

# Until both tracks are there the first tags wait for so long, in ms and bytes: no longer than a segment, which nobody gets
# before it is whole.
LONGEST_WAIT, MOST_WAITING = 2_000, 4 << 20
BOTH = {flv.AUDIO, flv.VIDEO}


@dataclass(frozen=True)
class Outcome:
    """The tags that go on now. `begins` are the kinds of tracks of the part that they begin, empty where they begin none."""

    tags: list[Tag]
    begins: frozenset[int] = frozenset()


NOTHING = Outcome([])


class Splitter:
    """Takes one encoder's tags. A track is there once something of it came, not when it is announced."""

    def __init__(self) -> None:
        self._configs: dict[int, bytes] = {}  # as they came last
        self._tracks: dict[int, bytes] = {}  # those of the part: their configurations
        self._seen: set[int] = set()
        self._script: Tag | None = None
        self._waiting: list[Tag] = []
        self._waiting_bytes = 0
        self._is_stale = False  # the part has not the tracks that come now

    def take(self, tag: Tag, missing: frozenset[int] = frozenset()) -> Outcome:
        """What is to be done, now that this tag came. `missing`: tracks of these kinds stopped."""
        kind, _, payload = tag
        if missing & self._seen:
            self._seen -= missing
            wanted = {kind: self._configs[kind] for kind in self._seen}
            self._is_stale = bool(self._tracks) and wanted != self._tracks
        if kind == flv.DATA:
            self._script = tag
            return Outcome([tag]) if self._tracks else NOTHING
        if _is_config(kind, payload):
            return self._configure(kind, payload)
        if kind not in self._configs:  # nobody could decode it
            return NOTHING
        self._is_stale |= kind not in self._seen
        self._seen.add(kind)
        if not self._tracks:
            return self._wait(tag)
        return self._go_on(tag) if self._is_stale else Outcome([tag])

    def flush(self) -> Outcome:
        """What waits, which then waits no longer."""
        waiting, self._waiting = self._waiting, []
        return self._begin(waiting) if waiting else NOTHING

    def _configure(self, kind: int, payload: bytes) -> Outcome:
        if self._configs.get(kind) == payload:
            return NOTHING
        before = self.flush() if kind in self._seen else NOTHING
        self._configs[kind] = payload
        self._is_stale = self._is_stale or kind in self._seen
        return before

    def _wait(self, tag: Tag) -> Outcome:
        self._waiting.append(tag)
        self._waiting_bytes += len(tag[2]) + TAG_BYTES
        passed = tag[1] - self._waiting[0][1]
        if self._seen == BOTH or passed >= LONGEST_WAIT or self._waiting_bytes >= MOST_WAITING:
            return self.flush()
        return NOTHING

    def _go_on(self, tag: Tag) -> Outcome:
        kind, _, payload = tag
        if flv.is_keyframe(payload) if kind == flv.VIDEO else flv.VIDEO not in self._seen:
            return self._begin([tag])
        # Until the next keyframe the other track goes on as it was.
        return Outcome([tag]) if self._tracks.get(kind) == self._configs[kind] else NOTHING

    def _begin(self, tags: list[Tag]) -> Outcome:
        self._tracks, self._is_stale = {kind: self._configs[kind] for kind in sorted(self._seen)}, False
        at = tags[0][1]
        heads = [(flv.DATA, at, self._script[2])] if self._script else []
        heads += [(kind, at, config) for kind, config in self._tracks.items()]
        # A track that stopped while they waited is none of the part's.
        tags = [tag for tag in tags if tag[0] in self._tracks]
        return Outcome(heads + tags, frozenset(self._tracks))


def _is_config(kind: int, payload: bytes) -> bool:
    return flv.is_video_config(payload) if kind == flv.VIDEO else flv.is_audio_config(payload)
