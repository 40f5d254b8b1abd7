"""FLV: the few bytes around audio and video, and what their first bytes say about them.

Source of the formats: Adobe's Flash Video File Format 10.1, annex E; Enhanced RTMP v2 (veovera.org) for the four-letter
names of newer codecs.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from fastpix.live.rtmp import amf
from fastpix.live.rtmp.messages import ProtocolError

AUDIO, VIDEO, DATA = 8, 9, 18  # kinds of tags, and the same numbers are the kinds of RTMP messages


_VIDEO_CODECS = {2: "flv1", 3: "flashsv", 4: "vp6", 5: "vp6a", 6: "flashsv2", 7: "h264", 12: "hevc", 13: "av1"}
_AUDIO_CODECS = {
    0: "pcm", 1: "adpcm", 2: "mp3", 3: "pcm", 4: "nellymoser", 5: "nellymoser", 6: "nellymoser", 7: "pcm_alaw",
    8: "pcm_mulaw", 10: "aac", 11: "speex", 14: "mp3",
}  # fmt: skip
_FOUR_LETTERS = {
    b"avc1": "h264", b"hvc1": "hevc", b"hev1": "hevc", b"vvc1": "vvc", b"av01": "av1", b"vp08": "vp8", b"vp09": "vp9",
    b"mp4a": "aac", b".mp3": "mp3", b"Opus": "opus", b"fLaC": "flac", b"ac-3": "ac3", b"ec-3": "eac3",
}  # fmt: skip
UNKNOWN = "unknown"

ENHANCED_AUDIO = 9  # the sound format that says: four letters follow
_SEQUENCE_START, _MULTITRACK_AUDIO, _MULTITRACK_VIDEO = 0, 5, 6  # packet types of Enhanced RTMP
_PICTURES = (1, 3)  # coded frames, with and without a composition time
_KEYFRAME, _H264 = 1, 7


def header(kinds: Iterable[int] = (AUDIO, VIDEO)) -> bytes:
    """What a file begins with: version 1, what of audio and video there is, nine bytes; the size of no tag before."""
    flags = sum({AUDIO: 4, VIDEO: 1}[kind] for kind in kinds)
    return b"FLV\x01" + bytes((flags,)) + b"\x00\x00\x00\x09" + bytes(4)


def tag(kind: int, timestamp: int, payload: bytes) -> bytes:
    """One tag and the size that follows it. `timestamp` is in ms, modulo 2^32; `payload` is under 16 MiB."""
    size = len(payload)
    # Three bytes of time, and above them, in a byte of their own behind them, the highest eight bits.
    time = (timestamp & 0xFFFFFF) << 8 | timestamp >> 24 & 0xFF
    return struct.pack(">II3x", kind << 24 | size, time) + payload + struct.pack(">I", size + 11)


def h264_config(record: bytes) -> bytes:
    """The payload that says what begins a picture: an AVCDecoderConfigurationRecord."""
    return b"\x17\x00\x00\x00\x00" + record


def h264_picture(data: bytes, delay: int, is_keyframe: bool) -> bytes:
    """The payload of a picture. `delay` is in ms, from decoding to showing."""
    return (b"\x17\x01" if is_keyframe else b"\x27\x01") + struct.pack(">i", delay)[1:] + data


def aac_config(config: bytes) -> bytes:
    """The payload that says what begins the sound: an AudioSpecificConfig."""
    return b"\xaf\x00" + config


def aac_frame(data: bytes) -> bytes:
    """The payload of a frame of sound."""
    return b"\xaf\x01" + data


def picture_in(payload: bytes) -> tuple[memoryview, int, bool] | None:
    """A picture's data, its delay in ms from decoding to showing, and whether it is a keyframe; None for what is none."""
    if len(payload) < 2:
        return None
    first, kind = payload[0], payload[1]
    begin, is_picture, is_key = 5, kind == 1, first >> 4 == _KEYFRAME
    if first & 0x80:
        kind = first & 0x0F
        begin, is_picture, is_key = (8 if kind == 1 else 5), kind in _PICTURES, first >> 4 & 0x07 == _KEYFRAME
    if not is_picture or len(payload) <= begin:
        return None
    delay = int.from_bytes(payload[begin - 3 : begin], "big", signed=True) if kind == 1 else 0
    return memoryview(payload)[begin:], delay, is_key


