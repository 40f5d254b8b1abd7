"""Reads back a packaged rendition, a folder with a playlist, an init segment and media segments: what was really made."""

from __future__ import annotations

import math
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from fastpix.video import boxes
from fastpix.video.arguments import PLAYLIST
from fastpix.video.datatypes import Failed, Rendition, ShouldStop, Stopped

TOLERANCE_SECONDS, ROUGH_SHARE = 1.0, 0.1
TRAILING_SOUND_SECONDS = 0.5
AAC_DELAY = 1024  # samples that ffmpeg's encoder puts before the sound
_MAP = re.compile(r'#EXT-X-MAP:URI="([A-Za-z0-9_]+\.mp4)"')
_SEGMENT = re.compile(r"#EXTINF:([0-9.]+),\s*\n(s[0-9]+\.m4s)")


@dataclass(frozen=True)
class Segment:
    path: Path
    seconds: float
    size: int

    @property
    def bit_rate(self) -> int:
        return round(self.size * 8 / self.seconds) if self.seconds > 0 else 0


@dataclass(frozen=True)
class Package:
    """A rendition on disk. Raises Failed from `read` where a part of it is missing."""

    folder: Path
    init: Path
    segments: tuple[Segment, ...]
    is_muxed: bool = True  # whether each of its tracks is in each segment, as far as `time` looked

    @property
    def seconds(self) -> float:
        """The length that players see: the sum of the playlist's durations."""
        return sum(segment.seconds for segment in self.segments)

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(path.stat().st_size for path in self.folder.iterdir())


def read(folder: Path) -> Package:
    """The rendition in `folder`. Raises Failed if it is not complete."""
    try:
        playlist = (folder / PLAYLIST).read_text("ascii")
        init = _MAP.search(playlist)
        listed = [(folder / name, float(seconds)) for seconds, name in _SEGMENT.findall(playlist)]
        segments = tuple(Segment(path, seconds, path.stat().st_size) for path, seconds in listed)
    except FileNotFoundError as problem:
        raise Failed("Processing made nothing that can be played.", (str(problem),)) from problem
    if init is None or not segments or "#EXT-X-ENDLIST" not in playlist or not (folder / init[1]).is_file():
        raise Failed("Processing made nothing that can be played.", tuple(playlist.splitlines()[-10:]))
    return Package(folder, folder / init[1], segments)


def time(folder: Path) -> Package:
    """Write into the playlist how long its segments really are, and return the rendition. Raises Failed like `read`.

    ffmpeg adds up what the container says of each picture. Matroska and FLV say it roughly, or wrongly where the frame
    rate varies (measured: 1.65 s of 2.9 s), and sound that goes on behind the picture is not counted at all.
    """
    made = read(folder)
    tracks = boxes.tracks(made.init.read_bytes())
    # Players change between segments at the picture's keyframes, so it is the picture that says where one begins.
    leading = next((track.id for track in tracks if track.codec.startswith("avc1")), tracks[0].id)
    spans = [boxes.spans(segment.path, tracks) for segment in made.segments]
    if not all(leading in span for span in spans):
        raise Failed("Processing made nothing that can be played.", (f"{folder.name}: a segment without {leading}",))
    begins = [span[leading][0] for span in spans]
    last = spans[-1][leading][1]
    longest = max(end for _, end in spans[-1].values())
    # A little is the encoder's delay of the sound, which is not heard.
    ends = [*begins[1:], longest if longest > last + TRAILING_SOUND_SECONDS else last]
    seconds = [max(0.001, end - begin) for begin, end in zip(begins, ends, strict=True)]
    durations = iter(seconds)
    text = _SEGMENT.sub(lambda match: f"#EXTINF:{next(durations):.6f},\n{match[2]}", (folder / PLAYLIST).read_text())
    target = f"#EXT-X-TARGETDURATION:{math.ceil(max(seconds))}"
    (folder / PLAYLIST).write_text(re.sub(r"#EXT-X-TARGETDURATION:\d+", target, text), "ascii")
    timed = zip(made.segments, seconds, strict=True)
    is_muxed = all(track.id in span for span in spans for track in tracks)
    return replace(made, is_muxed=is_muxed, segments=tuple(replace(each, seconds=length) for each, length in timed))


def parts(playlist: str) -> tuple[str, str]:
    """The names of the init segment and of the first segment. Raises Failed where one is missing."""
    init, segment = _MAP.search(playlist), _SEGMENT.search(playlist)
    if init is None or segment is None:
        raise Failed("Processing made nothing that can be played.", tuple(playlist.splitlines()[-10:]))
    return init[1], segment[2]


def origin(init: Path, segment: Path) -> float:
    """When in its own times a rendition begins: seconds by which it is later than the file it was made of.

    That is the delay of B-frames and of the sound's encoder, which players show as it is. The earlier of picture and
    sound counts: the other one may begin late in the film itself.
    """
    tracks = {track.id: track for track in boxes.tracks(init.read_bytes())}
    begins = boxes.beginnings(segment, list(tracks.values()))
    delayed = [
        at + (AAC_DELAY / tracks[number].timescale if tracks[number].codec.startswith("mp4a") else 0)
        for number, at in begins.items()
    ]
    return min(delayed, default=0.0)


def check(made: Package, planned_seconds: float, *, is_rough: bool = False) -> None:
    """Raise Failed unless the rendition is as long as it had to be: a run that was cut short looks like any other.

    Of a file that is rough, how long it plays is what was made, within a tenth.
    """
    tolerance = max(TOLERANCE_SECONDS, ROUGH_SHARE * planned_seconds) if is_rough else TOLERANCE_SECONDS
    if made.seconds < planned_seconds - tolerance:
        raise Failed(
            f"The file ends early: it says that it is {planned_seconds:.1f} seconds long, "
            f"but only {made.seconds:.1f} seconds could be read. Send it again."
        )
    if made.seconds > planned_seconds + tolerance:
        raise Failed(
            f"The file says that it is {planned_seconds:.1f} seconds long, but it goes on. "
            "Save it anew with a video program and send it again."
        )


def measure(package: Package, width: int, height: int, frame_rate: float) -> Rendition:
    """The rendition's line in the master playlist, from its real segments. Sides are 0 where there is no picture."""
    # RFC 8216, 4.1: the peak counts stretches of at least half the target duration, so not a short last segment.
    half = max(segment.seconds for segment in package.segments) / 2
    peak = max(segment.bit_rate for segment in package.segments if segment.seconds >= half)
    average = round(sum(segment.size for segment in package.segments) * 8 / package.seconds)
    return Rendition(
        name=package.folder.name,
        width=width,
        height=height,
        bandwidth=max(peak, average),
        average_bandwidth=average,
        codecs=",".join(track.codec for track in boxes.tracks(package.init.read_bytes())),
        frame_rate=round(frame_rate, 3),
        size=package.size,
    )


def join(package: Package, to: Path, should_stop: ShouldStop = lambda: False) -> Path:
    """Write init and segments one after the other as `to`: a fragmented MP4 that any program reads. Raises Stopped."""
    with to.open("wb") as file:
        for path in (package.init, *(segment.path for segment in package.segments)):
            if should_stop():
                raise Stopped("The work was called off.")
            with path.open("rb") as part:
                shutil.copyfileobj(part, file, 1 << 20)
    return to
