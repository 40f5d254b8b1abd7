"""Makes the tracks that people add beside a video playable: subtitles, and sound in another language."""

from __future__ import annotations

import math
from pathlib import Path

from fastpix.video import arguments, package, run
from fastpix.video import subtitles as subtitle_text
from fastpix.video.datatypes import Facts, Failed, Limits, Rendition, Report, ShouldStop, Unplayable
from fastpix.video.subtitles import Cleaned

SUBTITLES = "subtitles.vtt"
CPU_SECONDS, CPU_PER_SECOND = 60, 1
BYTES_PER_SECOND = 64_000
SLACK_BYTES = 64 << 20
TOLERANCE_SECONDS = 1.0


def _quiet(_share: float) -> None: ...


def _never() -> bool:
    return False


def subtitles(text: bytes, language: str = "") -> Cleaned:
    """What can be read of the file `text` (SubRip, WebVTT, .ass) as clean WebVTT. Raises Unplayable where that is nothing."""
    return subtitle_text.clean(text, language)


def subtitle_playlist(duration: float) -> str:
    """The media playlist of `subtitles.vtt` beside it, for a video of `duration` seconds: one segment, all of it."""
    return (
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-PLAYLIST-TYPE:VOD\n"
        f"#EXT-X-TARGETDURATION:{max(1, math.ceil(duration))}\n#EXT-X-MEDIA-SEQUENCE:0\n"
        f"#EXTINF:{duration:.3f},\n{SUBTITLES}\n#EXT-X-ENDLIST\n"
    )


def audio_track(
    source: Path,
    folder: Path,
    duration: float,
    *,
    facts: Facts,
    origin: float = 0.0,
    report: Report = _quiet,
    should_stop: ShouldStop = _never,
) -> Rendition:
    """Package the first sound of `source`, of which `facts` were probed, as an HLS audio rendition in `folder`.

    It becomes as long as the video it belongs to, `duration` seconds: cut, or with silence at the end; `origin` is where
    the video begins in its own times (`package.origin`). Its name is the folder's. Raises Unplayable (no sound in it), Failed, Stopped.
    """
    if not facts.audio:
        raise Unplayable("There is no sound in this file. Send an audio file.")
    cpu = int(CPU_SECONDS + CPU_PER_SECOND * duration)
    size = int(BYTES_PER_SECOND * duration) + SLACK_BYTES
    run.ffmpeg(
        arguments.track(source.resolve(), facts.audio[0], duration, origin),
        folder=folder,
        planned_seconds=duration,
        limits=Limits(cpu_seconds=cpu, wall_seconds=600 + 4 * cpu, file_bytes=size, output_bytes=size),
        report=report,
        should_stop=should_stop,
    )
    made = package.time(folder)
    if abs(made.seconds - duration) >= TOLERANCE_SECONDS:
        raise Failed("This audio file could not be read to its end. Send it again.")
    return package.measure(made, 0, 0, 0.0)