def sound_in(payload: bytes) -> memoryview | None:
    """The data of a frame of sound; None for what is none."""
    begin = 5 if payload[0] >> 4 == ENHANCED_AUDIO else 2
    is_frame = payload[0] & 0x0F == 1 if begin == 5 else payload[1:2] == b"\x01"
    return memoryview(payload)[begin:] if is_frame and len(payload) > begin else None


def is_keyframe(payload: bytes) -> bool:
    """Whether a video payload is a picture that needs no other. A codec's configuration is no picture, nor is H.264's end."""
    if len(payload) < 2:
        return False
    first = payload[0]
    if first & 0x80:
        return first >> 4 & 0x07 == _KEYFRAME and first & 0x0F in _PICTURES
    return first >> 4 == _KEYFRAME and (first & 0x0F != _H264 or payload[1] == 1)


def is_video_config(payload: bytes) -> bool:
    """Whether a video payload is the configuration of H.264 (what FLV calls the AVC sequence header)."""
    if len(payload) < 2 or video_codec(payload) != "h264":
        return False
    if payload[0] & 0x80:
        return payload[0] & 0x0F == _SEQUENCE_START
    return payload[1] == 0


def is_audio_config(payload: bytes) -> bool:
    """Whether an audio payload is the configuration of AAC (what FLV calls the AAC sequence header)."""
    if len(payload) < 2 or audio_codec(payload) != "aac":
        return False
    if payload[0] >> 4 == ENHANCED_AUDIO:
        return payload[0] & 0x0F == _SEQUENCE_START
    return payload[1] == 0


def video_codec(payload: bytes) -> str:
    """The codec's name, such as "h264" or "hevc"; "unknown" if the payload does not say."""
    if not payload:
        return UNKNOWN
    first = payload[0]
    if first & 0x80:
        return _four_letters(payload, is_multitrack=first & 0x0F == _MULTITRACK_VIDEO)
    return _VIDEO_CODECS.get(first & 0x0F, UNKNOWN)


def announced_video_codec(script: bytes) -> str:
    """The video codec that a script (onMetaData) announces: "unknown" if it announces none, or cannot be read."""
    try:
        name, *values = amf.decode(script)
    except (ProtocolError, ValueError):
        return UNKNOWN
    told = next((each for each in values if isinstance(each, dict)), {}) if name == "onMetaData" else {}
    codec = told.get("videocodecid")
    if isinstance(codec, float) and 0 <= codec < 1 << 32:
        number = int(codec)
        return _VIDEO_CODECS.get(number) or _FOUR_LETTERS.get(number.to_bytes(4, "big"), UNKNOWN)
    return _FOUR_LETTERS.get(codec.encode(), UNKNOWN) if isinstance(codec, str) else UNKNOWN


def audio_codec(payload: bytes) -> str:
    """The codec's name, such as "aac" or "mp3"; "unknown" if the payload does not say."""
    if not payload:
        return UNKNOWN
    first = payload[0]
    if first >> 4 == ENHANCED_AUDIO:
        return _four_letters(payload, is_multitrack=first & 0x0F == _MULTITRACK_AUDIO)
    return _AUDIO_CODECS.get(first >> 4, UNKNOWN)


def _four_letters(payload: bytes, *, is_multitrack: bool) -> str:
    start = 2 if is_multitrack else 1  # a byte says how the tracks are packed
    return _FOUR_LETTERS.get(payload[start : start + 4], UNKNOWN)
