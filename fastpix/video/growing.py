"""What of a ladder plays already while ffmpeg still makes it: the whole segments of each rung, and their playlist.

A segment is whole once the next one has begun, whose first time also says how long it is: exactly what `package.time` writes
in the end. So what a player was told once stays true.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fastpix.video import boxes
from fastpix.video.arguments import SEGMENT_SECONDS, SEGMENTS
from fastpix.video.datatypes import Rendition
from fastpix.video.package import Segment
from fastpix.video.plan import Plan, Rung

PLAYLIST_SO_FAR = "growing.m3u8"
LOOK_SECONDS = 1.0
# Keyframes lie on whole frames, so a segment may be a frame longer than planned. It never changes (RFC 8216, 6.2.1).
TARGET_SECONDS = SEGMENT_SECONDS + 1
# What the encoder's buffer of a second and a half can add to the most of a second, over a segment.
PEAK = 1 + 1.5 / SEGMENT_SECONDS


@dataclass(frozen=True)
class GrownRung:
    """A rung as far as it is whole: its line in the master playlist, and its files, which change no more."""

    rendition: Rendition
    init: Path
    segments: tuple[Segment, ...]

    @property
    def files(self) -> tuple[Path, ...]:
        return (self.init, *(segment.path for segment in self.segments))


Take = Callable[[Sequence[GrownRung]], None]


class Growing:
    """Looks after the rungs of `plan` that ffmpeg makes in `folder`. Reads no media, only what is written about it."""

    def __init__(self, folder: Path, plan: Plan, take: Take) -> None:
        frame_rate = float(plan.frame_rate)
        self._rungs = [_Looked(folder / rung.name, rung, frame_rate, has_sound=bool(plan.audio)) for rung in plan.rungs]
        self._take = take
        self._looked_at = time.monotonic()

    def look(self) -> None:
        """Hand over all rungs, the largest first, once each has a segment; at most once a second."""
        if time.monotonic() - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = time.monotonic()
        for rung in self._rungs:
            rung.look()
        if all(rung.segments for rung in self._rungs):
            self._take([rung.grown() for rung in self._rungs])


class _Looked:
    """One rung on disk, and what is known of it so far."""

    def __init__(self, folder: Path, rung: Rung, frame_rate: float, *, has_sound: bool) -> None:
        self._folder, self._rung, self._frame_rate = folder, rung, frame_rate
        self._kilobits = rung.max_kilobits + (rung.audio_kilobits if has_sound else 0)
        self._init = folder
        self._tracks: list[boxes.Track] = []
        self._begins: list[float] = []
        self.segments: list[Segment] = []

    def look(self) -> None:
        """Take in what is there by now. What cannot be read is not whole yet."""
        with suppress(FileNotFoundError, struct.error, KeyError, StopIteration, IndexError):
            while True:
                self._begins.append(self._begin(len(self._begins)))
                if len(self._begins) > 1:
                    self._add(len(self._begins) - 2)

    def grown(self) -> GrownRung:
        rung = self._rung
        rendition = Rendition(
            name=rung.name,
            width=rung.width,
            height=rung.height,
            # The most that the plan lets the encoder use: nothing that is still to come will be above it.
            bandwidth=round(self._kilobits * 1000 * PEAK),
            average_bandwidth=self._kilobits * 1000,
            codecs=",".join(track.codec for track in self._tracks),
            frame_rate=round(self._frame_rate, 3),
            size=0,
        )
        return GrownRung(rendition, self._init, tuple(self.segments))

    def _begin(self, number: int) -> float:
        """When the picture begins in a segment, in seconds of the stream."""
        segment = self._folder / (SEGMENTS % number)
        if not segment.exists():
            raise FileNotFoundError(segment)
        if not self._tracks:  # written before the first segment, and numbered where there are several rungs
            self._init = next(self._folder.glob("init*.mp4"))
            self._tracks = boxes.tracks(self._init.read_bytes())
        leading = next(track.id for track in self._tracks if track.codec.startswith("avc1"))
        return boxes.spans(segment, self._tracks)[leading][0]

    def _add(self, number: int) -> None:
        path = self._folder / (SEGMENTS % number)
        seconds = max(0.001, self._begins[number + 1] - self._begins[number])
        self.segments.append(Segment(path, seconds, path.stat().st_size))


def playlist(rung: GrownRung) -> str:
    """The playlist of what there is of a rung: it grows at its end, and a player begins at its beginning."""
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{TARGET_SECONDS}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:EVENT",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        # Without it a player that finds no end begins at the newest, as in a broadcast.
        "#EXT-X-START:TIME-OFFSET=0",
        f'#EXT-X-MAP:URI="{rung.init.name}"',
    ]
    for segment in rung.segments:
        lines += [f"#EXTINF:{segment.seconds:.6f},", segment.path.name]
    return "\n".join(lines) + "\n"
