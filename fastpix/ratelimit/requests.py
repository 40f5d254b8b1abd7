"""How many requests a minute somebody may make: counted in the process, settled with the shared store now and then.

A write for every request would make SQLite's one writer the measure of all things. So each process counts for itself
and tells the store (`storage`) after every twentieth part of a limit, hearing at that moment what all the others made.
Together they may so exceed a limit by a twentieth of it for each process, and never by more.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fastpix.errors import TooMany
from fastpix.ratelimit.attempts import in_words
from fastpix.ratelimit.storage import Storage

log = logging.getLogger(__name__)
WINDOW_SECONDS = 60
SHARE = 20


@dataclass(frozen=True)
class Limit:
    """So many requests in a window for one `who` of a kind ("token", "organization", "person", "address")."""

    kind: str
    who: str
    most: int

    @property
    def batch(self) -> int:
        """After how many requests a process tells the others of them."""
        return max(1, self.most // SHARE)


@dataclass(frozen=True)
class LimitState:
    """What is left of a limit, and in how many seconds it is whole again."""

    limit: Limit
    left: int
    seconds: int


@dataclass
class _Count:
    """`known`: what all processes made, as last heard. `untold`: what this one made since; `told` is on its way.

    `failed`: how much was untold when a store failed; the next try is a batch later.
    """

    known: int = 0
    untold: int = 0
    told: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        return self.known + self.untold + self.told


class Rates:
    """The counts of one process. `clock`: seconds since 1970, by which all processes agree on the windows."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._window, self._counts = 0, dict[Limit, _Count]()

    def take(self, wanted: Sequence[Limit]) -> tuple[list[LimitState], TooMany | None]:
        """Count one request under all of the limits, or under none where one is used up; then with the refusal."""
        with self._lock:
            seconds = self._turn()
            counts = [self._counts.setdefault(limit, _Count()) for limit in wanted]
            full = next((limit for limit, count in zip(wanted, counts, strict=True) if count.total >= limit.most), None)
            if full is None:
                for count in counts:
                    count.untold += 1
            pairs = zip(wanted, counts, strict=True)
            states = [LimitState(limit, max(0, limit.most - count.total), seconds) for limit, count in pairs]
        return states, None if full is None else _refusal(full, seconds)

    def due(self, limits: Sequence[Limit]) -> bool:
        """Whether one of these limits has as much to tell the store as makes a batch."""
        return any(
            (count := self._counts.get(limit)) and count.untold >= count.failed + limit.batch for limit in limits
        )

    def settle(self, limits: Sequence[Limit], store: Storage) -> None:
        """Tell the store what was counted under these limits, and hear the total of all processes.

        What a store fails to take stays untold, so that the call may be repeated with another one.
        """
        for limit in limits:
            with self._lock:
                self._turn()
                window, count = self._window, self._counts.get(limit, _Count())
                amount, count.untold = count.untold, 0
                count.told += amount
            if not amount:
                continue
            heard = 0
            try:
                heard = store.increment(f"{limit.kind}/{limit.who}/{window}", amount, 2 * WINDOW_SECONDS)
            finally:
                with self._lock:
                    count.told -= amount
                    if heard:
                        count.known, count.failed = max(count.known + amount, heard), 0
                    else:
                        count.untold += amount
                        count.failed = count.untold

    def _turn(self) -> int:
        """Begin a new window where the old one is over; the seconds until the present one ends. Under the lock."""
        at = self._clock()
        window = int(at // WINDOW_SECONDS)
        if window != self._window:
            self._window, self._counts = window, {}
        return max(1, int((window + 1) * WINDOW_SECONDS - at))


def _refusal(limit: Limit, seconds: int) -> TooMany:
    whose = {
        "token": "with this token",
        "organization": "in this organization",
        "person": "by you",
        "address": "from your address without signing in",
    }[limit.kind]
    return TooMany(f"Too many requests {whose}. Wait {in_words(seconds)} and try again.", seconds)
