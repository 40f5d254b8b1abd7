"""A small cache that forgets: what the database said counts for seconds, in every process."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from fastpix.config import instance
from fastpix.config.settings import Settings

K = TypeVar("K")
V = TypeVar("V")


def clock() -> float:
    """Seconds that never go back. Tests put another clock in its place."""
    return time.monotonic()


class TtlCache(Generic[K, V]):
    """What `load` answered, for at most `seconds` and at most `most` keys; also the answer that there is nothing.

    Each instance has entries of its own.
    """

    def __init__(self, load: Callable[[K], V], *, seconds: float, most: int) -> None:
        self._load, self._seconds, self._most = load, seconds, most
        self._lock = Lock()

    def _entries(self, _settings: Settings) -> dict[K, tuple[float, V]]:
        return {}

    def get(self, key: K) -> V:
        """The answer for the key. What `load` raises is not kept."""
        loaded_at = clock()  # before loading: an answer is as old as its question
        entries = instance.part(self._entries)
        entry = entries.get(key)
        if entry is not None and loaded_at < entry[0]:
            return entry[1]
        value = self._load(key)
        with self._lock:
            entries.pop(key, None)  # so that the order of the keys is their age
            while len(entries) >= self._most:
                del entries[next(iter(entries))]
            entries[key] = (loaded_at + self._seconds, value)
        return value
