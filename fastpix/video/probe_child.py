"""The program that looks into a stranger's file with libav, under limits, and prints what it saw as one line of JSON.

`python -I -B probe_child.py PATH FORMATS MAX_STREAMS MAX_PIXELS`. A crash or an endless loop in a demuxer costs this
process and not the worker. It judges nothing: `fastpix.video.probe` does. Imports nothing of fastpix.
"""

from __future__ import annotations

import json
import sys
import time
from io import FileIO
from typing import Any

import av
import av.logging
from av.container import InputContainer
from av.stream import Disposition

SCAN_SECONDS = 8.0
PACKETS_TO_FIRST_PICTURE = 600
# Pictures that come along: a cover, previews on a timeline, the still of a live photo.
NOT_VIDEO = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
# Their headers guess the length from the bit rate or do not know it; the packets tell.
GUESSING = {"mp3", "aac", "mpegts"}


def main(path: str, formats: str, max_streams: str, max_pixels: str) -> dict[str, Any]:
    """What is in the file, or {"error": libav's name of the error, "log": its words}."""
    options = {
        "protocol_whitelist": "",
        "format_whitelist": formats,
        "max_streams": max_streams,
        "probesize": "20000000",
        "analyzeduration": "20000000",
    }
    av.logging.set_level(av.logging.ERROR)
    with av.logging.Capture() as log:
        try:
            # The open file, and a name of ours: a name's ending would take part in guessing the format.
            with FileIO(path) as file:
                file.name = "source"
                with av.open(file, "r", options=options) as container:
                    return look(container, int(max_pixels))
        except (av.FFmpegError, MemoryError, ValueError) as problem:
            return {"error": type(problem).__name__, "log": " ".join(words for _, _, words in log)[-2000:]}


def look(container: InputContainer, max_pixels: int) -> dict[str, Any]:
    streams = list(container.streams)
    video = next((s for s in streams if s.type == "video" and not s.disposition & NOT_VIDEO), None)
    audio = [s for s in streams if s.type == "audio"]
    found: dict[str, Any] = {
        "container": container.format.name,
        "size": container.size,
        "duration": container.duration / av.time_base if container.duration else None,
        "streams": len(streams),
        "video": _video(video) if video else None,
        "audio": [_audio(stream) for stream in audio if stream.codec_context],
    }
    # Decoding an enormous picture is what such a file is sent for.
    is_small_enough = bool(found["video"] and _pixels(found["video"]) <= max_pixels)
    is_whole = _read_index(video, found) if video else False
    wanted = [s for s in (video, *audio) if s is not None and s.codec_context]
    if wanted and (is_small_enough or not video):
        is_known = found["duration"] and found["container"] not in GUESSING
        _read_packets(container, wanted, video, found, to_the_end=not is_known or bool(video and not is_whole))
    return found


def _pixels(video: dict[str, Any]) -> int:
    return int(video.get("width", 0) * video.get("height", 0))


def _video(stream: Any) -> dict[str, Any]:
    context = stream.codec_context
    if context is None:
        return {"index": stream.index, "codec": None}
    ratio = stream.sample_aspect_ratio or context.sample_aspect_ratio
    return {
        "index": stream.index,
        "codec": context.codec.canonical_name,
        "profile": context.profile,
        "level": context.level,
        "pixel_format": context.pix_fmt,
        "width": context.width,
        "height": context.height,
        "frame_rate": float(stream.average_rate or stream.guessed_rate or 0),
        "pixel_aspect": float(ratio or 1) or 1.0,
        "is_interlaced": context.field_order > 1,  # AV_FIELD_PROGRESSIVE is 1, 0 is unknown
        "bit_rate": stream.bit_rate,
    }


def _audio(stream: Any) -> dict[str, Any]:
    context = stream.codec_context
    return {
        "index": stream.index,
        "codec": context.codec.canonical_name,
        "profile": context.profile,
        "channels": context.channels,
        "sample_rate": context.sample_rate,
        "language": stream.metadata.get("language"),
        "title": stream.metadata.get("title"),
    }


def _read_index(stream: Any, found: dict[str, Any]) -> bool:
    """Longest group of pictures and the end of the data, from the container's own index. False: it is not whole."""
    if not found["container"].startswith(("mov", "avi")) or not len(stream.index_entries):
        return False
    unit, keys, missing, last = float(stream.time_base), [], [], 0
    for entry in stream.index_entries:
        last = max(last, entry.timestamp)
        if entry.is_keyframe:
            keys.append(entry.timestamp * unit)
        if entry.pos + entry.size > found["size"]:
            missing.append(entry.timestamp * unit)
    found["missing_from"] = min(missing, default=None)
    if not keys or last * unit < (found["duration"] or 0) - 2:
        return False
    found["longest_gop"] = _longest(keys, last * unit)
    return True


def _longest(keys: list[float], end: float) -> float:
    keys = sorted(keys)
    return max(after - before for before, after in zip(keys, [*keys[1:], max(end, keys[-1])], strict=True))


def _read_packets(
    container: InputContainer, wanted: list[Any], video: Any, found: dict[str, Any], *, to_the_end: bool
) -> None:
    """Decode the first picture; `to_the_end` also notes lengths and keyframes of all packets, if time allows."""
    keys: list[float] = []
    spans: dict[int, tuple[float, float]] = {}
    pictures, is_seen, until = 0, video is None, time.monotonic() + SCAN_SECONDS
    for packet in container.demux(wanted):
        is_picture = packet.stream is video
        if packet.size and packet.has_sidedata("encryption_info"):
            found["is_encrypted"] = True
            return
        at = packet.pts if packet.pts is not None else packet.dts
        if at is not None:
            begin, unit = float(at * packet.time_base), float(packet.time_base)
            low, high = spans.get(packet.stream.index, (begin, begin))
            spans[packet.stream.index] = (min(low, begin), max(high, begin + (packet.duration or 0) * unit))
            if is_picture and packet.is_keyframe:
                keys.append(begin)
        pictures += is_picture and packet.size > 0
        if is_picture and not is_seen:
            is_seen = _decode(packet, found)
            if not is_seen and pictures > PACKETS_TO_FIRST_PICTURE:
                break
        if (is_seen and not to_the_end) or time.monotonic() > until:
            break
    else:
        _note_whole(found, video, keys, spans, pictures)


def _note_whole(
    found: dict[str, Any], video: Any, keys: list[float], spans: dict[int, tuple[float, float]], pictures: int
) -> None:
    """All packets were seen: what they say is true, whatever the header says."""
    if spans:
        found["measured_duration"] = max(high for _, high in spans.values()) - min(low for low, _ in spans.values())
    if video and keys and video.index in spans:
        low, high = spans[video.index]
        found["longest_gop"] = _longest(keys, high)
        found["measured_frame_rate"] = pictures / (high - low) if high > low else None


def _decode(packet: Any, found: dict[str, Any]) -> bool:
    try:
        frames = packet.decode()
    except av.FFmpegError:  # damaged, or begins in the middle; the next may do
        return False
    if not frames:
        return False
    frame = frames[0]
    found["picture"] = {
        "rotation": frame.rotation,
        "is_interlaced": frame.interlaced_frame,
        "transfer": int(frame.color_trc),
        "pixel_format": frame.format.name,
    }
    return True


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))  # noqa: T201  # its answer goes to the parent by standard output
