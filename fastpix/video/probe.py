"""What a stranger's file is, or a sentence on why it cannot become playback."""

from __future__ import annotations

import json
import logging
import signal
import sys
import time
from pathlib import Path
from typing import Any

from fastpix.video import headers, mistakes, probe_notices, second_reader
from fastpix.video.child import Child
from fastpix.video.colours import read
from fastpix.video.datatypes import AudioFacts, Facts, Limits, ShouldStop, Stopped, Unplayable, VideoFacts
from fastpix.video.probe_notices import words
from fastpix.video.run import FORMATS, MAX_PIXELS, MAX_STREAMS, MAX_TRACKS, TICK_SECONDS

log = logging.getLogger("fastpix.video")

CHILD = str(Path(__file__).with_name("probe_child.py"))
LIMITS = Limits(cpu_seconds=20, wall_seconds=60, memory_bytes=2 << 30, file_bytes=0)
# What lies beyond is believed where it was counted. Recordings made by browsers declare 1000, or nothing.
MAX_DECLARED_RATE, MAX_FRAME_RATE, USUAL_FRAME_RATE = 240, 480, 30.0
# Bursts that are so much faster than the average are to be smooth.
BURSTING = 1.25
MIN_SIDE = 16
LEAST_LEAD = 0.1  # seconds; less are an encoder's delay
# Picture formats that are told by a frame's transfer curve (ITU-T H.273): PQ and HLG.
HDR_TRANSFERS = (16, 18)
# What the reader cannot be blamed on a file for.
TRACKS_EXCEEDED = "exceeds max_streams"
OURS = ("died", "nonsense", "MemoryError")

UNREADABLE = (
    "This file is not a video or audio file we can read. Send MP4, MOV, MKV, WebM, AVI, WMV, MPG, VOB, TS, FLV, 3GP, "
    "MXF, DV, MP3, M4A, WAV, AIFF, CAF, AAC, AC-3, AMR, WMA, OGG or FLAC."
)
BROKE = (
    "Our program that reads files broke on this one, which says nothing of the file itself. "
    "Save it anew with a video program, as MP4, and send that."
)
TOO_MANY = f"This file has more than {MAX_TRACKS} tracks. Send it with only the tracks that are needed."
# Where the demuxer's first name is not what people call it.
NAMES = {"mov": "mp4"}


def _never() -> bool:
    return False


def probe(path: Path, *, max_seconds: float = 43200, should_stop: ShouldStop = _never) -> Facts:
    """Look into the file at `path`, in a process of its own (0.2 s). `max_seconds` is the longest duration allowed.

    Where our reader dies on it, ffmpeg is asked. Raises Unplayable with a sentence for the person who sent it: what is
    empty, cut off, encrypted, too long or too large, or no video or audio at all; Stopped when `should_stop` said so.
    """
    size = path.stat().st_size
    if size == 0:
        raise Unplayable("This file is empty. The upload may have been cut off: send it again.")
    mistakes.refuse(path)
    seen = _look(path.resolve(), should_stop)
    if "error" in seen:
        raise Unplayable(_error(seen))
    try:
        return _judge(seen, size, max_seconds)
    except (KeyError, TypeError, ValueError, OverflowError) as problem:  # what the child says is hearsay
        log.warning("probe.nonsense problem=%s", type(problem).__name__)
        raise Unplayable(BROKE) from problem


def _look(path: Path, should_stop: ShouldStop = _never) -> dict[str, Any]:
    heard: list[str] = []
    # One track more, since some demuxers leave out in silence what is too many.
    command = [sys.executable, "-I", "-B", CHILD, str(path), FORMATS, str(MAX_STREAMS + 1), str(MAX_PIXELS)]
    with Child(command, Path("/"), LIMITS, heard.append) as child:
        until = time.monotonic() + LIMITS.wall_seconds
        while not child.ended(within=TICK_SECONDS) and time.monotonic() < until:
            if should_stop():
                raise Stopped("The work was called off.")
    try:
        seen = dict(json.loads("".join(heard))) if child.exit_code == 0 else {"error": "died"}
    except (TypeError, ValueError):
        seen = {"error": "nonsense"}
    if not seen.keys() & {"streams", "error"}:
        seen = {"error": "nonsense"}
    if seen.get("error") not in OURS or TRACKS_EXCEEDED in seen.get("log", ""):
        return seen
    code = child.exit_code or 0
    ended = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    log.warning("probe.died ended=%s problem=%s words=%s", ended, seen["error"], " ".join(child.log)[-500:])
    second = second_reader.look(path)
    if second is None or (second["video"] and not second["picture"]):
        raise Unplayable(BROKE)  # our reader died: why ffmpeg sees no picture is not known
    return second


