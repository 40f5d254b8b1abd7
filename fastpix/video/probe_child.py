"""The program that looks into a stranger's file with libav, under limits, and prints what it saw as one line of JSON.

`python -I -B probe_child.py PATH FORMATS MAX_STREAMS MAX_PIXELS`. A crash or an endless loop in a demuxer costs this
process and not the worker. It judges nothing: `fastpix.video.probe` does. Of fastpix it imports its other half alone.
"""

from __future__ import annotations

import json
import sys
import time
from io import FileIO
from pathlib import Path
from typing import Any

import av
import av.logging
from av.container import InputContainer
from av.stream import Disposition

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # it is started as a file, and by itself
from fastpix.video.probe_clock import Clock, has_fragments, has_several_setups
from fastpix.video.probe_ends import is_cut_off
from fastpix.video.probe_spans import Spans, burst_rate, longest_gap

SCAN_SECONDS = 8.0
PACKETS_TO_FIRST_PICTURE = 600
# Pictures that come along: a cover, previews on a timeline, the still of a live photo.
NOT_VIDEO = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
# Their headers guess the length from the bit rate or do not know it; the packets tell.
GUESSING = {"mp3", "aac", "ac3", "eac3", "amr", "mpegts", "mpeg"}
# Fonts and the like, which come along with films, are no tracks.
TRACKS = ("video", "audio", "subtitle")


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
                    return look(container, file, int(max_pixels))
        except (av.FFmpegError, MemoryError, ValueError) as problem:
            return {"error": type(problem).__name__, "log": " ".join(words for _, _, words in log)[-2000:]}


def look(container: InputContainer, file: FileIO, max_pixels: int) -> dict[str, Any]:
    streams = list(container.streams)
    video = next((s for s in streams if s.type == "video" and not s.disposition & NOT_VIDEO), None)
    audio = [s for s in streams if s.type == "audio"]
    is_mp4 = container.format.name.startswith("mov")
    found: dict[str, Any] = {
        "container": container.format.name,
        "size": container.size,
        "duration": container.duration / av.time_base if container.duration else None,
        "declared_duration": _declared(container, video),
        "streams": sum(s.type in TRACKS and not s.disposition & NOT_VIDEO for s in streams),
        "subtitles": [s.metadata.get("language") or "und" for s in streams if s.type == "subtitle"],
        "begin": container.start_time / av.time_base if container.start_time is not None else 0.0,
        "clocks": {},
        "has_several_setups": is_mp4 and has_several_setups(file, container.size),
        "is_cut_off": is_cut_off(container.format.name, file, container.size),
        "is_fragmented": is_mp4 and has_fragments(file, container.size),
        "video": _video(video) if video else None,
        "audio": [_audio(stream) for stream in audio if stream.codec_context],
    }
    # Decoding an enormous picture is what such a file is sent for.
    is_small_enough = bool(found["video"] and _pixels(found["video"]) <= max_pixels)
    is_whole = _read_index(video, found) if video else False
    wanted = [s for s in (video, *audio) if s is not None and s.codec_context]
    clocks = {s.index: Clock(s) for s in wanted}
    if is_whole:
        place = file.tell()
        for clock in clocks.values():
            clock.read_index(file)
        file.seek(place)
    elif not video:
        for clock in clocks.values():
            clock.count_hidden()
    if wanted and (is_small_enough or not video):
        is_known = found["duration"] and found["container"] not in GUESSING
        to_the_end = not is_known or bool(video and not is_whole)
        _read_packets(container, wanted, video, found, clocks if to_the_end else {}, to_the_end=to_the_end)
    found["clocks"] = {index: clock.told() for index, clock in clocks.items()}
    return found


def _declared(container: InputContainer, video: Any) -> float | None:
    """How long an AVI says that it plays: of one without its index, which is at its end, libav guesses that by its size."""
    if container.format.name != "avi" or video is None or not video.time_base:
        return None
    return float(video.frames * video.time_base) or None


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
        "has_b_frames": bool(context.has_b_frames),
        "is_interlaced": context.field_order > 1,  # AV_FIELD_PROGRESSIVE is 1, 0 is unknown
        "bit_rate": stream.bit_rate,
        "declared": _colours(context),  # by the container: decoding writes over it
    }


def _colours(of: Any) -> dict[str, int]:
    """What a stream, before it is decoded, or a frame says of its colours: numbers of H.273, and libav's of the range."""
    return {
        "transfer": int(of.color_trc),
        "primaries": int(of.color_primaries),
        "matrix": int(of.colorspace),
        "range": int(of.color_range),
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
        "is_default": bool(stream.disposition & Disposition.default),
    }


def _read_index(stream: Any, found: dict[str, Any]) -> bool:
    """Longest group of pictures and the end of the data, from the container's own index. False: it is not whole."""
    if not found["container"].startswith(("mov", "avi")) or not len(stream.index_entries):
        return False
    unit, keys, missing, last = float(stream.time_base), [], [], 0
    stamps = []
    for entry in stream.index_entries:
        last = max(last, entry.timestamp)
        stamps.append(entry.timestamp * unit)
        if entry.is_keyframe:
            keys.append(entry.timestamp * unit)
        if entry.pos + entry.size > found["size"]:
            missing.append(entry.timestamp * unit)
    found["missing_from"] = min(missing, default=None)
    found["burst_rate"] = burst_rate(stamps)
    if missing and found["is_fragmented"]:
        return False  # each fragment says what is in it: what is there can be read
    if not keys or last * unit < (found["duration"] or 0) - 2:
        return False
    found["longest_gop"] = longest_gap(keys, last * unit)
    return True


def _read_packets(
    container: InputContainer,
    wanted: list[Any],
    video: Any,
    found: dict[str, Any],
    clocks: dict[int, Clock],
    *,
    to_the_end: bool,
) -> None:
    """Decode the first picture; `to_the_end` also notes lengths and keyframes of all packets, if time allows."""
    spans = Spans(found["container"], video)
    is_seen, until = video is None, time.monotonic() + SCAN_SECONDS
    for packet in container.demux(wanted):
        is_picture = packet.stream is video
        if packet.size and packet.has_sidedata("encryption_info"):
            found["is_encrypted"] = True
            return
        at = packet.pts if packet.pts is not None else packet.dts
        if at is not None:
            index, unit = packet.stream.index, float(packet.time_base)
            begin, end = at * unit, (at + (packet.duration or 0)) * unit
            spans.take(packet, begin, end)
            if index in clocks:
                clocks[index].take(packet, begin, end)
        spans.pictures += is_picture and packet.size > 0
        if is_picture and not is_seen:
            is_seen = _decode(packet, found)
            if not is_seen and spans.pictures > PACKETS_TO_FIRST_PICTURE:
                break
        if (is_seen and not to_the_end) or time.monotonic() > until:
            break
    else:
        spans.note(found)
        for clock in clocks.values():
            clock.is_whole = True


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
        **_colours(frame),
        "pixel_format": frame.format.name,
    }
    return True


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))  # noqa: T201  # its answer goes to the parent by standard output
