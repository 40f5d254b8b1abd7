"""The parts of an object in S3: how large they are, and how an object grows where nothing can be appended to one.

Each part is an object of its own until the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

# What S3 takes as the smallest part is 5 MiB; with 8 MiB its 10 000 parts make 80 GB.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
PART = 8 * 1024 * 1024
NAME = re.compile(r"([0-9]{15})-([0-9]{1,15})")


@dataclass(frozen=True)
class Part:
    """Bytes `start` to `start + length` of an object that is being received."""

    start: int
    length: int

    @property
    def end(self) -> int:
        return self.start + self.length

    @property
    def name(self) -> str:
        # With the length: a shorter part that somebody sends again must not take the place of a longer one.
        return f"{self.start:015}-{self.length}"


@dataclass(frozen=True)
class Slice:
    """The bytes of `part` from its byte `skip` on."""

    part: Part
    skip: int


def parse(name: str) -> Part | None:
    """The part of that name, None if it is no name of a part."""
    found = NAME.fullmatch(name)
    return Part(int(found[1]), int(found[2])) if found else None


def cover(parts: Iterable[Part]) -> list[Slice]:
    """Slices that together are the object from its first byte up to the first hole, none twice.

    Two connections that sent the same bytes cut them into different parts, so parts may overlap.
    """
    slices: list[Slice] = []
    position = 0
    for part in sorted(parts, key=lambda part: (part.start, -part.end)):
        if part.start <= position < part.end:
            slices.append(Slice(part, position - part.start))
            position = part.end
    return slices


def covered(parts: Iterable[Part]) -> int:
    """How many bytes are there from the start without a hole."""
    return max((piece.part.end for piece in cover(parts)), default=0)


class GrowingParts:
    """The appender of S3: collects 8 MiB and stores them with `put`; what is left at the end becomes a short part."""

    def __init__(self, size: int, put: Callable[[Part, bytes], None]) -> None:
        self._stored = size
        self._put = put
        self._waiting = bytearray()

    @property
    def size(self) -> int:
        return self._stored + len(self._waiting)

    def write(self, offset: int, data: bytes) -> int:
        size = self.size
        if not 0 <= offset <= size:
            raise ValueError(f"bytes {size} to {offset} are missing")
        self._waiting += memoryview(data)[size - offset :]
        while len(self._waiting) >= PART:
            self._store(PART)
        return self.size

    def close(self) -> None:
        """Store what waits."""
        if self._waiting:
            self._store(len(self._waiting))

    def _store(self, length: int) -> None:
        self._put(Part(self._stored, length), bytes(memoryview(self._waiting)[:length]))
        del self._waiting[:length]
        self._stored += length
