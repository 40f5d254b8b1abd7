"""RTMP, the server's side: an encoder's connection, which a handler admits and a sink receives."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from fastpix.errors import FastpixError
from fastpix.live.rtmp import commands, flv, messages
from fastpix.live.rtmp.chunks import LONGEST_MESSAGE
from fastpix.live.rtmp.commands import Command
from fastpix.live.rtmp.connection import Connection, described
from fastpix.live.rtmp.messages import Message, ProtocolError
from fastpix.live.rtmp.ticks import Ticker

log = logging.getLogger("fastpix.live")

STREAM = 1  # the only one that a connection gets
STOPPED, REJECTED, FAILED = "The encoder stopped.", "The stream key was rejected.", "The stream key was not looked up."


class Rejected(FastpixError):
    """The handler refuses this publisher. The message is one line without the key: it is told, and logged."""

    def __init__(self, message: str, code: str = commands.BAD_NAME) -> None:
        super().__init__(message)
        self.code = code


class Sink(Protocol):
    """Where a publisher's stream goes."""

    def media(self, kind: int, timestamp: int, payload: bytes) -> None:
        """What is in one FLV tag: AUDIO, VIDEO or DATA. `timestamp` is in ms, modulo 2^32."""

    def ended(self, reason: str) -> None:
        """Nothing comes any more. Called exactly once."""


class PublishHandler(Protocol):
    """Decides who may publish."""

    async def publish(self, session: Session, app: str, key: str) -> Sink:
        """Where the stream with this key goes. Raises Rejected.

        The encoder may leave meanwhile: this is awaited to its end all the same, and `ended` then follows at once.
        """


@dataclass(frozen=True)
class Limits:
    """Seconds, and bytes of the longest message: `command` before somebody has published, `message` after.

    `publish` counts from connecting; `decision` is how long the handler may take; `idle` is the silence of a publisher.
    """

    handshake: float = 5.0
    publish: float = 10.0
    decision: float = 10.0
    idle: float = 15.0
    command: int = 256 * 1024
    message: int = LONGEST_MESSAGE


DEFAULT_LIMITS = Limits()


