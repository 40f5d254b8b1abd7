"""ffmpeg's part in a broadcast: it cuts what an encoder sends into pieces that players fetch, without encoding anything."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fastpix.errors import FastpixError
from fastpix.video import boxes, tools
from fastpix.video.arguments import OWN_TIMES
from fastpix.video.child import launched
from fastpix.video.datatypes import Limits

# A keyframe begins each piece, so a piece is as long as the encoder's distance of keyframes, and at least this.
SEGMENT_SECONDS = 2
# What says that it is longer has broken timestamps; players would wait for it.
LONGEST_SECONDS = 60.0
INIT, PLAYLIST = "init.mp4", "index.m3u8"
# A broadcast may last for days; copying 720p takes half a percent of a core.
LIMITS = Limits(cpu_seconds=7 * 86_400, memory_bytes=1 << 30, file_bytes=2 << 30)
_ALWAYS = ("-hide_banner", "-nostdin", "-v", "error", "-y")
_PROBE = ("-probesize", "500k", "-analyzeduration", "3M", "-max_streams", "8")
_PIPE = ("-protocol_whitelist", "pipe,file", "-format_whitelist", "flv,live_flv")
_OUTPUT = (
    *("-map", "0:v:0?", "-map", "0:a:0?", "-c", "copy", "-map_metadata", "-1"),
    *("-f", "hls", "-hls_time", str(SEGMENT_SECONDS), "-hls_list_size", "5", "-hls_segment_type", "fmp4"),
    *("-hls_flags", "independent_segments+temp_file", "-hls_fmp4_init_filename", INIT, *OWN_TIMES),
    *("-hls_segment_filename", "s%05d.m4s", PLAYLIST),
)


class Unreadable(FastpixError):
    """A piece, or what begins them, is not what ffmpeg writes: cut off by a crash, or empty."""


@dataclass(frozen=True)
class Measured:
    """A piece on disk: how long it plays, in seconds, its bytes, and how many pictures it has."""

    path: Path
    seconds: float
    size: int
    frames: int


def from_pipe() -> list[str]:
    """The command that packages FLV from its standard input into the folder it runs in. It ends when its input does."""
    return launched(
        [tools.ffmpeg(), *_ALWAYS, *_PIPE, *_PROBE, "-f", "live_flv", "-i", "pipe:0", *_OUTPUT], LIMITS, parent=0
    )


def finished(folder: Path) -> list[Path]:
    """The pieces that are complete, in order: ffmpeg renames each when it is."""
    return sorted(folder.glob("s*.m4s"))


def picture(init: Path) -> tuple[str, int, int]:
    """What the init segment says: RFC 6381 codecs, width and height (0 where there is no picture). Raises Unreadable."""
    data = init.read_bytes()
    with _reading(init):
        width, height = boxes.picture_size(data)
        codecs = ",".join(track.codec for track in boxes.tracks(data))
    if not codecs:
        raise Unreadable(f"{init.name} announces nothing.")
    return codecs, width, height


def measure(piece: Path, init: Path) -> Measured:
    """How long a piece plays: as long as its picture, or its sound where there is no picture. Raises Unreadable."""
    with _reading(piece):
        tracks = boxes.tracks(init.read_bytes())
        found = boxes.spans(piece, tracks)
        leading = next((track.id for track in tracks if not track.codec.startswith("mp4a")), tracks[0].id)
        begin, end = found.get(leading) or next(iter(found.values()))
        counts = boxes.sample_counts(piece, tracks)
        frames = sum(counts.get(track.id, 0) for track in tracks if not track.codec.startswith("mp4a"))
    return Measured(piece, min(max(0.001, end - begin), LONGEST_SECONDS), piece.stat().st_size, frames)


@contextmanager
def _reading(file: Path) -> Iterator[None]:
    try:
        yield
    except (IndexError, KeyError, StopIteration, ValueError, struct.error, ZeroDivisionError) as problem:
        raise Unreadable(f"{file.name} cannot be read.") from problem
