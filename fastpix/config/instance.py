"""The running instance: its settings and its secret key, and what the modules make of them, carried by one object.

Two applications in one process have two of them. Which one is meant follows the application's context (`enter`, `leave`);
outside of all contexts, as in threads that live as long as the process, it is the one that began last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from fastpix.config.settings import Settings

T = TypeVar("T")


class Instance:
    """What an application was set up with."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._parts: dict[Any, Any] = {}

    def part(self, make: Callable[[Settings], T]) -> T:
        """What `make` makes of the settings: made when it is first needed, and the same from then on."""
        if make not in self._parts:
            self._parts.setdefault(make, make(self.settings))  # of two threads at once, the first one's counts
        part: T = self._parts[make]
        return part

    def put(self, make: Callable[[Settings], T], part: T) -> None:
        """Use this in place of what `make` would make."""
        self._parts[make] = part

    def begin(self) -> None:
        """Be the one that is meant outside of all contexts, with all parts still to be made."""
        self._parts.clear()
        _began_last[:] = [self]


_entered: ContextVar[tuple[Instance, ...]] = ContextVar("fastpix_instance", default=())
_began_last: list[Instance] = []


def enter(instance: Instance) -> None:
    """From here on this one is meant, until `leave`."""
    _entered.set((*_entered.get(), instance))


def leave() -> None:
    """The one before is meant again."""
    _entered.set(_entered.get()[:-1])


@contextmanager
def entered(instance: Instance) -> Iterator[Instance]:
    """Inside, this one is meant."""
    enter(instance)
    try:
        yield instance
    finally:
        leave()


def current() -> Instance:
    """The instance that is meant here. RuntimeError where there is none."""
    if stack := _entered.get():
        return stack[-1]
    if not _began_last:
        raise RuntimeError("there is no instance: create_app makes one")
    return _began_last[0]


def settings() -> Settings:
    """The settings of the instance that is meant here; the defaults where there is none, as when ffmpeg is used alone."""
    return current().settings if _entered.get() or _began_last else Settings()


def part(make: Callable[[Settings], T]) -> T:
    """`Instance.part` of the instance that is meant here."""
    return current().part(make)
