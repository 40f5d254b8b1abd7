"""Makes an uploaded file playable: the renditions, the poster and the sprite, in one folder, checked and measured."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

from fastpix.video import arguments, complaints, growing, package, run, sound, stills, tools
from fastpix.video.arguments import ORIGINAL, SOUND
from fastpix.video.datatypes import (
    Facts,
    Failed,
    Limits,
    Ran,
    Rendition,
    Report,
    Result,
    ShouldStop,
    Stopped,
    VideoFacts,
    Wish,
)
from fastpix.video.plan import Plan, plan

ENCODING_SHARE = 0.9  # of the progress bar; the rest is for the stills
CHECK_SECONDS = 5.0
CHECK_LIMITS = Limits(cpu_seconds=120, wall_seconds=600, output_bytes=1 << 40)


def process(
    source: Path,
    folder: Path,
    facts: Facts,
    wish: Wish,
    report: Report,
    should_stop: ShouldStop,
    take: growing.Take | None = None,
) -> Result:
    """Make `source`, of which `facts` were probed, playable in the empty `folder`.

    While a ladder is made, `take` gets what of it is whole: once each rung has something, about once a second, in this
    thread. What is copied is there soon, and may still be thrown away: nothing is told of it. Raises Unplayable (the wish cannot be met), Failed (the file is damaged or too much work), Stopped.
    """
    source = source.resolve()
    planned, ran = _renditions(source, folder, facts, wish, report, should_stop, take)
    made = [package.read(folder / name) for name in _names(planned)]
    report(ENCODING_SHARE)
    pictures = _stills(source, made[-1], folder, planned, should_stop)
    report(1.0)
    return Result(
        duration=made[0].seconds,
        renditions=tuple(_measure(each, planned) for each in made),
        sprite=pictures.sprite,
        has_poster=(folder / stills.POSTER).exists(),
        is_copy=planned.is_copy,
        size=run.folder_size(folder),
        notices=(*facts.notices, *(() if facts.is_rough else complaints.notices((*ran.log, *pictures.complaints)))),
        log=(*ran.log, *pictures.log),
    )


def _renditions(
    source: Path,
    folder: Path,
    facts: Facts,
    wish: Wish,
    report: Report,
    should_stop: ShouldStop,
    take: growing.Take | None,
) -> tuple[Plan, Ran]:
    """Copy where that may be, after a look at whether the beginning decodes cleanly; else encode.

    What is damaged is not handed to browsers as it is: an encoder mends what can be mended. Later damage is only
    noticed, by the sprite, which decodes the keyframes.
    """
    planned = plan(facts, wish)
    _ask(should_stop)
    if planned.is_copy:
        seconds = min(CHECK_SECONDS, planned.seconds)
        check = arguments.check(source, planned, seconds)
        try:
            run.ffmpeg(check, folder=folder, planned_seconds=seconds, limits=CHECK_LIMITS, should_stop=should_stop)
            ran = _encode(source, folder, facts, planned, report, should_stop)
            if not planned.copies_audio or package.time(folder / _names(planned)[0]).is_muxed:
                return planned, ran
            # A player waits for ever where the sound ends before the last segment.
            _clear(folder)
            planned = replace(planned, copies_audio=False, refits_audio=True)
            return planned, _encode(source, folder, facts, planned, report, should_stop)
        except Failed:
            _clear(folder)
            planned = plan(facts, wish, may_copy=False)
    if take is not None and planned.kind == "ladder":
        report = _reporting_growth(growing.Growing(folder, planned, take), report)
    return planned, _encode(source, folder, facts, planned, report, should_stop)


def _reporting_growth(ladder: growing.Growing, report: Report) -> Report:
    def report_both(share: float) -> None:
        ladder.look()
        report(share)

    return report_both


def _encode(source: Path, folder: Path, facts: Facts, planned: Plan, report: Report, should_stop: ShouldStop) -> Ran:
    _ask(should_stop)
    for name in _names(planned):
        path = folder / name
        path.mkdir()
        path.chmod(0o750)  # whatever the worker's umask: a web server of the same group may serve it
    fitted = sound.fit(source, folder, facts, planned.audio, should_stop) if planned.refits_audio else None
    ran = run.ffmpeg(
        arguments.encode(source, planned, can_tonemap=can_tonemap(tools.ffmpeg()), fitted=fitted),
        folder=folder,
        planned_seconds=planned.seconds,
        limits=arguments.limits(facts, planned),
        report=lambda share: report(share * ENCODING_SHARE),
        should_stop=should_stop,
    )
    if fitted:
        fitted.path.unlink()
    for name in _names(planned):
        package.check(package.time(folder / name), planned.seconds, is_rough=facts.is_rough)
    return ran


def _stills(
    source: Path, smallest: package.Package, folder: Path, planned: Plan, should_stop: ShouldStop
) -> stills.Stills:
    """Poster and sprite, of a file with a picture."""
    _ask(should_stop)
    if planned.video is None:
        return stills.Stills()
    if planned.kind == "copy":
        index, matrix = planned.video.index, planned.video.matrix
        return stills.stills(source, folder, index, matrix, smallest.seconds, should_stop)
    # From the smallest rung: upright, of square pixels, cut and in SDR already, and a keyframe every two seconds.
    joined = folder / ".smallest.mp4"
    try:
        package.join(smallest, joined, should_stop)
        return stills.stills(joined, folder, 0, "bt709", smallest.seconds, should_stop)
    finally:
        joined.unlink(missing_ok=True)


def _ask(should_stop: ShouldStop) -> None:
    """Between two runs of ffmpeg, which may be too short to be asked themselves."""
    if should_stop():
        raise Stopped("The work was called off.")


def _names(planned: Plan) -> list[str]:
    """The folders of the renditions, the largest first."""
    only = {"copy": ORIGINAL, "audio": SOUND}.get(planned.kind)
    return [only] if only else [rung.name for rung in planned.rungs]


def _measure(made: package.Package, planned: Plan) -> Rendition:
    sizes = {rung.name: (rung.width, rung.height) for rung in planned.rungs}
    video: VideoFacts | None = planned.video
    width, height = sizes.get(made.folder.name) or ((video.width, video.height) if video else (0, 0))
    return package.measure(made, width, height, float(planned.frame_rate))


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@cache
def can_tonemap(ffmpeg: str) -> bool:
    """Whether this ffmpeg was built with what turns HDR into SDR. Without, colours come out pale."""
    said = subprocess.run([ffmpeg, "-hide_banner", "-filters"], capture_output=True, text=True, timeout=30, check=True)
    words = said.stdout.split()
    return "zscale" in words and "tonemap" in words
