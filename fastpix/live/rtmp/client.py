"""RTMP, the client's side: publishes to other servers, and plays from our own engine."""

from __future__ import annotations

import asyncio
import re
import ssl as tls
from collections import deque
from collections.abc import AsyncGenerator

from fastpix.errors import FastpixError
from fastpix.live.rtmp import commands, flv, messages
from fastpix.live.rtmp.chunks import ChunkReader, ChunkWriter
from fastpix.live.rtmp.commands import Command
from fastpix.live.rtmp.handshake import SIZE, VERSION, opening_packets
from fastpix.live.rtmp.messages import Message, ProtocolError

READ_SIZE = 64 * 1024
# Bytes. A server that asks without reading the answers would fill our memory.
MOST_UNREAD = 4 << 20
GOODBYE = 2.0  # seconds that closing may take
SHORTEST_SECRET = 4  # characters: less is found in any text
LONGEST_DESCRIPTION = 200  # characters of a server's words
AUDIO_CHANNEL, DATA_CHANNEL, VIDEO_CHANNEL = 4, 5, 6
BUFFER = 3000  # ms: what a player says it keeps

_CHANNELS = {flv.AUDIO: AUDIO_CHANNEL, flv.DATA: DATA_CHANNEL, flv.VIDEO: VIDEO_CHANNEL}
# Both as librtmp says it: servers have been seen to refuse who leaves one out.
_ABOUT_US = {"type": "nonprivate", "flashVer": "FMLE/3.0 (compatible; fastpix)"}
_PLAYER = {"fpad": False, "capabilities": 15, "audioCodecs": 4071, "videoCodecs": 252, "videoFunction": 1}
_ENDS_OF_PLAY = ("NetStream.Play.Stop", "NetStream.Play.Complete", "NetStream.Play.UnpublishNotify")
_NO_REASON = "The server refused without saying why."
_CLOSED = "The server closed the connection without saying why."


class ServerRefused(FastpixError):
    """The server turned us away. The message is its own description, or says that it gave none."""


