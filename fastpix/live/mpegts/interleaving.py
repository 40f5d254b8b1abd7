"""Tags of picture and sound in the order of their times: multiplexers may send one of them seconds before the other."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import NamedTuple

# In ms. A tag waits for the other track's, but no longer than this; of a track that is further behind nothing is waited for.
LONGEST_WAIT = 2_000
# Before the first keyframe sound waits for longer: some encoders send one only every ten seconds.
LONGEST_START = 12_000
# Sound may begin so much before the first picture, by an encoder's own delay.
LEAD = 250
# What comes so much behind what went on already, would be taken for a jump: multiplexers keep the last sound before a pause.
MOST_LATE = 1_000
JUMP = 10_000  # what differs by more are the times before and after a jump
MOST_WAITING = 4_000  # tags


class Tag(NamedTuple):
    """What one FLV tag holds; `time` in ms is when it is decoded, and does not wrap.

    `is_config`: it says how to decode those that follow.
    """

    kind: int
    time: int
    payload: bytes
    is_config: bool = False


class Interleaver:
    """`kinds` are the tracks there are; `leader` is the one that begins, the others are cut to it. None: no track is.

    `leader_comes`: something of it came, if nothing to begin with; unless that is so it is waited for as any other.
    """

    def __init__(self, kinds: set[int], leader: int | None) -> None:
        self.kinds, self.leader_comes = kinds, False
        self._leader = leader
        self._first: int | None = None
        self._released: int | None = None
        self._heap: list[tuple[int, int, Tag]] = []
        self._latest: dict[int, int] = {}
        self._count = 0

    def set_kinds(self, kinds: set[int]) -> None:
        """Go on with these tracks; those that are new are waited for from now on."""
        if self._latest:
            newest = max(self._latest.values())
            self._latest = {kind: self._latest.get(kind, newest) for kind in kinds | self._latest.keys()}
        self.kinds = kinds

    def push(self, tag: Tag) -> list[Tag]:
        """The tags that may go on, now that this one came."""
        newest = max(self._latest.values(), default=tag.time)
        jumped = self.flush() if abs(tag.time - newest) > JUMP else []
        if tag.kind == self._leader:
            self._leader = None
            self._begin_with(tag)
        released = tag.time if self._released is None else self._released
        is_late = self._is_late(tag, released)
        if is_late and not tag.is_config:
            return jumped
        self._first = tag.time if self._first is None else self._first
        self._latest[tag.kind] = max(tag.time, self._latest.get(tag.kind, tag.time))
        tag = tag._replace(time=released) if is_late else tag
        self._count += 1
        heappush(self._heap, (tag.time, self._count, tag))
        return jumped + self._ready()

    def _is_late(self, tag: Tag, released: int) -> bool:
        """Whether it comes far behind the other track, though not behind its own: then its clock went back."""
        return tag.time < released - MOST_LATE and tag.time >= self._latest.get(tag.kind, tag.time)

    def _begin_with(self, leading: Tag) -> None:
        """Leave out what is long before, but for what the rest is decoded by."""
        kept = [entry for entry in self._heap if entry[0] >= leading.time - LEAD]
        early = sorted(entry for entry in self._heap if entry[0] < leading.time - LEAD and entry[2].is_config)
        for _, count, config in {entry[2].kind: entry for entry in early}.values():
            time = min((entry[0] for entry in kept if entry[2].kind == config.kind), default=leading.time)
            kept.append((time, count, config._replace(time=time)))
        self._heap = sorted(kept)

    def flush(self) -> list[Tag]:
        """All that waits, but for what still has no leader."""
        tags = [] if self._leader is not None else [heappop(self._heap)[2] for _ in range(len(self._heap))]
        self._heap.clear()
        self._latest.clear()
        self._first = self._released = None
        return tags

    def _ready(self) -> list[Tag]:
        newest = max(self._latest.values())
        if self._leader is not None:
            longest = LONGEST_START if self.leader_comes else LONGEST_WAIT
            if newest - self._heap[0][0] <= longest and len(self._heap) <= MOST_WAITING:
                return []
            self._leader = None  # the picture never comes, or much later
        first = newest if self._first is None else self._first
        reached = [self._latest.get(kind, first) for kind in self.kinds]
        until = min((time for time in reached if time >= newest - LONGEST_WAIT), default=newest)
        tags = []
        while self._heap and (self._heap[0][0] <= until or len(self._heap) > MOST_WAITING):
            tags.append(heappop(self._heap)[2])
            self._released = max(tags[-1].time, self._released or tags[-1].time)
        return tags