def _error(seen: dict[str, Any]) -> str:
    if TRACKS_EXCEEDED in seen.get("log", ""):
        return TOO_MANY
    if "moov atom not found" in seen.get("log", ""):
        return "This file is incomplete: its table of contents (moov) is missing. The recording or the upload was cut off; send it again."
    return UNREADABLE


def _judge(seen: dict[str, Any], size: int, max_seconds: float) -> Facts:
    if int(seen["streams"]) > MAX_TRACKS:
        raise Unplayable(TOO_MANY)
    duration = float(seen.get("measured_duration") or seen["duration"] or 0)
    if seen.get("is_encrypted"):
        raise Unplayable("This file is encrypted (DRM). Send a copy that plays without a key.")
    heard = [one for one in seen["audio"] if _is_heard(one, seen)]
    audio = tuple(_audio(one, seen) for one in sorted(heard, key=lambda one: not one["is_default"]))
    if seen["video"] is None and not audio:
        raise Unplayable("There is neither video nor audio in this file that we can read.")
    if seen["video"] is not None:
        _refuse_size(seen["video"])
    is_partial = bool(seen["is_fragmented"])
    lead = _lead(seen)
    if lead:
        ends = [float(clock["end"]) for clock in seen["clocks"].values() if clock.get("end") is not None]
        duration = max(ends, default=duration - lead)  # libav counts what is hidden, and that twice
    _refuse_duration(duration, None if is_partial else seen.get("missing_from"), max_seconds)
    container = str(seen["container"]).partition(",")[0]
    return Facts(
        container=NAMES.get(container, container),
        duration=duration,
        size=size,
        video=_video(seen, duration, size) if seen["video"] is not None else None,
        audio=audio,
        first=float(seen["begin"]),
        lead=lead,
        notices=(*probe_notices.missing(seen, duration), *probe_notices.left_out(seen, audio)),
        is_rough=_is_rough(seen),
    )


def _lead(seen: dict[str, Any]) -> float:
    """What an edit list hides at the beginning of a film in fragments: libav obeys it by times before zero alone."""
    lead = -float(seen["begin"]) if seen["is_fragmented"] else 0.0
    return lead if lead > LEAST_LEAD else 0.0


def _is_rough(seen: dict[str, Any]) -> bool:
    return bool(seen.get("jumps") or seen["is_cut_off"] or seen.get("missing_from") is not None)


def _refuse_duration(duration: float, missing_from: float | None, max_seconds: float) -> None:
    if not duration > 0:
        raise Unplayable("How long this file plays could not be found out. Convert it to MP4 and send it again.")
    if duration > max_seconds:
        raise Unplayable(
            f"This file plays for {words(duration)}, and at most {words(max_seconds)} are allowed. Cut it into parts."
        )
    if missing_from is not None and missing_from < duration - 1:
        raise Unplayable(
            f"This file is cut off: after {words(missing_from)} of {words(duration)} the data is missing. Send it again."
        )


def _refuse_size(video: dict[str, Any]) -> None:
    if video["codec"] is None:
        raise Unplayable("The video's format (codec) is unknown to us. Convert it to H.264 and send it again.")
    width, height = int(video["width"]), int(video["height"])
    if not (width and height):
        raise Unplayable(
            "The file holds no picture from which one could begin. It may be a piece of a recording: send the whole."
        )
    shown = max(width, width * float(video["pixel_aspect"]))
    if shown * height > MAX_PIXELS:
        raise Unplayable(
            f"The picture is too large: {shown:.0f} x {height} pixels; at most 8192 x 4320 can be processed."
        )
    if min(width, height, width * float(video["pixel_aspect"])) < MIN_SIDE:
        raise Unplayable(f"The picture is too small: each side needs at least {MIN_SIDE} pixels.")