class Session(Connection):
    """The TCP connection of one encoder, which publishes once."""

    def __init__(self, handler: PublishHandler, limits: Limits, ticker: Ticker) -> None:
        super().__init__(limits.handshake, limits.command, ticker)
        self.last_media_at = monotonic()
        self._handler, self._limits = handler, limits
        self._app: str | None = None  # None: there was no connect command yet
        self._stream = STREAM
        self._sink: Sink | None = None
        self._task: asyncio.Task[None] | None = None  # kept, or it might be collected while it runs

    @property
    def is_publishing(self) -> bool:
        return self._sink is not None and not self.end

    def cut(self, reason: str, message: str = "") -> None:
        """End it from this side. The sink hears `reason` at once, and the encoder is told `message`, or the reason."""
        self._say_and_close(reason, commands.REJECTED, message or reason)

    def _handshake_done(self) -> None:
        self._expect(self._connected_at + self._limits.publish - monotonic(), "nothing published in time")

    def _ended(self) -> None:
        if self._sink is not None:
            try:
                self._sink.ended(self.end)
            except Exception as problem:  # noqa: BLE001  # the connection ends all the same
                log.error("rtmp.failed address=%s error=%s", self.address, described(problem))

    def _handle(self, message: Message) -> None:
        match message.kind:
            case flv.AUDIO | flv.VIDEO | flv.DATA | messages.AMF3_DATA:
                self._media(message)
            case messages.COMMAND | messages.AMF3_COMMAND:
                self._command(commands.read(message))
            case _:
                raise ProtocolError("A message is of an unknown kind.")

    def _media(self, message: Message) -> None:
        if self._sink is None:
            raise ProtocolError("It sends media before it publishes.")
        kind, _, timestamp, payload = message
        if kind in (flv.AUDIO, flv.VIDEO):
            self.last_media_at = self._last_bytes_at
        else:
            kind, payload = flv.DATA, commands.script_of(message)
        if payload:
            self._sink.media(kind, timestamp, payload)

    def _command(self, command: Command) -> None:
        if self._app is None and command.name != "connect":
            raise ProtocolError("A command comes before connect.")
        match command.name:
            case "connect":
                self._connect(command)
            case "createStream":
                self._send(commands.result(command, None, STREAM))
            case "publish":
                self._publish(command)
            case "play" | "play2":
                self._stream = command.stream
                self._log_refusal("it wants to play")
                self._say_and_close(
                    "It wants to play.", commands.PLAY_FAILED, "This server takes streams and plays none."
                )
            case "FCUnpublish" | "deleteStream" | "closeStream":
                self._stop()
            case "releaseStream" | "FCPublish":
                self._send(commands.result(command, None, None))
            case "_result" | "_error" | "onStatus":
                pass  # answers, to nothing that was asked
            case _ if command.transaction:
                self._send(commands.failure(command, "This server does not know that call."))

    def _connect(self, command: Command) -> None:
        if self._app is not None:
            raise ProtocolError("It connects twice.")
        self._app = command.field(0, "app").partition("?")[0].strip("/")
        self._send(
            messages.control(messages.WINDOW, messages.WINDOW_SIZE),
            messages.peer_bandwidth(messages.WINDOW_SIZE),
            messages.control(messages.SET_CHUNK_SIZE, messages.CHUNK_SIZE),
        )
        self._writer.chunk_size = messages.CHUNK_SIZE
        self._send(commands.connected(command))

    def _publish(self, command: Command) -> None:
        self._stream = command.stream or STREAM
        if self._sink is not None:
            self._log_refusal("it publishes twice")
            self._say_and_close("It published twice.", commands.BAD_NAME, "This connection publishes already.")
            return
        self._hold()
        self._after(self._limits.decision, self._give_up)
        key = command.text(1).partition("?")[0]
        self._task = asyncio.get_running_loop().create_task(self._begin_publishing(self._app or "", key))

    async def _begin_publishing(self, app: str, key: str) -> None:
        try:
            if not key:
                raise Rejected("There is no stream key.")
            sink = await self._handler.publish(self, app, key)
        except Rejected as rejected:
            self._log_refusal(str(rejected))
            self._say_and_close(REJECTED, rejected.code, str(rejected))
        except Exception as problem:  # noqa: BLE001  # a database that is down must not leave the encoder waiting
            log.error("rtmp.desk_failed address=%s error=%s", self.address, described(problem))
            self._give_up()
        else:
            self._begin(sink)

    def _give_up(self) -> None:
        self._log_refusal(FAILED)
        text = "The server cannot look up stream keys now. Try again."
        self._say_and_close(FAILED, commands.PUBLISH_FAILED, text)

    def _begin(self, sink: Sink) -> None:
        self._sink = sink
        if self.end:  # it left while the handler was looking, or was cut
            self._ended()
            return
        self._is_authorized = True
        self._reader.longest = self._limits.message
        self.last_media_at = self._last_bytes_at = monotonic()
        self._send(
            messages.event(messages.STREAM_BEGIN, self._stream),
            commands.status(commands.STATUS, commands.PUBLISHING, "Publishing.", self._stream),
        )
        self._after(self._limits.idle, self._look_for_silence)
        self._go_on()
        self._read_by_ticks()

    def _stop(self) -> None:
        if self._sink is not None:
            text = "Publishing has ended."
            last_words = commands.status(commands.STATUS, commands.UNPUBLISHED, text, self._stream)
            self._close(STOPPED, last_words, leaves_first=True)

    def _say_and_close(self, reason: str, code: str, message: str) -> None:
        self._close(reason, commands.status(commands.ERROR, code, message, self._stream))

    def _look_for_silence(self) -> None:
        silence = 0.0 if self._is_paused else monotonic() - self._last_bytes_at
        if silence >= self._limits.idle:
            self.cut(f"The encoder sent nothing for {self._limits.idle:g} seconds.")
        else:
            self._after(self._limits.idle - silence, self._look_for_silence)
