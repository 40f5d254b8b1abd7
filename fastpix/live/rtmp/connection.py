"""One RTMP connection as a server sees it: bytes in, messages out, answers back, and nothing that is raised.

What the messages mean is for `session` to say.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from abc import abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import cast

from fastpix.live.rtmp import messages
from fastpix.live.rtmp.chunks import ChunkReader, ChunkWriter
from fastpix.live.rtmp.handshake import ServerHandshake
from fastpix.live.rtmp.messages import Message, ProtocolError
from fastpix.live.rtmp.ticks import Ticker, TickReader

log = logging.getLogger("fastpix.live")

READ_SIZE = 4096  # bytes that are looked at before the limits are, while the other side has proved nothing
MOST_MESSAGES = 200  # of somebody who has proved nothing: far more than an encoder needs before it publishes
MOST_UNREAD = 256 * 1024  # bytes of ours that the other side may leave unread
# Seconds from telling why it ends to breaking off: some encoders look for an answer only every second and a half, and what
# they have not read by then is lost.
FAREWELL = 5.0
LEFT, BROKE, FAILED = "The encoder left.", "The connection broke.", "Something went wrong on the server."


def described(problem: BaseException) -> str:
    """What failed and where, without the error's text: that may quote a key."""
    place = traceback.extract_tb(problem.__traceback__)[-1]
    return f"{type(problem).__name__} at {place.filename}:{place.lineno}"


