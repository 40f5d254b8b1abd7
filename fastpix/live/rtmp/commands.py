"""RTMP's commands: calls by name, their answers, and what a stream is told about itself."""

from __future__ import annotations

from typing import NamedTuple

from fastpix.live.rtmp import amf
from fastpix.live.rtmp.flv import DATA
from fastpix.live.rtmp.messages import AMF3_COMMAND, AMF3_DATA, COMMAND, Message, ProtocolError

STATUS, ERROR = "status", "error"
CONNECTED = "NetConnection.Connect.Success"
CALL_FAILED = "NetConnection.Call.Failed"
PUBLISHING, UNPUBLISHED = "NetStream.Publish.Start", "NetStream.Unpublish.Success"
PLAYING = "NetStream.Play.Start"
BAD_NAME, REJECTED, PUBLISH_FAILED = (
    "NetStream.Publish.BadName",
    "NetStream.Publish.Rejected",
    "NetStream.Publish.Failed",
)
PLAY_FAILED = "NetStream.Play.Failed"

_SET_DATA_FRAME = amf.encode("@setDataFrame")  # how an encoder says: keep these data for who comes later
_METADATA = amf.encode("onMetaData")
_STRING = amf.encode("")[:1]


class Command(NamedTuple):
    """`transaction` is 0 where no answer is wanted; `arguments` begin with the command object."""

    name: str
    transaction: float
    arguments: list[object]
    stream: int

    def text(self, place: int) -> str:
        """The argument at `place`, "" unless it is a text."""
        argument = self.arguments[place] if place < len(self.arguments) else None
        return argument if isinstance(argument, str) else ""

    def field(self, place: int, name: str) -> str:
        """The text called `name` in the object at `place`; "" unless there is one."""
        argument = self.arguments[place] if place < len(self.arguments) else None
        value = argument.get(name) if isinstance(argument, dict) else None
        return value if isinstance(value, str) else ""


def read(message: Message) -> Command:
    """Raises ProtocolError."""
    values = amf.decode(message.payload[1:] if message.kind == AMF3_COMMAND else message.payload)
    if not values or not isinstance(values[0], str):
        raise ProtocolError("A command has no name.")
    number = values[1] if len(values) > 1 else None
    return Command(values[0], number if isinstance(number, float) else 0.0, values[2:], message.stream)


def call(name: str, transaction: float, *arguments: object, stream: int = 0) -> Message:
    return Message(COMMAND, stream, 0, amf.encode(name, transaction, *arguments))


def result(of: Command, *values: object) -> Message:
    return Message(COMMAND, of.stream, 0, amf.encode("_result", of.transaction, *values))


def connected(of: Command) -> Message:
    """The answer to connect. The version is what encoders expect of a server that knows H.264."""
    information = {"level": STATUS, "code": CONNECTED, "description": "Connected.", "objectEncoding": 0}
    return result(of, {"fmsVer": "FMS/3,0,1,123", "capabilities": 31}, information)


def failure(of: Command, description: str) -> Message:
    information = {"level": ERROR, "code": CALL_FAILED, "description": description}
    return Message(COMMAND, of.stream, 0, amf.encode("_error", of.transaction, None, information))


def status(level: str, code: str, description: str, stream: int) -> Message:
    """What happened to a stream."""
    information = {"level": level, "code": code, "description": description}
    return call("onStatus", 0, None, information, stream=stream)


def script_of(message: Message) -> bytes:
    """What an FLV script tag carries of a data message, beginning with a name such as onMetaData; b"": nothing."""
    payload = message.payload[1:] if message.kind == AMF3_DATA else message.payload
    payload = payload.removeprefix(_SET_DATA_FRAME)
    is_order = payload[3:4] in (b"@", b"|")  # to the other side alone: @clearDataFrame, |RtmpSampleAccess
    return payload if payload.startswith(_STRING) and not is_order else b""


def data_of(script: bytes, timestamp: int, stream: int) -> Message:
    """The data message that publishes what an FLV script tag carries."""
    prefix = _SET_DATA_FRAME if script.startswith(_METADATA) else b""
    return Message(DATA, stream, timestamp, prefix + script)
