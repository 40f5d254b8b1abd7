"""One caller that was let in, as the event loop sees it: what it sends, and its end."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from fastpix.errors import FastpixError

log = logging.getLogger("fastpix.live")
DECISION_SECONDS = 10.0
LEFT, FAILED = "The encoder left.", "The server cannot look up stream keys now."


class Sink(Protocol):
    """Where a caller's bytes go."""

    def received(self, data: bytes) -> None:
        """What came, in order and without gaps but those of packets that were lost for good."""

    def ended(self, reason: str) -> None:
        """Nothing comes any more. Called exactly once."""


class CallHandler(Protocol):
    """Decides who may publish."""

    async def passphrase(self, name: str, address: str) -> str:
        """What a caller must have to publish under a name. Raises Rejected."""

    async def publish(self, caller: Caller, name: str) -> Sink:
        """Where the bytes of a caller go that had the passphrase. Raises FastpixError: then it is cut off.

        The caller may leave meanwhile: this is awaited to its end all the same, and `ended` then follows at once.
        """

    def wrong_passphrase(self, name: str, address: str) -> None:
        """A caller did not have it, and was rejected."""


class Caller:
    """`is_reading` and `is_closing` are for the listener's thread to obey."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.end = ""
        self.is_reading = self.is_closing = False
        self._sink: Sink | None = None
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, handler: CallHandler, name: str) -> None:
        """Find out where its bytes go, and read them from then on."""
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(DECISION_SECONDS, self.cut, FAILED)
        self._task = loop.create_task(self._publish(handler, name))

    async def _publish(self, handler: CallHandler, name: str) -> None:
        try:
            self._sink = await handler.publish(self, name)
        except FastpixError as problem:
            self.cut(str(problem))
        except Exception as problem:  # noqa: BLE001  # one caller's failure is not to be felt by the others
            log.error("srt.failed address=%s error=%s", self.address, type(problem).__name__)
            self.cut(FAILED)
        else:
            if self.end:  # it left while the handler was looking
                self._sink.ended(self.end)
            self.is_reading = True
        finally:
            if self._timer is not None:
                self._timer.cancel()

    def received(self, data: bytes) -> None:
        if self._sink is not None and not self.end:
            self._sink.received(data)

    def lost(self) -> None:
        """The connection is over, and all that came was handed on."""
        self._finish(LEFT)

    def cut(self, reason: str, message: str = "") -> None:
        """End it from this side. SRT has no words for a caller that was let in: `message` is not told."""
        self._finish(reason)

    def pause(self) -> None:
        """Read no more: libsrt keeps what comes, and then the encoder has to."""
        self.is_reading = False

    def resume(self) -> None:
        self.is_reading = True

    def _finish(self, reason: str) -> None:
        if self.end:
            return
        self.end, self.is_closing = reason, True
        if self._sink is not None:
            self._sink.ended(reason)
