"""Makes one MP4 of what the encoders of a broadcast sent, in order and without the gaps between; by copying where that may be.

A player sets up one decoder for a whole file, so pictures of two kinds cannot follow each other as they are: then all
are encoded to the size of those that fill most of the time. Sound is copied or encoded by itself, and silence put where
there is none, so that an encoder that comes back without its microphone costs next to nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from fastpix.video import arguments, boxes, probe, run, stretches
from fastpix.video.arguments import IN_STEP, NOTHING_ELSE, SAMPLE_RATE
from fastpix.video.datatypes import Failed, Limits, Ran, Report, ShouldStop, Unplayable, VideoFacts
from fastpix.video.plan import COPY_MAX_BIT_RATE, MAX_CHANNELS, MAX_FRAME_RATE, frame_rate
from fastpix.video.run import HARD, LISTED
from fastpix.video.stretches import Picture, Sound, Stretch

CPU_SECONDS, CPU_PER_GIGABYTE, CPU_PER_HOUR = 60, 60, 60  # of copying
SLACK_BYTES = 64 << 20
WHATEVER = 1 << 40  # what else is in the folder is not ours to count
# Below what may be copied to viewers afterwards, peaks included.
MOST_KILOBITS = COPY_MAX_BIT_RATE // 1000 * 8 // 10
TIMESCALE = 16_000
LIST = "list.ffconcat"
# How far the file may be from the sum of its stretches: sound and picture end a little apart in each.
TOLERANCE_SECONDS, TOLERANCE_EACH = 0.5, 0.1
ENCODING_SHARE = 0.9
UNMADE = "The recording could not be put together. Its pieces are kept: try again."
TORN = "The recording could not be put together: it came out {made:.1f} seconds long instead of {wanted:.1f}."

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True)
class Recorded:
    """What was made: its length, whether nothing was encoded, and processor seconds of it all."""

    seconds: float
    is_copy: bool
    cpu_seconds: float


@dataclass(frozen=True)
class _Target:
    """The one kind that all stretches get. `encodes`: the picture, of which `video` and `rate` are told then."""

    picture: Picture | None
    sound: Sound | None
    encodes: bool = False
    video: VideoFacts | None = None
    rate: Fraction = Fraction(MAX_FRAME_RATE)

    def fits(self, stretch: Stretch) -> bool:
        kind = stretch.kind
        return kind.is_plain and not self.encodes and (kind.picture, kind.sound) == (self.picture, self.sound)


def assemble(
    given: Sequence[Stretch], to: Path, *, report: Report = lambda _share: None, should_stop: ShouldStop = lambda: False
) -> Recorded:
    """Write the stretches, which lie beside each other in a folder of their own, as the MP4 `to`, which is elsewhere.

    The index comes first, and it begins at zero. Stretches that are encoded are removed; needs room for all once more.
    Raises Failed, Stopped, Unplayable for pictures that cannot be decoded.
    """
    target = _target(given)
    total, done, cpu_seconds = sum(stretch.seconds for stretch in given), 0.0, 0.0
    copying = 1.0 if all(map(target.fits, given)) else 1 - ENCODING_SHARE
    ready: list[Stretch] = []
    for stretch in given:
        if target.fits(stretch):
            ready.append(stretch)
        else:
            whole = (1 - copying) / total
            made, ran = _remake(stretch, target, _within(report, done * whole, stretch.seconds * whole), should_stop)
            ready.append(made)
            cpu_seconds += ran.cpu_seconds
        done += stretch.seconds
    ran = _concatenate(ready, to, _within(report, 1 - copying, copying), should_stop)
    return Recorded(_checked(to, ready), copying == 1.0, cpu_seconds + ran.cpu_seconds)


def _within(report: Report, begin: float, share: float) -> Report:
    return lambda part: report(begin + share * part)


def _target(given: Sequence[Stretch]) -> _Target:
    """The kind that fills most of the time, with sound and picture if any stretch has them."""
    picture = _most((stretch.kind.picture, stretch.seconds) for stretch in given)
    sound = _most((stretch.kind.sound, stretch.seconds) for stretch in given)
    if any(stretch.kind.sound != sound for stretch in given) and not (
        sound and sound.object_type == 2 and 1 <= sound.channels <= MAX_CHANNELS
    ):
        sound = sound and Sound(b"", 2, SAMPLE_RATE, MAX_CHANNELS)  # fits none: all of it is encoded
    target = _Target(picture, sound)
    if picture is None or all(stretch.kind.picture == picture for stretch in given):
        return target
    leading = next(stretch for stretch in given if stretch.kind.picture == picture)
    video = probe.probe(leading.path).video
    if video is None:
        raise Unplayable("Not one picture of this recording could be decoded.")
    rate = min(frame_rate(video), Fraction(MAX_FRAME_RATE))
    return replace(target, encodes=True, video=video, rate=rate)


def _most(weighed: Iterable[tuple[T | None, float]]) -> T | None:
    """What has the most seconds, of those equally long the first; None where there is nothing."""
    sums: dict[T, float] = {}
    for each, seconds in weighed:
        if each is not None:
            sums[each] = sums.get(each, 0.0) + seconds
    return max(sums, key=lambda each: sums[each], default=None)


def _remake(stretch: Stretch, target: _Target, report: Report, should_stop: ShouldStop) -> tuple[Stretch, Ran]:
    """The stretch as one of the target's kind; the one it was made of is removed."""
    to = stretch.path.with_name(f"r{stretch.path.name[1:]}")
    command = [*HARD, "-i", str(stretch.path), *_encode(stretch, target), *NOTHING_ELSE, "-f", "mp4", to.name]
    ran = _run(command, to, stretch.seconds, _encode_limits(stretch, target), report, should_stop)
    stretch.path.unlink()
    return replace(stretch, path=to, seconds=length(to), size=to.stat().st_size), ran


