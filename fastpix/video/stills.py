"""Still and moving little pictures of a video: the poster, the sprite for scrubbing, single frames, short animations."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from fastpix.video import boxes, colours, run
from fastpix.video.arguments import THREADS
from fastpix.video.colours import Colours
from fastpix.video.datatypes import Failed, Limits, ShouldStop, Sprite
from fastpix.video.run import HARD

POSTER, SPRITE, CUES = "poster.jpg", "sprite.jpg", "sprite.vtt"
POSTER_SIDE = 640
TILE_WIDTH, TILE_HEIGHT, COLUMNS, MAX_TILES = 160, 90, 10, 100
# The keyframes of which a sprite is made, and the options that read no other pictures, where the container can tell.
KEYS, KEYS_BYTES, ONLY_KEYS = ".keys.mkv", 1 << 30, ("-discard", "nokey")
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
# The colours each kind of picture is written in, and the form a filter gives them to the encoder.
_COLOURS: dict[str, Callable[[str], str]] = {
    "jpg": colours.to_jpeg,
    "webp": colours.to_webp,
    "png": colours.to_rgb,
    "gif": colours.to_rgb,
}
_FORMATS = {
    "jpg": "format=yuvj420p",
    "webp": "format=yuv420p",
    # A PNG tells what the primaries were, and browsers turn them once more: it is in those of a screen.
    "png": "format=rgb24,setparams=color_primaries=bt709:color_trc=iec61966-2-1",
    "gif": "format=bgr0",
}


@dataclass(frozen=True)
class Stills:
    """What was made. `complaints` is what ffmpeg had to say about the keyframes, `log` all it said, and why something is
    missing: to find the poster, it may begin between two keyframes, and complains of what it cannot know there."""

    sprite: Sprite | None = None
    complaints: tuple[str, ...] = ()
    log: tuple[str, ...] = ()


def stills(source: Path, folder: Path, index: int, matrix: str, duration: float, should_stop: ShouldStop) -> Stills:
    """Poster, sprite and its cues from stream `index` of `source`, upright and of square pixels, `duration` s long.

    `matrix` is what its colours were made with, as swscale calls it.

    A video without them is still a video: what cannot be made is left out. Raises Stopped.
    """
    complaints: list[str] = []
    log: list[str] = []
    sheet = sprite(duration)
    # Where there is no picture at a tenth, there is one at the beginning.
    tries = [partial(_poster, source, folder, index, matrix, at, should_stop) for at in (duration / 10, 0.0)]
    for attempt, makes in (
        *((attempt, POSTER) for attempt in tries),
        (partial(_sprite, source, folder, index, matrix, sheet, duration, should_stop), SPRITE),
    ):
        if not (folder / makes).exists():
            try:
                words = attempt()
            except Failed as failed:
                words = (str(failed), *failed.log)
            else:
                complaints += words if makes == SPRITE else ()
            log += words
    if not (folder / SPRITE).exists():
        return Stills(None, tuple(complaints), tuple(log))
    (folder / CUES).write_text(cues(sheet, duration), "ascii")
    (folder / CUES).chmod(0o640)
    return Stills(sheet, tuple(complaints), tuple(log))


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


def _poster(source: Path, folder: Path, index: int, matrix: str, at: float, should_stop: ShouldStop) -> tuple[str, ...]:
    side = f"'min({POSTER_SIDE},{{}})'"
    box = f"scale={side.format('iw')}:{side.format('ih')}:force_original_aspect_ratio=decrease"
    command = [
        *("-ss", f"{at:.3f}", *HARD, "-i", str(source), "-map", f"0:{index}"),
        *(
            "-vf",
            f"thumbnail=30,{box}:{colours.to_jpeg(matrix)},format=yuvj420p",
            *JPEG,
            "-q:v",
            "4",
            *_one_image(POSTER),
        ),
    ]
    return run.ffmpeg(command, folder=folder, planned_seconds=1, limits=_limits(30), should_stop=should_stop).log


def _sprite(
    source: Path,
    folder: Path,
    index: int,
    matrix: str,
    sheet: Sprite,
    duration: float,
    should_stop: ShouldStop,
) -> tuple[str, ...]:
    """Of each tile's time the first keyframe is decoded, and stays until the next one."""
    tile = f"{TILE_WIDTH}:{TILE_HEIGHT}"
    filters = ",".join(
        [
            f"fps=1/{sheet.interval:.6f}:round=down:start_time=0:eof_action=pass",
            f"scale={tile}:force_original_aspect_ratio=decrease:{colours.to_jpeg(matrix)},format=yuvj420p",
            f"pad={tile}:(ow-iw)/2:(oh-ih)/2,setsar=1",
            # The last keyframe may be long before the end: without this the last tiles would stay black.
            f"tpad=stop={MAX_TILES}:stop_mode=clone,tile={COLUMNS}x{sheet.rows}",
        ]
    )
    keys = folder / KEYS
    chosen = [*ONLY_KEYS, *HARD, "-i", str(source), "-map", f"0:{index}", "-c", "copy", *_first_of_each(sheet), KEYS]
    drawn = [
        *("-copyts", "-skip_frame", "nokey", "-skip_loop_filter", "all", *HARD, "-i", str(keys)),
        *("-vf", filters, *JPEG, "-q:v", "5", *_one_image(SPRITE)),
    ]
    limits, work = _limits(duration), partial(run.ffmpeg, folder=folder, planned_seconds=duration)
    try:
        ran = work(chosen, limits=replace(limits, file_bytes=KEYS_BYTES), should_stop=should_stop)
        return (*ran.log, *work(drawn, limits=limits, should_stop=should_stop).log)
    finally:
        keys.unlink(missing_ok=True)


