"""The program that copies a stranger's AAC out of its file so that it fits the picture: silence where it lacks, nothing encoded.

`python -I -B sound_child.py SOURCE INDEX TO BEGIN END FORMATS`, run by `fastpix.video.sound` under limits. Writes ADTS, whose
frames have no times but their number; prints as JSON when the first one is to be heard, in seconds of the source.
"""

from __future__ import annotations

import json
import sys
from io import FileIO
from pathlib import Path
from typing import Any

import av

# A frame of silence, of one and of two channels (ISO/IEC 14496-3, 4.4.2).
SILENCE = {1: bytes.fromhex("00c800802380"), 2: bytes.fromhex("210049900219002380")}
RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
SAMPLES, LOW_COMPLEXITY, HEAD = 1024, 1, 7


def main(source: str, index: str, to: str, begin: str, end: str, formats: str) -> dict[str, Any]:
    options = {"protocol_whitelist": "", "format_whitelist": formats, "probesize": "20000000", "max_streams": "33"}
    with FileIO(source) as file, Path(to).open("wb") as written:
        file.name = "source"
        with av.open(file, "r", options=options) as container:
            return {"begin": copy(container, container.streams[int(index)], written, float(begin), float(end))}


def copy(container: Any, stream: Any, written: Any, begin: float, end: float) -> float:
    """Write the stream from about `begin` to `end`; when what is written begins."""
    rate, channels = stream.codec_context.sample_rate, stream.codec_context.channels
    frame, unit = SAMPLES / rate, float(stream.time_base)
    silence = framed(SILENCE[channels], rate, channels)
    first, count = None, 0
    for packet in container.demux(stream):
        at = packet.pts if packet.pts is not None else packet.dts
        if not packet.size or at is None:
            continue
        if first is None:
            first = at * unit - max(0, round((at * unit - begin) / frame)) * frame
        lacking = round((at * unit - first) / frame) - count
        if lacking < 0:  # what is said twice is heard once
            continue
        written.write(silence * lacking)
        written.write(framed(bare(bytes(packet)), rate, channels))
        count += lacking + 1
    first = begin if first is None else first
    written.write(silence * max(0, round((end - first) / frame) - count))
    return first


def bare(packet: bytes) -> bytes:
    """The frame without the header that it has in a transport stream."""
    if len(packet) > HEAD and packet[0] == 0xFF and packet[1] & 0xF6 == 0xF0:
        return packet[HEAD if packet[1] & 1 else HEAD + 2 :]
    return packet


def framed(raw: bytes, rate: int, channels: int) -> bytes:
    """The frame with an ADTS header (ISO/IEC 14496-3, 1.A.2)."""
    length = len(raw) + HEAD
    head = 0xFFF1 << 40 | LOW_COMPLEXITY << 38 | RATES.index(rate) << 34 | channels << 30 | length << 13 | 0x7FF << 2
    return head.to_bytes(HEAD, "big") + raw


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))  # noqa: T201  # its answer goes to the parent by standard output