class Connection(asyncio.Protocol):
    """`handshake` is in seconds, `longest` in bytes of a message. It is over when `end` says why."""

    def __init__(self, handshake: float, longest: int, ticker: Ticker) -> None:
        self.address = ""  # the other side's IP address
        self.bytes_received = 0
        self.end = ""
        self._reader, self._writer = ChunkReader(longest), ChunkWriter()
        self._connected_at = self._last_bytes_at = monotonic()
        self._handshake_seconds, self._server_handshake = handshake, ServerHandshake()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._ticker = ticker
        self._tick_reader: TickReader | None = None  # none: asyncio reads
        self._is_authorized = self._is_paused = self._is_holding = False
        self._held: list[Message] = []  # messages and bytes that came with one that takes time to answer
        self._held_bytes = b""
        self._messages = 0
        self._acknowledged, self._window = 0, messages.WINDOW_SIZE

    @abstractmethod
    def _handshake_done(self) -> None:
        """The handshake is done."""

    @abstractmethod
    def _handle(self, message: Message) -> None:
        """One message that is not the protocol's own. May raise anything."""

    @abstractmethod
    def _ended(self) -> None:
        """Called once, when `end` is set."""

    def pause(self) -> None:
        """Read no more, so that the encoder has to wait. What was read already is still handed on."""
        self._is_paused = True
        self._set_reading()

    def resume(self) -> None:
        """Read again. The silence of the pause is not the encoder's."""
        self._is_paused = False
        self._last_bytes_at = monotonic()
        self._set_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.address = str((transport.get_extra_info("peername") or ("",))[0])
        self._expect(self._handshake_seconds, "no handshake in time")

    def data_received(self, data: bytes) -> None:
        self.bytes_received += len(data)
        self._last_bytes_at = monotonic()
        self._process((), data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish(LEFT if exc is None else BROKE)
        self._stop_timer()
        self._stop_ticks()
        self._transport = None

    def _process(self, held: Sequence[Message], data: bytes) -> None:
        """All that the other side can make happen goes through here, and nothing comes out."""
        try:
            for message in held:
                self._take(message)
            self._read(data)
            self._acknowledge()
        except ProtocolError as problem:
            self._drop(str(problem))
        except Exception as problem:  # noqa: BLE001  # one connection's failure is not to be felt by the others
            log.error("rtmp.failed address=%s error=%s", self.address, described(problem))
            self._finish(FAILED)
            self._abort()

    def _read(self, data: bytes) -> None:
        if not self.end and not self._server_handshake.is_done:
            answer, data = self._server_handshake.feed(data)
            self._write(answer)
            if self._server_handshake.is_done:
                self._handshake_done()
        place = 0
        while place < len(data) and not self.end:
            if self._is_holding:
                self._held_bytes += data[place:]
                return
            after = len(data) if self._is_authorized else place + READ_SIZE
            for message in self._reader.feed(data[place:after]):
                self._take(message)
            place = after

    def _take(self, message: Message) -> None:
        if self.end:
            return
        if self._is_holding:
            self._held.append(message)
            return
        self._messages += 1
        if self._messages > MOST_MESSAGES and not self._is_authorized:
            raise ProtocolError("It talks and does not publish.")
        if message.kind == messages.USER_CONTROL:
            if pong := messages.pong_for(message.payload):
                self._send(pong)
        elif message.kind == messages.WINDOW:
            self._window = messages.number_in(message.payload)
        elif message.kind in (messages.ACKNOWLEDGEMENT, messages.PEER_BANDWIDTH):
            messages.number_in(message.payload)
        else:
            self._handle(message)

    def _acknowledge(self) -> None:
        if self._transport is None or self.end:
            return
        if self._transport.get_write_buffer_size() > MOST_UNREAD:
            raise ProtocolError("It does not read what it is told.")
        if self.bytes_received - self._acknowledged >= self._window // 2 and self._server_handshake.is_done:
            self._acknowledged = self.bytes_received
            self._send(messages.control(messages.ACKNOWLEDGEMENT, self.bytes_received))

    def _hold(self) -> None:
        """Read no more, and keep what was read, until `_go_on`."""
        self._is_holding = True
        self._set_reading()

    def _go_on(self) -> None:
        held, data = self._held, self._held_bytes
        self._held, self._held_bytes, self._is_holding = [], b"", False
        self._process(held, data)
        self._set_reading()

    def _read_by_ticks(self) -> None:
        """Wake up no more for each packet. TLS has to be read by asyncio."""
        if self.end or self._transport is None or self._transport.get_extra_info("ssl_object") is not None:
            return
        self._tick_reader = TickReader(self._transport, self.data_received, self._ended_by_tick)
        self._transport.pause_reading()
        self._ticker.add(self._tick_reader)
        self._set_reading()

    def _stop_ticks(self) -> None:
        if self._tick_reader is not None:
            self._ticker.discard(self._tick_reader)
            self._tick_reader = None

    def _ended_by_tick(self, problem: OSError | None) -> None:
        self._stop_ticks()
        if problem is None:
            self._set_reading()  # asyncio reads the end once more, and closes
        else:
            self._finish(BROKE)
            self._abort()

    def _set_reading(self) -> None:
        if self._transport is None:
            return
        if self.end:
            self._stop_ticks()
        if self._tick_reader is not None:
            self._tick_reader.is_paused = self._is_paused or self._is_holding
            return
        # What comes after the end is read and thrown away: closing over it would reset the connection, and our last
        # words with it.
        if (self._is_paused or self._is_holding) and not self.end:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _send(self, *answers: Message) -> None:
        for message in answers:
            is_command = message.kind == messages.COMMAND
            channel = messages.COMMAND_CHANNEL if is_command else messages.CONTROL_CHANNEL
            self._write(self._writer.write(message, channel))

    def _write(self, data: bytes) -> None:
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _drop(self, reason: str) -> None:
        """Close at once, without a word."""
        self._log_refusal(reason)
        self._finish(reason)
        self._abort()

    def _close(self, reason: str, *last_words: Message, leaves_first: bool = False) -> None:
        """Say something, give it the time to arrive, and close. With `leaves_first` the other side may close before us:
        GStreamer takes it for an error when somebody else ends what it is about to end."""
        if self.end:
            return
        self._send(*last_words)
        self._finish(reason)
        self._set_reading()
        if self._transport is not None and self._transport.can_write_eof() and not leaves_first:
            with suppress(OSError):  # the other side may have gone already
                self._transport.write_eof()
        self._after(FAREWELL, self._abort)

    def _finish(self, reason: str) -> None:
        if self.end:
            return
        self.end = reason
        self._held, self._held_bytes = [], b""
        self._ended()

    def _abort(self) -> None:
        self._stop_timer()
        if self._transport is not None:
            self._transport.abort()

    def _log_refusal(self, reason: str) -> None:
        if not self.end:
            log.info("rtmp.refused address=%s reason=%s", self.address, reason)

    def _expect(self, seconds: float, otherwise: str) -> None:
        """Drop the connection unless something else is expected within `seconds`."""
        self._after(seconds, lambda: self._drop(otherwise))

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(max(seconds, 0.0), act)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
