"""What a stranger's file is, or a sentence on why it cannot become playback."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from fastpix.video.child import Child
from fastpix.video.facts import AudioFacts, Facts, Limits, Unplayable, VideoFacts
from fastpix.video.run import FORMATS, MAX_PIXELS, MAX_STREAMS

CHILD = str(Path(__file__).with_name("probe_child.py"))
LIMITS = Limits(cpu_seconds=20, wall_seconds=60, memory_bytes=2 << 30, file_bytes=0)
MIN_FRAME_RATE, MAX_FRAME_RATE = 1, 240
MIN_SIDE = 16
# Picture formats that are told by a frame's transfer curve (ITU-T H.273): PQ and HLG.
HDR_TRANSFERS = (16, 18)

UNREADABLE = "This file is not a video or audio file we can read. Send MP4, MOV, MKV, WebM, AVI, FLV, TS, MP3, M4A, WAV, AAC, OGG or FLAC."
DAMAGED = (
    "This file is damaged: it cannot be read to its end. See whether it plays on your computer, and send it again."
)
# What people send by mistake, told by how the file begins.
MISTAKES: tuple[tuple[bytes, str], ...] = (
    (b"GIF8", "a GIF picture"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"<svg", "an SVG picture"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"#EXTM3U", "a playlist, which only names other files"),
    (b"ffconcat", "a playlist, which only names other files"),
    (b"<?xml", "an XML document"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
)
# Where the demuxer's first name is not what people call it.
NAMES = {"mov": "mp4"}
STILL_BRANDS = (b"heic", b"heix", b"mif1", b"avif")


def probe(path: Path, *, max_seconds: float = 43200) -> Facts:
    """Look into the file at `path`, in a process of its own (0.2 s). `max_seconds` is the longest duration allowed.

    Raises Unplayable with a sentence for the person who sent it. The refusals are those of the design's video.md 2.3.
    """
    size = path.stat().st_size
    if size == 0:
        raise Unplayable("This file is empty. The upload may have been cut off: send it again.")
    _refuse_mistakes(path)
    seen = _look(path.resolve())
    if "error" in seen:
        raise Unplayable(_error(seen))
    try:
        return _judge(seen, size, max_seconds)
    except (KeyError, TypeError, ValueError, OverflowError) as problem:  # what the child says is hearsay
        raise Unplayable(DAMAGED) from problem


def _refuse_mistakes(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(64)
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    kind = next((kind for magic, kind in MISTAKES if start.startswith(magic) or text.startswith(magic)), "")
    if (start[4:8] == b"ftyp" and start[8:12] in STILL_BRANDS) or (start[:4] == b"RIFF" and start[8:12] == b"WEBP"):
        kind = "a picture"
    if kind:
        raise Unplayable(f"This is {kind}. Send the video or audio file itself.")


def _look(path: Path) -> dict[str, Any]:
    heard: list[str] = []
    # One track more, since some demuxers leave out in silence what is too many.
    command = [sys.executable, "-I", "-B", CHILD, str(path), FORMATS, str(MAX_STREAMS + 1), str(MAX_PIXELS)]
    with Child(command, Path("/"), LIMITS, heard.append) as child:
        is_over = child.ended(within=LIMITS.wall_seconds)
    if not is_over or child.exit_code != 0:
        raise Unplayable(DAMAGED)
    try:
        return dict(json.loads("".join(heard)))
    except (TypeError, ValueError) as problem:
        raise Unplayable(DAMAGED) from problem


def _error(seen: dict[str, Any]) -> str:
    if "exceeds max_streams" in seen.get("log", ""):
        return f"This file has more than {MAX_STREAMS} tracks. Send it with only the tracks that are needed."
    if "moov atom not found" in seen.get("log", ""):
        return "This file is incomplete: its table of contents (moov) is missing. The recording or the upload was cut off; send it again."
    return UNREADABLE


def _judge(seen: dict[str, Any], size: int, max_seconds: float) -> Facts:
    if int(seen["streams"]) > MAX_STREAMS:
        raise Unplayable(f"This file has more than {MAX_STREAMS} tracks. Send it with only the tracks that are needed.")
    duration = float(seen.get("measured_duration") or seen["duration"] or 0)
    if seen.get("is_encrypted"):
        raise Unplayable("This file is encrypted (DRM). Send a copy that plays without a key.")
    audio = tuple(_audio(one) for one in seen["audio"] if one["channels"] and one["sample_rate"])
    if seen["video"] is None and not audio:
        raise Unplayable("There is neither video nor audio in this file that we can read.")
    if seen["video"] is not None:
        _refuse_size(seen["video"])
    _refuse_duration(duration, seen.get("missing_from"), max_seconds)
    container = str(seen["container"]).partition(",")[0]
    return Facts(
        container=NAMES.get(container, container),
        duration=duration,
        size=size,
        video=_video(seen, duration, size) if seen["video"] is not None else None,
        audio=audio,
    )


def _refuse_duration(duration: float, missing_from: float | None, max_seconds: float) -> None:
    if not duration > 0:
        raise Unplayable("How long this file plays could not be found out. Convert it to MP4 and send it again.")
    if duration > max_seconds:
        raise Unplayable(
            f"This file plays for {_words(duration)}, and at most {_words(max_seconds)} are allowed. Cut it into parts."
        )
    if missing_from is not None and missing_from < duration - 1:
        raise Unplayable(
            f"This file is cut off: after {_words(missing_from)} of {_words(duration)} the data is missing. Send it again."
        )


def _refuse_size(video: dict[str, Any]) -> None:
    if video["codec"] is None:
        raise Unplayable("The video's format (codec) is unknown to us. Convert it to H.264 and send it again.")
    width, height = int(video["width"]), int(video["height"])
    shown = max(width, width * float(video["pixel_aspect"]))
    if shown * height > MAX_PIXELS:
        raise Unplayable(
            f"The picture is too large: {shown:.0f} x {height} pixels; at most 8192 x 4320 can be processed."
        )
    if min(width, height, width * float(video["pixel_aspect"])) < MIN_SIDE:
        raise Unplayable(f"The picture is too small: each side needs at least {MIN_SIDE} pixels.")


def _frame_rate(seen: dict[str, Any]) -> float:
    """Frames a second. Recordings made by browsers declare 1000 or nothing: then what was counted tells."""
    rate = float(seen["video"]["frame_rate"])
    if not MIN_FRAME_RATE <= rate <= MAX_FRAME_RATE:
        rate = float(seen.get("measured_frame_rate") or rate)
    if not MIN_FRAME_RATE <= rate <= MAX_FRAME_RATE:
        raise Unplayable(
            f"The video has {rate:.4g} frames a second; it needs between {MIN_FRAME_RATE} and {MAX_FRAME_RATE}."
        )
    return rate


def _video(seen: dict[str, Any], duration: float, size: int) -> VideoFacts:
    video, picture, gop = seen["video"], seen.get("picture"), seen.get("longest_gop")
    rate = _frame_rate(seen)
    if picture is None:
        raise Unplayable(
            "Not one picture of this video could be decoded: it is damaged, encrypted or of an unknown format."
        )
    rotation = round(int(picture["rotation"]) / 90) * 90 % 360
    width, height = round(int(video["width"]) * float(video["pixel_aspect"])), int(video["height"])
    if rotation in (90, 270):
        width, height = height, width
    return VideoFacts(
        index=int(video["index"]),
        codec=str(video["codec"]),
        profile=str(video["profile"] or ""),
        level=int(video["level"]),
        pixel_format=str(picture["pixel_format"]),
        width=width,
        height=height,
        frame_rate=rate,
        rotation=rotation,
        pixel_aspect=float(video["pixel_aspect"]),
        is_interlaced=bool(video["is_interlaced"] or picture["is_interlaced"]),
        is_hdr=picture["transfer"] in HDR_TRANSFERS,
        longest_gop=None if gop is None else float(gop),
        bit_rate=int(video["bit_rate"] or size * 8 / duration),
    )


def _audio(one: dict[str, Any]) -> AudioFacts:
    return AudioFacts(
        index=int(one["index"]),
        codec=str(one["codec"]),
        profile=str(one["profile"] or ""),
        channels=int(one["channels"]),
        sample_rate=int(one["sample_rate"]),
        language=_plain(one["language"], 35) or "und",
        title=_plain(one["title"], 200),
    )


def _plain(text: str | None, length: int) -> str:
    """A stranger's words without control characters, since they end up in playlists."""
    return "".join(character for character in text or "" if character.isprintable())[:length].strip()


def _words(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours} h" * bool(hours), f"{minutes} min" * bool(minutes), f"{rest} s" * bool(rest and not hours)]
    return " ".join(filter(None, parts)) or "0 s"