def _encode(stretch: Stretch, target: _Target) -> list[str]:
    filters: list[str] = []
    streams: list[str] = []
    if target.picture and not target.encodes:
        streams += ["-map", "0:v:0", "-c:v", "copy", "-video_track_timescale", str(target.picture.timescale)]
    elif target.picture:
        filters.append(f"{_pictures(stretch, target)}[v]")
        streams += ["-map", "[v]", *arguments.h264(), "-video_track_timescale", str(TIMESCALE)]
        streams += ["-maxrate", f"{MOST_KILOBITS}k", "-bufsize", f"{MOST_KILOBITS}k"]
    if target.sound and stretch.kind.sound == target.sound:
        streams += ["-map", "0:a:0", "-c:a", "copy"]
    elif target.sound:
        layout = "mono" if target.sound.channels == 1 else "stereo"
        silence = f"anullsrc=cl={layout}:r={target.sound.rate},atrim=duration={stretch.seconds:.6f}"
        filters.append(f"{f'[0:a:0]{IN_STEP}' if stretch.kind.sound else silence}[a]")
        streams += ["-map", "[a]", *arguments.aac(), "-b:a", "128k"]
        streams += ["-ac", str(target.sound.channels), "-ar", str(target.sound.rate)]
    return [*(("-filter_complex", ";".join(filters)) if filters else ()), *streams]


def _pictures(stretch: Stretch, target: _Target) -> str:
    """The pictures of a stretch in the target's frame, black around them or, where there are none, all over."""
    if target.video is None:
        raise ValueError("pictures are encoded to the frame of a picture")
    size = f"{target.video.width // 2 * 2}:{target.video.height // 2 * 2}"
    rate = f"{target.rate.numerator}/{target.rate.denominator}"
    if stretch.kind.picture is None:
        return f"color=c=black:s={size.replace(':', 'x')}:r={rate}:d={stretch.seconds:.6f},format=yuv420p,setsar=1"
    square = "scale=trunc(iw*sar/2)*2:trunc(ih/2)*2,setsar=1"
    fitted = f"scale={size}:force_original_aspect_ratio=decrease:force_divisible_by=2"
    return f"[0:v:0]fps={rate},{square},{fitted},pad={size}:(ow-iw)/2:(oh-ih)/2,setsar=1,format=yuv420p"


