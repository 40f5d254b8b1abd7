"""RTMP's chunks: messages of many channels cut into pieces, put together again and cut.

Source of the format: RTMP 1.0, section 5.3, and its errata (zenomt.github.io/rtmp-errata-addenda).
"""

from __future__ import annotations

import struct

from fastpix.live.rtmp.messages import ABORT, SET_CHUNK_SIZE, Message, ProtocolError, number_in

FIRST_CHUNK_SIZE = 128  # until the sender says otherwise
LARGEST_CHUNK = 1024 * 1024
LONGEST_MESSAGE = 4 * 1024 * 1024
MOST_CHANNELS = 16
MOST_ABORTS = 32  # encoders send none
MOST_EMPTY = 64  # messages without a byte, one after the other: one of them costs its sender a single byte

SHORTEST_RUN = 4  # chunks: fewer are as fast one by one

_EXTENDED = 0xFFFFFF  # a time that does not fit into three bytes stands behind the header
_HEADER_SIZES = (11, 7, 3, 0)  # of chunks of the types 0 to 3, behind the channel's number
_NEW, _SAME_STREAM, _CONTINUED = 0, 1, 3
_TYPE_3 = 0xC0  # the bits of a continuing chunk's first byte
# A type 3 chunk right behind a type 0 chunk begins a message that is later by the first one's own timestamp, says
# RTMP 1.0, and ffmpeg writes it so; to librtmp it is one of the same time. Only the first can be meant by small ones.
_LEAP = 10_000  # ms


class _Channel:
    """A chunk stream: the header that later chunks leave out, and the message under way."""

    __slots__ = ("continuing", "delta", "is_extended", "kind", "length", "missing", "payload", "stream", "timestamp")

    def __init__(self, number: int) -> None:
        # The byte that is all of a continuing chunk's header; -1: this channel's number takes more.
        self.continuing = _TYPE_3 | number if number < 64 else -1
        self.kind = self.stream = self.timestamp = self.delta = self.length = 0
        self.is_extended = False
        self.missing = 0  # bytes; 0: no message is under way
        self.payload = bytearray()


