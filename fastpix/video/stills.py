"""Still and moving little pictures of a video: the poster, the sprite for scrubbing, single frames, short animations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from fastpix.video import run
from fastpix.video.arguments import THREADS
from fastpix.video.facts import Failed, Limits, ShouldStop, Sprite
from fastpix.video.run import HARD

POSTER, SPRITE, CUES = "poster.jpg", "sprite.jpg", "sprite.vtt"
POSTER_SIDE = 640
TILE_WIDTH, TILE_HEIGHT, COLUMNS, MAX_TILES = 160, 90, 10, 100
SLIVER = 0.1  # of a tile's time: what is shorter at the end gets no tile of its own
# A sprite decodes keyframes alone, but some codecs know nothing else.
CPU_SECONDS, CPU_PER_SECOND = 60, 2
IMAGE_LIMITS = Limits(
    cpu_seconds=10, wall_seconds=60, stall_seconds=30, file_bytes=64 << 20, output_bytes=1 << 40
)  # what else is in the folder is not ours to count
# JPEG encoders want the full range of values, and say so by this name.
JPEG = ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p")

Fit = Literal["preserve", "stretch", "crop", "pad"]
ImageKind = Literal["jpg", "png", "webp"]
AnimationKind = Literal["gif", "webp"]
_ENCODERS: dict[str, Sequence[str]] = {
    "jpg": (*JPEG, "-q:v", "4"),
    "png": ("-c:v", "png", "-pix_fmt", "rgb24"),
    "webp": ("-c:v", "libwebp", "-pix_fmt", "yuv420p", "-quality", "80"),
}


@dataclass(frozen=True)
class Stills:
    """What was made. `complaints` is what ffmpeg had to say about the pictures, `log` also why something is missing."""

    sprite: Sprite | None = None
    complaints: tuple[str, ...] = ()
    log: tuple[str, ...] = ()


def stills(source: Path, folder: Path, index: int, duration: float, should_stop: ShouldStop) -> Stills:
    """Poster, sprite and its cues from stream `index` of `source`, upright and of square pixels, `duration` s long.

    A video without them is still a video: what cannot be made is left out. Raises Stopped.
    """
    complaints: list[str] = []
    failures: list[str] = []
    sheet = sprite(duration)
    # Where there is no picture at a tenth, there is one at the beginning.
    tries = [partial(_poster, source, folder, index, at, should_stop) for at in (duration / 10, 0.0)]
    for attempt, makes in (
        *((attempt, POSTER) for attempt in tries),
        (partial(_sprite, source, folder, index, sheet, duration, should_stop), SPRITE),
    ):
        if not (folder / makes).exists():
            try:
                complaints += attempt()
            except Failed as failed:
                failures += [str(failed), *failed.log]
    log = (*complaints, *failures)
    if not (folder / SPRITE).exists():
        return Stills(None, tuple(complaints), log)
    (folder / CUES).write_text(cues(sheet, duration), "ascii")
    (folder / CUES).chmod(0o640)
    return Stills(sheet, tuple(complaints), log)


def sprite(duration: float) -> Sprite:
    """The sheet for a video of `duration` seconds: a tile a second, and never more than 100."""
    interval = max(1.0, duration / MAX_TILES)
    count = max(1, min(MAX_TILES, math.ceil(duration / interval - SLIVER)))
    return Sprite(TILE_WIDTH, TILE_HEIGHT, COLUMNS, math.ceil(count / COLUMNS), interval, count)


def cues(sheet: Sprite, duration: float) -> str:
    """WebVTT that says which tile of `sprite.jpg` belongs to which time."""
    lines = ["WEBVTT", ""]
    for number in range(sheet.count):
        begin, end = number * sheet.interval, duration if number + 1 == sheet.count else (number + 1) * sheet.interval
        row, column = divmod(number, sheet.columns)
        where = f"{column * sheet.tile_width},{row * sheet.tile_height},{sheet.tile_width},{sheet.tile_height}"
        lines += [f"{timestamp(begin)} --> {timestamp(end)}", f"{SPRITE}#xywh={where}", ""]
    return "\n".join(lines)


def timestamp(seconds: float) -> str:
    """`00:01:02.345`, as WebVTT writes times."""
    milliseconds = round(seconds * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{milliseconds // 1000:02}.{milliseconds % 1000:03}"


def _poster(source: Path, folder: Path, index: int, at: float, should_stop: ShouldStop) -> tuple[str, ...]:
    side = f"'min({POSTER_SIDE},{{}})'"
    box = f"scale={side.format('iw')}:{side.format('ih')}:force_original_aspect_ratio=decrease"
    command = [
        *("-ss", f"{at:.3f}", *HARD, "-i", str(source), "-map", f"0:{index}"),
        *("-vf", f"thumbnail=30,{box},format=yuvj420p", *JPEG, "-q:v", "4", *_one_image(POSTER)),
    ]
    return run.ffmpeg(command, folder=folder, planned_seconds=1, limits=_limits(30), should_stop=should_stop).log


def _sprite(
    source: Path, folder: Path, index: int, sheet: Sprite, duration: float, should_stop: ShouldStop
) -> tuple[str, ...]:
    """Keyframes alone are read (where the container can tell) and decoded; each stays until the next one."""
    tile = f"{TILE_WIDTH}:{TILE_HEIGHT}"
    filters = ",".join(
        [
            f"fps=1/{sheet.interval:.6f}:round=down:start_time=0:eof_action=pass",
            f"scale={tile}:force_original_aspect_ratio=decrease",
            f"pad={tile}:(ow-iw)/2:(oh-ih)/2,setsar=1",
            # The last keyframe may be long before the end: without this the last tiles would stay black.
            f"tpad=stop={MAX_TILES}:stop_mode=clone,tile={COLUMNS}x{sheet.rows}",
            "format=yuvj420p",
        ]
    )
    command = [
        *(
            "-discard",
            "nokey",
            "-skip_frame",
            "nokey",
            "-skip_loop_filter",
            "all",
            *HARD,
            "-i",
            str(source),
            "-map",
            f"0:{index}",
        ),
        *("-vf", filters, *JPEG, "-q:v", "5", *_one_image(SPRITE)),
    ]
    return run.ffmpeg(
        command, folder=folder, planned_seconds=duration, limits=_limits(duration), should_stop=should_stop
    ).log


def _one_image(name: str) -> Sequence[str]:
    return ("-an", "-frames:v", "1", "-threads", str(THREADS), "-update", "1", "-f", "image2", name)


def _limits(seconds: float) -> Limits:
    cpu = int(CPU_SECONDS + CPU_PER_SECOND * seconds)
    wall = 600 + 4 * cpu
    # One image comes out at the very end: until then nothing seems to move.
    return Limits(cpu_seconds=cpu, wall_seconds=wall, stall_seconds=wall, file_bytes=64 << 20, output_bytes=1 << 40)


def frame(path: Path, at: float, *, width: int | None, height: int | None, fit: Fit, kind: ImageKind, to: Path) -> None:
    """Write the picture `at` seconds after the first one of `path` (init and segments, joined) as the file `to`.

    One side alone keeps the shape; with both, `fit` says how: `preserve` within the box, `stretch`, `crop`, `pad`.
    Past the end it is the last picture. Raises Failed.
    """
    shape = ",".join(part for part in (_shape(width, height, fit), "setsar=1") if part)
    ending = ("-an", "-vf", shape, *_ENCODERS[kind], "-threads", str(THREADS), "-update", "1", "-f", "image2")
    exact = ["-ss", f"{max(0.0, at):.3f}", *HARD, "-i", str(path.resolve()), *ending, "-frames:v", "1", to.name]
    run.ffmpeg(exact, folder=to.parent, planned_seconds=1, limits=IMAGE_LIMITS)
    if not to.exists():  # behind the last picture: let each of the last ones overwrite the one before
        last = ["-sseof", "-2", *HARD, "-i", str(path.resolve()), *ending, to.name]
        run.ffmpeg(last, folder=to.parent, planned_seconds=1, limits=IMAGE_LIMITS)
    if not to.exists():
        raise Failed("There is no picture at this time.")


def _shape(width: int | None, height: int | None, fit: Fit) -> str:
    if width is None and height is None:
        return ""
    if width is None or height is None:
        return f"scale={width or -1}:{height or -1}"
    box = f"{width}:{height}"
    return {
        "preserve": f"scale={box}:force_original_aspect_ratio=decrease",
        "stretch": f"scale={box}",
        "crop": f"scale={box}:force_original_aspect_ratio=increase,crop={box}",
        "pad": f"scale={box}:force_original_aspect_ratio=decrease,pad={box}:(ow-iw)/2:(oh-ih)/2",
    }[fit]


def animation(path: Path, start: float, end: float, *, width: int, fps: int, kind: AnimationKind, to: Path) -> None:
    """Write what `path` shows from `start` to `end` (seconds after its first picture) as an endless `to`. Raises Failed."""
    shape = f"fps={fps},scale={width}:-1:flags=lanczos"
    if kind == "gif":
        ending = [
            "-vf",
            f"{shape},split[a][b];[a]palettegen=max_colors=128[p];[b][p]paletteuse=dither=bayer",
            "-f",
            "gif",
        ]
    else:
        ending = ["-vf", shape, "-c:v", "libwebp_anim", "-pix_fmt", "yuv420p", "-quality", "60", "-f", "webp"]
    command = [
        *("-ss", f"{start:.3f}", *HARD, "-i", str(path.resolve()), "-t", f"{end - start:.3f}", "-an", *ending),
        *("-loop", "0", "-threads", str(THREADS), to.name),
    ]
    run.ffmpeg(command, folder=to.parent, planned_seconds=end - start, limits=IMAGE_LIMITS)
