"""Limits on requests for tests: a clock that stands still, and settings of their own in a running application."""

from __future__ import annotations

from typing import Any

from fastpix.ratelimit.requests import Rates
from fastpix.web import rate_limiting
from tests.world import World

NOON = 1_800_000_000.0  # the first second of a window


class Clock:
    """Seconds since 1970, as the test says."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> float:
        return self.at


def limited(world: World, **settings: Any) -> Clock:
    """The world's application with these settings of limits, as a process that has counted nothing yet."""
    clock = Clock()
    world.set(**settings)
    world.instance.put(rate_limiting._rates, Rates(clock))
    return clock
