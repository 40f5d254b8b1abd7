"""A small cache that forgets: what the database said counts for seconds, in every process."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


def clock() -> float:
    """Seconds that never go back. Tests put another clock in its place."""
    return time.monotonic()


class Kept(Generic[K, V]):
    """What `load` answered, for at most `seconds` and at most `most` keys; also the answer that there is nothing."""

    def __init__(self, load: Callable[[K], V], *, seconds: float, most: int) -> None:
        self._load, self._seconds, self._most = load, seconds, most
        self._held: dict[K, tuple[float, V]] = {}
        self._lock = Lock()

    def get(self, key: K) -> V:
        """The answer for the key. What `load` raises is not kept."""
        asked_at = clock()  # before loading: an answer is as old as its question
        held = self._held.get(key)
        if held is not None and asked_at < held[0]:
            return held[1]
        value = self._load(key)
        with self._lock:
            self._held.pop(key, None)  # so that the order of the keys is their age
            while len(self._held) >= self._most:
                del self._held[next(iter(self._held))]
            self._held[key] = (asked_at + self._seconds, value)
        return value

    def clear(self) -> None:
        with self._lock:
            self._held.clear()