def _first_of_each(sheet: Sprite) -> Sequence[str]:
    """Drops every keyframe but the first in each tile's time: to decode all of them takes longer than all the rest."""
    tile = f"{sheet.interval:.6f}"
    return ("-bsf:v", f"noise=drop='if(key*gte(pts*tb,ld(0)),st(0,(floor(pts*tb/{tile})+1)*{tile})*0,1)'")


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
    shape = _shape(width, height, fit, _COLOURS[kind](_matrix(path)))
    ending = (
        "-an",
        "-vf",
        f"{shape},{_FORMATS[kind]},setsar=1",
        *_ENCODERS[kind],
        "-threads",
        str(THREADS),
        "-update",
        "1",
        "-f",
        "image2",
    )
    exact = ["-ss", f"{max(0.0, at):.3f}", *HARD, "-i", str(path.resolve()), *ending, "-frames:v", "1", to.name]
    run.ffmpeg(exact, folder=to.parent, planned_seconds=1, limits=IMAGE_LIMITS)
    if not to.exists():  # behind the last picture: let each of the last ones overwrite the one before
        last = ["-sseof", "-2", *HARD, "-i", str(path.resolve()), *ending, to.name]
        run.ffmpeg(last, folder=to.parent, planned_seconds=1, limits=IMAGE_LIMITS)
    if not to.exists():
        raise Failed("There is no picture at this time.")


def _matrix(path: Path) -> str:
    """What the colours of a film of ours were made with; of one that does not say it, by its size."""
    with path.open("rb") as file:
        head = file.read(1 << 16)
    return "auto" if boxes.says_colours(head) else colours.matrix(Colours(), *boxes.picture_size(head))


def _shape(width: int | None, height: int | None, fit: Fit, in_colours: str) -> str:
    """The filters for the size, of which the first also turns the colours."""
    if width is None and height is None:
        return f"scale=iw:ih:{in_colours}"
    if width is None or height is None:
        return f"scale={width or -1}:{height or -1}:{in_colours}"
    box = f"{width}:{height}"
    scale = f"scale={box}:{in_colours}"
    return {
        "preserve": f"{scale}:force_original_aspect_ratio=decrease",
        "stretch": scale,
        "crop": f"{scale}:force_original_aspect_ratio=increase,crop={box}",
        "pad": f"{scale}:force_original_aspect_ratio=decrease,pad={box}:(ow-iw)/2:(oh-ih)/2",
    }[fit]


def animation(path: Path, start: float, end: float, *, width: int, fps: int, kind: AnimationKind, to: Path) -> None:
    """Write what `path` shows from `start` to `end` (seconds after its first picture) as an endless `to`. Raises Failed."""
    in_colours = _COLOURS[kind](_matrix(path))
    shape = f"fps={fps},scale={width}:-1:{in_colours},{_FORMATS[kind]}"
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