def _frame_rate(seen: dict[str, Any]) -> float:
    """Frames a second: on average, or as fast as they come in bursts, where the rate varies."""
    rate = float(seen["video"]["frame_rate"])
    if not 0 < rate <= MAX_DECLARED_RATE:
        rate = float(seen.get("measured_frame_rate") or rate)
    if rate > MAX_FRAME_RATE:
        raise Unplayable(f"The video has {rate:,.0f} frames a second; at most {MAX_FRAME_RATE} can be processed.")
    rate = rate if rate > 0 else USUAL_FRAME_RATE
    burst = float(seen.get("burst_rate") or 0)
    return min(round(burst), MAX_FRAME_RATE) if burst > BURSTING * rate else rate


def _video(seen: dict[str, Any], duration: float, size: int) -> VideoFacts:
    video, picture, gop = seen["video"], seen.get("picture"), seen.get("longest_gop")
    rate = _frame_rate(seen)
    if picture is None:
        raise Unplayable(
            "Not one picture of this video could be decoded: it is damaged, encrypted or of an unknown format."
        )
    colours = read(picture, video["declared"], str(video["codec"]))
    rotation = round(int(picture["rotation"]) / 90) * 90 % 360
    sizes = _sizes(video, seen)
    largest = max(sizes, key=lambda size: size[0] * size[1], default=(int(video["width"]), int(video["height"])))
    width, height = round(largest[0] * float(video["pixel_aspect"])), largest[1]
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
        is_hdr=colours.transfer in HDR_TRANSFERS,
        longest_gop=None if gop is None else float(gop),
        bit_rate=int(video["bit_rate"] or size * 8 / duration),
        begins=_begins(video, seen),
        ends=_ends(video, seen),
        changes=len(sizes) > 1 or _changes(video, seen),
        hidden=int(_clock(video, seen).get("hidden", 0)),
        is_open=bool(_clock(video, seen).get("is_open")),
        is_delayed=seen["container"] == "avi" and bool(video.get("has_b_frames")),
        colours=colours,
    )


def _sizes(video: dict[str, Any], seen: dict[str, Any]) -> frozenset[tuple[int, int]]:
    """The sizes that the picture has on the way, where there are several."""
    heads = [bytes.fromhex(head) for head in _clock(video, seen).get("heads", ())]
    sizes = headers.sizes(str(video["codec"]), heads)
    is_allowed = all(min(size) >= MIN_SIDE and size[0] * size[1] <= MAX_PIXELS for size in sizes)
    return sizes if len(sizes) > 1 and is_allowed else frozenset()


def _clock(one: dict[str, Any], seen: dict[str, Any]) -> dict[str, Any]:
    return dict(seen["clocks"].get(str(one["index"]), {}))


def _changes(one: dict[str, Any], seen: dict[str, Any]) -> bool:
    return bool(_clock(one, seen).get("changes") or seen.get("has_several_setups"))


def _begins(one: dict[str, Any], seen: dict[str, Any]) -> float:
    if seen.get("jumps"):
        return 0.0
    return max(0.0, float(_clock(one, seen).get("begin") or 0.0) - float(seen["begin"]))


def _ends(one: dict[str, Any], seen: dict[str, Any]) -> float | None:
    end = _clock(one, seen).get("end")
    return None if end is None or seen.get("jumps") else float(end) - float(seen["begin"])


def _is_heard(one: dict[str, Any], seen: dict[str, Any]) -> bool:
    """Whether there is anything in a sound that is declared."""
    return bool(one["channels"] and one["sample_rate"] and not _clock(one, seen).get("is_empty"))


def _audio(one: dict[str, Any], seen: dict[str, Any]) -> AudioFacts:
    clock = _clock(one, seen)
    return AudioFacts(
        index=int(one["index"]),
        codec=str(one["codec"]),
        profile=str(one["profile"] or ""),
        channels=int(one["channels"]),
        sample_rate=int(one["sample_rate"]),
        language=_plain(one["language"], 35) or "und",
        title=_plain(one["title"], 200),
        begins=_begins(one, seen),
        ends=_ends(one, seen),
        strays=float(clock.get("stray") or 0.0),
        changes=_changes(one, seen),
        hidden=int(clock.get("hidden", 0)),
    )


def _plain(text: str | None, length: int) -> str:
    """A stranger's words without control characters, since they end up in playlists."""
    return "".join(character for character in text or "" if character.isprintable())[:length].strip()