class ChunkReader:
    """Puts messages together from the bytes of one side. Set Chunk Size and Abort are followed here, not handed out.

    `longest` is the most bytes of a message; all that are under way at once may have twice as many together.
    """

    def __init__(self, longest: int = LONGEST_MESSAGE) -> None:
        self.longest = longest
        self._chunk_size = FIRST_CHUNK_SIZE
        self._channels: dict[int, _Channel] = {}
        # The way of most chunks: first byte of a continuing chunk -> its channel, where a byte is all of the header.
        self._under_way: dict[int, _Channel] = {}
        self._channel = _Channel(0)  # of the chunk that is being read
        self._left = 0  # bytes of it that are still to come
        self._header = b""  # the beginning of one that was cut off
        self._announced = 0  # bytes of the messages under way
        self._aborts = self._empty = 0

    def feed(self, data: bytes) -> list[Message]:
        """The messages that these bytes complete. Raises ProtocolError; then there is no going on."""
        if self._header:
            data, self._header = self._header + data, b""
        messages: list[Message] = []
        under_way, channel, left = self._under_way, self._channel, self._left
        place, end = 0, len(data)
        while place < end:
            if not left:
                continued = under_way.get(data[place])
                if continued is None:
                    channel_begun, place = self._read_header(data, place)
                    if channel_begun is None:
                        self._header = data[place:]
                        break
                    channel = channel_begun
                elif taken := self._take_run(continued, data, place):
                    place += taken
                    if not continued.missing:
                        self._finish(continued, messages)
                    continue
                else:
                    channel, place = continued, place + 1
                left = channel.missing if channel.missing < self._chunk_size else self._chunk_size
            if left > end - place:  # the rest of this chunk is yet to come
                channel.payload += data[place:]
                channel.missing -= end - place
                left -= end - place
                break
            after = place + left
            channel.payload += data[place:after]
            channel.missing -= left
            place, left = after, 0
            if not channel.missing:
                self._finish(channel, messages)
        self._channel, self._left = channel, left
        return messages

    def _take_run(self, channel: _Channel, data: bytes, place: int) -> int:
        """Take whole continuing chunks of one channel that follow each other, in few steps. How many bytes they are."""
        size = self._chunk_size
        count = min(channel.missing // size, (len(data) - place) // (size + 1))
        if count < SHORTEST_RUN:
            return 0
        run = bytearray(data[place : place + count * (size + 1)])
        heads = run[:: size + 1]
        same = count - len(heads.lstrip(bytes((channel.continuing,))))
        del run[same * (size + 1) :]
        del run[:: size + 1]
        channel.payload += run
        channel.missing -= same * size
        return same * (size + 1)

    def _read_header(self, data: bytes, place: int) -> tuple[_Channel | None, int]:
        """The channel of the chunk that begins here, and where its payload does; None, unless all of it is there."""
        start, end = place, len(data)
        form, number = data[place] >> 6, data[place] & 0x3F
        place += 1
        if number < 2:  # one or two bytes more
            more = number + 1
            if place + more > end:
                return None, start
            number = 64 + int.from_bytes(data[place : place + more], "little")
            place += more
        channel = self._channels.get(number)
        size = _HEADER_SIZES[form]
        if place + size > end:
            return None, start
        time = int.from_bytes(data[place : place + 3], "big") if size else 0
        is_extended = time == _EXTENDED if size else channel is not None and channel.is_extended
        if is_extended:
            if place + size + 4 > end:
                return None, start
            time = int.from_bytes(data[place + size : place + size + 4], "big")
        channel = channel or self._new_channel(number, form)
        channel.is_extended = is_extended
        if not channel.missing:
            self._begin(channel, form, time, data[place + 3 : place + size])
            if channel.continuing >= 0 and not is_extended and channel.missing > self._chunk_size:
                self._under_way[channel.continuing] = channel
        elif form != _CONTINUED:
            raise ProtocolError("A message begins inside another one.")
        return channel, place + size + 4 * is_extended

    def _new_channel(self, number: int, form: int) -> _Channel:
        # Type 1 leaves out the stream alone; librtmp begins the control channel with it, where that is 0 anyway.
        if form > _SAME_STREAM:
            raise ProtocolError("A channel begins in the middle.")
        if len(self._channels) >= MOST_CHANNELS:
            raise ProtocolError("There are too many channels.")
        return self._channels.setdefault(number, _Channel(number))

    def _begin(self, channel: _Channel, form: int, time: int, fields: bytes) -> None:
        """A message begins; `time` is what the header says, absolute for type 0, else since the message before."""
        if form < 2:
            channel.length, channel.kind = int.from_bytes(fields[:3], "big"), fields[3]
        if form == _NEW:
            channel.stream = int.from_bytes(fields[4:], "little")
            channel.timestamp, channel.delta = time, time if time < _LEAP else 0
        else:
            if form != _CONTINUED:
                channel.delta = time
            channel.timestamp = channel.timestamp + channel.delta & 0xFFFFFFFF
        if channel.length > self.longest:
            raise ProtocolError("A message is too long.")
        channel.missing = channel.length
        self._announced += channel.length
        if self._announced > 2 * self.longest:
            raise ProtocolError("Too many messages are under way.")

    def _finish(self, channel: _Channel, messages: list[Message]) -> None:
        message = Message(channel.kind, channel.stream, channel.timestamp, bytes(channel.payload))
        self._empty = 0 if channel.length else self._empty + 1
        if self._empty > MOST_EMPTY:
            raise ProtocolError("There are too many empty messages.")
        self._forget(channel)
        if message.kind == SET_CHUNK_SIZE:
            self._chunk_size = number_in(message.payload)
            if not 1 <= self._chunk_size <= LARGEST_CHUNK:
                raise ProtocolError("The chunk size is out of bounds.")
        elif message.kind == ABORT:
            self._abort(number_in(message.payload))
        else:
            messages.append(message)

    def _abort(self, number: int) -> None:
        self._aborts += 1
        if self._aborts > MOST_ABORTS:
            raise ProtocolError("There are too many aborted messages.")
        channel = self._channels.get(number)
        if channel is not None and channel.missing:
            self._forget(channel)

    def _forget(self, channel: _Channel) -> None:
        self._under_way.pop(channel.continuing, None)
        channel.payload.clear()
        channel.missing = 0
        self._announced -= channel.length


class ChunkWriter:
    """Cuts messages into chunks. `chunk_size` is in bytes; the other side must have been told before it changes."""

    def __init__(self) -> None:
        self.chunk_size = FIRST_CHUNK_SIZE

    def write(self, message: Message, chunk_stream: int) -> bytes:
        """The chunks of one message, with all of its header: what everybody reads alike. `chunk_stream` is 2 to 63."""
        kind, stream, timestamp, payload = message
        timestamp &= 0xFFFFFFFF
        time = struct.pack(">I", timestamp) if timestamp >= _EXTENDED else b""
        header = struct.pack(">II", chunk_stream << 24 | min(timestamp, _EXTENDED), len(payload) << 8 | kind)
        pieces = [payload[place : place + self.chunk_size] for place in range(0, len(payload), self.chunk_size)]
        between = bytes((_TYPE_3 | chunk_stream,)) + time
        return header + struct.pack("<I", stream) + time + between.join(pieces)
