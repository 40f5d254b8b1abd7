"""Puts a rendition's segments together again as one file to download: MP4, or M4A with the sound alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fastpix.video import boxes, package, run
from fastpix.video.datatypes import Limits, Report, ShouldStop, Unplayable
from fastpix.video.run import HARD

CPU_SECONDS, CPU_PER_GIGABYTE = 60, 60
SLACK_BYTES = 64 << 20


def _quiet(_share: float) -> None: ...


def _never() -> bool:
    return False


def mp4(rendition: Path, to: Path, *, report: Report = _quiet, should_stop: ShouldStop = _never) -> None:
    """Write the rendition in the folder `rendition` as the MP4 `to`, which players may start before all of it is there.

    Needs room for twice the rendition beside `to`. Raises Failed, Stopped.
    """
    _rewrite(rendition, to, ["-map", "0", "-c", "copy", "-movflags", "+faststart", "-f", "mp4"], report, should_stop)


def m4a(rendition: Path, to: Path, *, report: Report = _quiet, should_stop: ShouldStop = _never) -> None:
    """Write the sound of the rendition in the folder `rendition` as the M4A `to`. Raises Unplayable if it is silent."""
    made = package.read(rendition)
    if not any(track.codec.startswith("mp4a") for track in boxes.tracks(made.init.read_bytes())):
        raise Unplayable("This video has no sound, so there is no audio file to make of it.")
    ending = ["-map", "0:a:0", "-vn", "-c", "copy", "-movflags", "+faststart", "-f", "ipod"]
    _rewrite(rendition, to, ending, report, should_stop)


def _rewrite(rendition: Path, to: Path, ending: Sequence[str], report: Report, should_stop: ShouldStop) -> None:
    made = package.read(rendition)
    joined = to.resolve().with_name(f".{to.name}.parts")
    cpu = CPU_SECONDS + CPU_PER_GIGABYTE * (made.size >> 30)
    limits = Limits(
        cpu_seconds=cpu,
        wall_seconds=600 + 10 * cpu,
        stall_seconds=600,  # moving the index to the front rewrites the file without progress
        file_bytes=made.size * 5 // 4 + SLACK_BYTES,
        output_bytes=1 << 40,  # what else is in the folder is not ours to count
    )
    try:
        package.join(made, joined, should_stop)
        command = [*HARD, "-i", str(joined), *ending, to.name]
        run.ffmpeg(
            command,
            folder=to.parent,
            planned_seconds=made.seconds,
            limits=limits,
            report=report,
            should_stop=should_stop,
        )
    finally:
        joined.unlink(missing_ok=True)
