"""Limits on requests for tests: a clock that stands still, and settings of their own in a running application."""

from __future__ import annotations

from dataclasses import replace

from fastpix.rates import Rates

NOON = 1_800_000_000.0  # the first second of a window


class Clock:
    """Seconds since 1970, as the test says."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> float:
        return self.at


def limited(world, monkeypatch, **given) -> Clock:
    """`world.app` with these settings of limits, as a process that has counted nothing yet."""
    clock = Clock()
    settings = replace(world.settings, **given)
    monkeypatch.setitem(world.app.extensions, "fastpix_rates", (Rates(clock), settings))
    return clock