def _encode_limits(stretch: Stretch, target: _Target) -> Limits:
    each = arguments.CPU_PER_SECOND * arguments.weight(target.video) if target.encodes else 1
    cpu = int(arguments.CPU_SECONDS + each * stretch.seconds)
    size = SLACK_BYTES + stretch.size * 5 // 4 + int(MOST_KILOBITS * 125 * stretch.seconds * target.encodes)
    return Limits(cpu_seconds=cpu, wall_seconds=600 + 4 * cpu, file_bytes=size, output_bytes=WHATEVER)


def _concatenate(ready: Sequence[Stretch], to: Path, report: Report, should_stop: ShouldStop) -> Ran:
    """Copy the stretches, all of one kind, one after the other into `to`."""
    seconds, size = sum(each.seconds for each in ready), sum(each.size for each in ready)
    lines = [f"file '{each.path.name}'\nduration {each.seconds:.6f}\n" for each in ready]
    here = ready[0].path.resolve().parent / LIST
    # How long each is has to be said: of fragments, ffmpeg knows it only when it has read them.
    here.write_text("ffconcat version 1.0\n" + "".join(lines), "ascii")
    cpu = CPU_SECONDS + CPU_PER_GIGABYTE * (size >> 30) + int(CPU_PER_HOUR * seconds / 3600)
    limits = Limits(
        cpu_seconds=cpu,
        wall_seconds=600 + 10 * cpu,
        stall_seconds=600,  # moving the index to the front rewrites the file without progress
        file_bytes=size * 5 // 4 + SLACK_BYTES,
        output_bytes=WHATEVER,
    )
    output = ["-map", "0", "-c", "copy", *NOTHING_ELSE, "-movflags", "+faststart", "-f", "mp4", to.name]
    return _run([*LISTED, "-i", str(here), *output], to, seconds, limits, report, should_stop)


def _run(
    command: Sequence[str], to: Path, seconds: float, limits: Limits, report: Report, should_stop: ShouldStop
) -> Ran:
    try:
        return run.ffmpeg(
            command,
            folder=to.parent,
            planned_seconds=seconds,
            limits=limits,
            report=report,
            should_stop=should_stop,
        )
    except Failed as problem:  # nobody sent this file, so nobody can send it again
        raise Failed(UNMADE, (str(problem), *problem.log)) from problem


def _checked(to: Path, ready: Sequence[Stretch]) -> float:
    """The file's length. Raises Failed where something of it was lost on the way."""
    wanted, made = sum(each.seconds for each in ready), length(to)
    if abs(made - wanted) > TOLERANCE_SECONDS + TOLERANCE_EACH * len(ready):
        raise Failed(TORN.format(made=made, wanted=wanted))
    return made


def length(path: Path) -> float:
    """How many seconds an MP4 plays, as its header says. Raises Failed if it has none."""
    try:
        with path.open("rb") as file:
            for name, place, size in stretches.top_level(file, path.stat().st_size):
                if name == b"moov":
                    file.seek(place)
                    beginning = boxes.walk(file.read(min(size, 4096)))
                    header = next(content for box, content in beginning if box == b"mvhd")
                    timescale, duration = struct.unpack_from(
                        *((">IQ", header, 20) if header[0] else (">II", header, 12))
                    )
                    return float(duration / timescale)
    except (*stretches.BROKEN, ZeroDivisionError) as problem:
        raise Failed(UNMADE, (str(problem),)) from problem
    raise Failed(UNMADE, ("no moov",))