class Client:
    """One connection to a server, which publishes or plays one stream.

    All methods that wait raise OSError when the connection breaks (TimeoutError is one), ProtocolError when the server
    does not speak RTMP, and ServerRefused when it refuses. One task at a time may wait for the server's messages.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
        self._from_server, self._to_server = reader, writer
        self._seconds = seconds  # that an answer may take
        self._reader, self._writer = ChunkReader(), ChunkWriter()
        self._inbox: deque[Message] = deque()
        self._received = self._acknowledged = 0
        self._window = messages.WINDOW_SIZE
        self._transactions = 0
        self._stream = 0  # 0: there is none
        self._is_publishing = False
        self._secret = ""  # is never repeated, whatever the server says

    @classmethod
    async def connect(
        cls,
        host: str,
        port: int,
        *,
        tc_url: str,
        app: str,
        ssl: tls.SSLContext | None = None,
        server_hostname: str | None = None,
        timeout: float = 10.0,
    ) -> Client:
        """Connect to exactly `host`, which may be an address, within `timeout` seconds; later answers may take as long.

        `tc_url` is the server's URL up to the application, as the server is to see it.
        """
        async with asyncio.timeout(timeout):
            name = server_hostname if ssl else None
            streams = await asyncio.open_connection(host, port, ssl=ssl, server_hostname=name)
            client = cls(*streams, timeout)
            try:
                await client._handshake()
                await client._connect_application(app, tc_url)
            except BaseException:
                client._to_server.transport.abort()
                raise
        return client

    async def publish(self, key: str) -> None:
        """Begin to publish; then `send`."""
        self._secret = key
        async with asyncio.timeout(self._seconds):
            for name in ("releaseStream", "FCPublish"):
                self._call(name, None, key)
            await self._create_stream()
            number = self._call("publish", None, key, "live", stream=self._stream)
            await self._answer(number, commands.PUBLISHING)
        self._is_publishing = True

    async def play(self, name: str) -> AsyncGenerator[Message, None]:
        """The stream's audio, video and data as they come, until the server says that it has ended, or closes.

        When this returns, the server has said that it gives out all that comes from now on, also of a stream that is not
        published yet.
        """
        self._secret = name
        async with asyncio.timeout(self._seconds):
            await self._create_stream()
            self._send_control(messages.event(messages.BUFFER_LENGTH, self._stream, BUFFER))
            number = self._call("play", None, name, -2000, stream=self._stream)  # -2000: live, else recorded
            await self._answer(number, commands.PLAYING)
        return self._played()

    async def _played(self) -> AsyncGenerator[Message, None]:
        while (message := await self._next()) is not None:
            if message.kind in (flv.AUDIO, flv.VIDEO):
                yield message
            elif message.kind in (flv.DATA, messages.AMF3_DATA):
                if script := commands.script_of(message):
                    yield message._replace(kind=flv.DATA, payload=script)
            elif self._has_ended(message):
                return

    def send(self, kind: int, timestamp: int, payload: bytes) -> None:
        """Write the content of one FLV tag; after `publish`. Raises OSError if the connection is gone."""
        if self._to_server.transport.is_closing():
            raise ConnectionResetError("The connection is closed.")
        if kind == flv.DATA:
            message = commands.data_of(payload, timestamp, self._stream)
        else:
            message = Message(kind, self._stream, timestamp, payload)
        self._to_server.write(self._writer.write(message, _CHANNELS[kind]))

    @property
    def waiting(self) -> int:
        """Bytes that were sent and are still here."""
        return self._to_server.transport.get_write_buffer_size()

    async def drain(self) -> None:
        """Wait until little is waiting."""
        await self._to_server.drain()

    async def read_until_closed(self) -> None:
        """Answer what the server asks while we publish, until it closes."""
        while (message := await self._next()) is not None:
            self._command(message)

    async def close(self) -> None:
        """Say that the stream has ended, and close. What cannot be sent in two seconds is thrown away."""
        try:
            async with asyncio.timeout(GOODBYE):
                if self._is_publishing and not self._to_server.transport.is_closing():
                    self._call("FCUnpublish", None, self._secret)
                    self._call("deleteStream", None, self._stream)
                self._to_server.close()
                await self._to_server.wait_closed()
        except OSError:
            # Not after a good end: Python 3.11 fails on a transport that closed with something still to send.
            self._to_server.transport.abort()

    async def _handshake(self) -> None:
        self._to_server.write(opening_packets())
        try:
            if (await self._from_server.readexactly(1))[0] != VERSION:
                raise ProtocolError("The server does not speak RTMP.")
            server_packet = await self._from_server.readexactly(SIZE)
            self._to_server.write(server_packet)
            await self._from_server.readexactly(SIZE)
        except asyncio.IncompleteReadError as problem:
            raise ConnectionResetError("The server closed the connection in the handshake.") from problem

    async def _connect_application(self, app: str, tc_url: str) -> None:
        self._send_control(messages.control(messages.SET_CHUNK_SIZE, messages.CHUNK_SIZE))
        self._writer.chunk_size = messages.CHUNK_SIZE
        number = self._call("connect", {"app": app, "tcUrl": tc_url, **_ABOUT_US, **_PLAYER, "objectEncoding": 0})
        await self._answer(number)

    async def _create_stream(self) -> None:
        number = self._call("createStream", None)
        answer = await self._answer(number)
        stream = answer.arguments[1] if len(answer.arguments) > 1 else None
        if not isinstance(stream, float) or not 1 <= stream <= 0xFFFFFF:
            raise ProtocolError("The server gave no stream.")
        self._stream = int(stream)

    def _send_control(self, message: Message) -> None:
        if self.waiting > MOST_UNREAD:
            raise ProtocolError("The other server does not read what it is sent.")
        self._to_server.write(self._writer.write(message, messages.CONTROL_CHANNEL))

    def _call(self, name: str, *arguments: object, stream: int = 0) -> int:
        """Call something on the server; the number that its answer will have."""
        self._transactions += 1
        message = commands.call(name, self._transactions, *arguments, stream=stream)
        self._to_server.write(self._writer.write(message, messages.COMMAND_CHANNEL))
        return self._transactions

    async def _answer(self, number: int, code: str = "") -> Command:
        """The answer to the call with that number, or with a `code` the news of it about the stream.

        Raises ServerRefused if the server refuses, or closes instead.
        """
        while (message := await self._next()) is not None:
            command = self._command(message, number)
            if command is None:
                continue
            if (
                command.field(1, "code") == code
                if code
                else command.name == "_result" and command.transaction == number
            ):
                return command
        raise ServerRefused(_CLOSED)

    async def _next(self) -> Message | None:
        """The next message that is not the protocol's own; None when the server has closed."""
        while not self._inbox:
            data = await self._from_server.read(READ_SIZE)
            if not data:
                return None
            self._received += len(data)
            for message in self._reader.feed(data):
                self._take(message)
            if self._received - self._acknowledged >= self._window // 2:
                self._acknowledged = self._received
                self._send_control(messages.control(messages.ACKNOWLEDGEMENT, self._received))
        return self._inbox.popleft()

    def _take(self, message: Message) -> None:
        if message.kind == messages.WINDOW:
            self._window = messages.number_in(message.payload)
        elif message.kind == messages.USER_CONTROL and (pong := messages.pong_for(message.payload)):
            self._send_control(pong)
        else:
            self._inbox.append(message)

    def _command(self, message: Message, number: int = 0) -> Command | None:
        """The command in a message, if it is one. Raises ServerRefused if it refuses the stream, or the call of that number."""
        if message.kind not in (messages.COMMAND, messages.AMF3_COMMAND):
            return None
        command = commands.read(message)
        is_bad_news = command.name == "onStatus" and command.field(1, "level") == commands.ERROR
        # Servers refuse calls that are mere habit, such as releaseStream, and mean nothing by it.
        if is_bad_news or (number and command.name == "_error" and command.transaction == number):
            raise ServerRefused(self._quote(command.field(1, "description") or command.field(1, "code")) or _NO_REASON)
        return command

    def _has_ended(self, message: Message) -> bool:
        """Whether this says that the stream we play is over. Raises ServerRefused."""
        if message.kind == messages.USER_CONTROL:
            return message.payload[:2] == bytes((0, messages.STREAM_END))
        command = self._command(message)
        return command is not None and command.field(1, "code") in _ENDS_OF_PLAY

    def _quote(self, text: str) -> str:
        """A server's words, on one line, without the key if they have it."""
        for secret in (self._secret, *re.split(r"[?&=/]", self._secret)):
            if len(secret) >= SHORTEST_SECRET:
                text = text.replace(secret, "…")
        return "".join(filter(str.isprintable, text)).strip()[:LONGEST_DESCRIPTION]
