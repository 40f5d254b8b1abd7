"""Films that flash and beep at the same moments, over three patches of colour, and reading both back by the segments' own times.

A player with Media Source shows a sample when the segment says (decode time and offset), and knows no edit lists; ffmpeg
and ffprobe obey those. Whoever looks with ffmpeg alone sees in step what viewers hear out of step.
"""

from __future__ import annotations

import array
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import av

# Not evenly spaced, so that what is late cannot be taken for the next one.
MOMENTS = (0.6, 2.0, 3.6, 5.6, 7.0)
LASTS = 0.4  # seconds, of a flash and of a beep
GRANTED = 0.04  # seconds that sound and picture may be apart
RED, GREEN, BLUE = (224, 0, 0), (0, 192, 0), (32, 32, 208)
PATCHES = {"red": RED, "green": GREEN, "blue": BLUE}


def picture(seconds=8, *, size="320x180", rate=25, moments: Sequence[float] = MOMENTS) -> tuple[str, ...]:
    """Arguments of an input: the upper half dark, white at each moment; below, from left, red, green and blue. RGB."""
    shade = "+".join(f"between(t,{at - 0.001:.3f},{at + LASTS - 0.002:.3f})" for at in moments) or "0"
    boxes = ",".join(
        f"drawbox=x=iw*{number}/3:y=ih/2:w=iw/3+1:h=ih/2:c=0x{r:02x}{g:02x}{b:02x}:t=fill"
        for number, (r, g, b) in enumerate(PATCHES.values())
    )
    flash = f"drawbox=w=iw:h=ih/2:c=white:t=fill:enable='{shade}'"
    return ("-f", "lavfi", "-i", f"color=0x101010:s={size}:r={rate}:d={seconds},format=gbrp,{boxes},{flash}")


def sound(
    seconds=8, *, rate=44_100, moments: Sequence[float] = MOMENTS, channels: Sequence[str] = ("FL", "FR")
) -> tuple[str, ...]:
    """Arguments of an input: silence, with a beep at each moment."""
    beeps = "+".join(f"between(t,{at},{at + LASTS})" for at in moments) or "0"
    wave = "|".join([f"0.5*sin(2*PI*1000*t)*({beeps})"] * len(channels))
    return ("-f", "lavfi", "-i", f"aevalsrc=exprs='{wave}':c={'+'.join(channels)}:s={rate}:d={seconds}")


def own_times(file: Path) -> tuple[list[float], list[float]]:
    """When the picture of a fragmented MP4 flashes and its sound beeps, as a player with Media Source does: seconds."""
    return _seen(file, {"ignore_editlist": "1", "advanced_editlist": "0"})


def as_ffmpeg(file: Path) -> tuple[list[float], list[float]]:
    """The same as ffmpeg reads any file: with its edit lists."""
    return _seen(file, {})


def _seen(file: Path, options: dict[str, str]) -> tuple[list[float], list[float]]:
    flashes, beeps = [], []
    with av.open(str(file), options=options) as container:
        if container.streams.video:
            flashes = [begin for begin, _ in spells(_whites(container.decode(video=0)))]
    with av.open(str(file), options=options) as container:
        if container.streams.audio:
            beeps = [begin for begin, _ in spells(_loud(container.decode(audio=0)))]
    return flashes, beeps


def _whites(frames: Iterable[av.VideoFrame]) -> Iterator[tuple[float, bool]]:
    for frame in frames:
        plane = frame.reformat(format="gray").planes[0]
        middle = bytes(plane)[frame.height // 4 * plane.line_size + frame.width // 2]
        yield float(frame.pts * frame.time_base), middle > 128


def _loud(frames: Iterable[av.AudioFrame]) -> Iterator[tuple[float, bool]]:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=48_000)
    for frame in frames:
        begin = float(frame.pts * frame.time_base)
        for plain in resampler.resample(frame):
            samples = array.array("h", bytes(plain.planes[0])[: plain.samples * 2])
            for place in range(0, len(samples), 48):
                part = samples[place : place + 48]
                loudest = max(max(part), -min(part))
                yield begin + place / 48_000, loudest > 3000
        resampler = av.AudioResampler(format="s16", layout="mono", rate=48_000)  # it keeps no samples for the next


def spells(noted: Iterable[tuple[float, bool]], *, pause: float = 0.03) -> Iterator[tuple[float, float]]:
    """The first and the last moment of each spell in which it is on. Off for less than `pause`, or not noted, is still on."""
    begin = last = -math.inf
    was_off = True
    for at, is_on in noted:
        if not is_on:
            was_off = True
            continue
        if at - last > (pause if was_off else LASTS):
            if math.isfinite(begin):
                yield begin, last
            begin = at
        last, was_off = at, False
    if math.isfinite(begin):
        yield begin, last


def offsets(flashes: Sequence[float], beeps: Sequence[float]) -> list[float]:
    """By how much each beep is later than its flash; there must be as many of both."""
    assert len(flashes) == len(beeps) > 0, f"flashes at {rounded(flashes)}, beeps at {rounded(beeps)}"
    return [beep - flash for flash, beep in zip(flashes, beeps, strict=True)]


def rounded(moments: Iterable[float]) -> list[float]:
    return [round(at, 3) for at in moments]
