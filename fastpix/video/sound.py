"""Sound that is AAC already, but not where the picture is: copied into a file that fits it, for a hundredth of an encode."""

from __future__ import annotations

import json
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fastpix.video.child import Child
from fastpix.video.datatypes import AudioFacts, Facts, Limits, ShouldStop, Stopped
from fastpix.video.run import FORMATS, TICK_SECONDS

CHILD = str(Path(__file__).with_name("sound_child.py"))
FITTED = ".sound.aac"
BYTES_PER_SECOND, SLACK_BYTES = 80_000, 16 << 20


@dataclass(frozen=True)
class Fitted:
    """A file of AAC frames, the first of which is to be heard at `begins`, in seconds of what is made."""

    path: Path
    begins: float


def fit(source: Path, folder: Path, facts: Facts, audio: AudioFacts | None, should_stop: ShouldStop) -> Fitted | None:
    """Copy the sound of `source` into `folder` so that it begins with the picture, ends with it, and has no gap.

    None where that cannot be: it is encoded then. Raises Stopped.
    """
    video, to = facts.video, folder / FITTED
    if audio is None or video is None or video.ends is None:
        return None
    size = int(BYTES_PER_SECOND * max(video.ends, audio.ends or 0.0)) + SLACK_BYTES
    limits = Limits(cpu_seconds=120, wall_seconds=600, memory_bytes=2 << 30, file_bytes=size)
    begin, end = (f"{moment + facts.first:.6f}" for moment in (video.begins, video.ends))
    heard: list[str] = []
    command = [sys.executable, "-I", "-B", CHILD, str(source), str(audio.index), str(to.resolve()), begin, end, FORMATS]
    until = time.monotonic() + limits.wall_seconds
    with Child(command, Path("/"), limits, heard.append) as child:
        while not child.ended(within=TICK_SECONDS) and time.monotonic() < until:
            if should_stop():
                raise Stopped("The work was called off.")
    with suppress(TypeError, ValueError, KeyError):
        if child.exit_code == 0:
            return Fitted(to, float(json.loads("".join(heard))["begin"]) - facts.first)
    to.unlink(missing_ok=True)
    return None
