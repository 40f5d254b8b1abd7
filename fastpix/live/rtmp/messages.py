"""What travels over RTMP, once it is out of its chunks: the message, its kinds, and the small ones of the protocol."""

from __future__ import annotations

import struct
from typing import NamedTuple

from fastpix.errors import FastpixError

# Kinds of messages, RTMP 1.0 sections 5.4 and 7.1; audio, video and data are in `flv`.
SET_CHUNK_SIZE, ABORT, ACKNOWLEDGEMENT, USER_CONTROL, WINDOW, PEER_BANDWIDTH = 1, 2, 3, 4, 5, 6
AMF3_DATA, AMF3_COMMAND, COMMAND = 15, 17, 20

# Events of a user control message, section 7.1.7.
STREAM_BEGIN, STREAM_END, BUFFER_LENGTH, PING, PONG = 0, 1, 3, 6, 7

# Chunk streams we send on. The number 2 is the protocol's own; the others are habit.
CONTROL_CHANNEL, COMMAND_CHANNEL = 2, 3

CHUNK_SIZE = 4096  # what we send in
WINDOW_SIZE = 2_500_000  # bytes until an acknowledgement: what servers commonly ask for


class ProtocolError(FastpixError):
    """The other side does not speak RTMP as it should. The message says how and quotes nothing it sent."""


class Message(NamedTuple):
    """`timestamp` is in ms, modulo 2^32; `stream` is the message stream, 0 for the connection itself."""

    kind: int
    stream: int
    timestamp: int
    payload: bytes


def control(kind: int, value: int) -> Message:
    """A protocol control message that is one number: chunk size, acknowledgement, window."""
    return Message(kind, 0, 0, struct.pack(">I", value & 0xFFFFFFFF))


def peer_bandwidth(value: int) -> Message:
    return Message(PEER_BANDWIDTH, 0, 0, struct.pack(">IB", value, 2))  # 2: dynamic, as everybody sends it


def event(number: int, *values: int) -> Message:
    """A user control message."""
    return Message(USER_CONTROL, 0, 0, struct.pack(f">H{len(values)}I", number, *values))


def number_in(payload: bytes) -> int:
    """The number of a protocol control message. Raises ProtocolError."""
    if len(payload) < 4:
        raise ProtocolError("A control message is too short.")
    return int.from_bytes(payload[:4], "big")


def pong_for(payload: bytes) -> Message | None:
    """The answer to a user control message, if it is a ping. Raises ProtocolError."""
    if len(payload) < 2:
        raise ProtocolError("A user control message is too short.")
    if int.from_bytes(payload[:2], "big") != PING:
        return None
    return event(PONG, number_in(payload[2:]))
