"""Making uploads playable, against plain ffmpeg with the same encode arguments, and copying against `ffmpeg -c copy`; and
how soon the beginning of what is encoded plays.

Taking turns, so that other load falls on all alike; the least of the rounds counts. Processor seconds are of this process
and all that it started. BENCHMARK_FOLDER in the environment says where to work: on the disk that counts.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import first_playable
from benchmarks.frame import Benchmark, Found, Options, Row, most
from fastpix.video import arguments, pipeline, probe, tools
from fastpix.video.datatypes import Facts, Wish
from fastpix.video.plan import Plan, plan

CLIP_SECONDS = 10
PLAIN = "plain ffmpeg, same arguments"
LADDER = Row("processing 1080p to a ladder, CPU", "s", PLAIN, most(1.05))
WAITED = Row("processing 1080p to a ladder, wall", "s", PLAIN)
PLAYS = Row("first playable second of 10 min of 1080p", "s", "the same media Ready, same run", most(0.35))
COPY = Row("copying 1 GiB, whole pipeline, CPU", "s", "ffmpeg -c copy into the same segments", most(2.5))


def measure(options: Options) -> Iterator[tuple[str, Found]]:
    rounds = options.quick(1, 3)
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCHMARK_FOLDER") or None) as folder:
        work = Path(folder)
        large = _clip(work / "large.mp4", options.quick(4, 30), 12_000)
        yield from _ladder(large, work, rounds)
        long = _looped(large, work / "ten.mp4", options.quick(5, 19))
        yield PLAYS.name, Found(*first_playable.seconds(long))
        long.unlink()
        clip = _clip(work / "clip.mp4", CLIP_SECONDS, 8_000)
        yield from _remux(_repeated(clip, work / "long.mp4", options.quick(64, 1024) << 20), work, rounds)


def _clip(to: Path, seconds: int, kilobits: int) -> Path:
    """1080p30 H.264 and AAC with a keyframe every two seconds; noise brings it to about `kilobits` a second."""
    _ffmpeg(
        *("-f", "lavfi", "-i", f"testsrc2=s=1920x1080:r=30:d={seconds},noise=alls=6:allf=t"),
        *("-f", "lavfi", "-i", f"sine=d={seconds}", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"),
        *("-b:v", f"{kilobits}k", "-maxrate", f"{kilobits}k", "-bufsize", f"{kilobits}k", "-g", "60"),
        *("-profile:v", "main", "-c:a", "aac", "-ac", "2", str(to)),
    )
    return to


def _repeated(clip: Path, to: Path, size: int) -> Path:
    """The clip again and again until it has `size` bytes."""
    return _looped(clip, to, max(0, size // clip.stat().st_size))


def _looped(clip: Path, to: Path, times: int) -> Path:
    """The clip, and so many times more."""
    _ffmpeg("-stream_loop", str(times), "-i", str(clip), "-c", "copy", str(to))
    clip.unlink()
    return to


def _ffmpeg(*words: str, folder: Path | None = None) -> None:
    command = [tools.ffmpeg(), "-hide_banner", "-nostdin", "-v", "error", "-y", *words]
    subprocess.run(command, check=True, cwd=folder)


def _planned(source: Path, kind: str) -> tuple[Facts, Plan]:
    facts = probe.probe(source)
    planned = plan(facts, Wish())
    assert planned.kind == kind, (planned.kind, facts)
    return facts, planned


def _process(source: Path, folder: Path) -> None:
    pipeline.process(source, folder, probe.probe(source), Wish(), lambda share: None, lambda: False, lambda rungs: None)


def _plain(source: Path, planned: Plan, folder: Path) -> None:
    """The very arguments of the pipeline's main run, by a bare subprocess."""
    for name in pipeline._names(planned):
        (folder / name).mkdir()
    _ffmpeg(*arguments.encode(source, planned, can_tonemap=True), folder=folder)


def _copied(source: Path, folder: Path) -> None:
    """What there would be if nothing were looked at: sound that does not fit, damage, and no pictures."""
    (folder / arguments.ORIGINAL).mkdir()
    _ffmpeg("-i", str(source), "-c", "copy", *arguments.hls(arguments.ORIGINAL), folder=folder)


def _ladder(source: Path, work: Path, rounds: int) -> Iterator[tuple[str, Found]]:
    _, planned = _planned(source, "ladder")
    plain, ours = _least(
        [lambda folder: _plain(source, planned, folder), lambda folder: _process(source, folder)], work, rounds
    )
    yield LADDER.name, Found(ours[0], plain[0])
    yield WAITED.name, Found(ours[1], plain[1])


def _remux(source: Path, work: Path, rounds: int) -> Iterator[tuple[str, Found]]:
    _planned(source, "copy")
    plain, whole = _least(
        [lambda folder: _copied(source, folder), lambda folder: _process(source, folder)], work, rounds
    )
    yield COPY.name, Found(whole[0], plain[0])


def _least(calls: list[Callable[[Path], None]], work: Path, rounds: int) -> list[tuple[float, float]]:
    """(processor seconds, wall seconds) of each call, the least of all rounds."""
    taken: list[list[tuple[float, float]]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, values in zip(calls, taken, strict=True):
            values.append(_measured(call, work / "made"))
    return [(min(cpu for cpu, _ in values), min(wall for _, wall in values)) for values in taken]


def _measured(call: Callable[[Path], None], folder: Path) -> tuple[float, float]:
    """Processor and wall seconds of one call, in a new folder."""
    folder.mkdir()
    cpu, wall = _cpu(), time.perf_counter()
    call(folder)
    used = _cpu() - cpu, time.perf_counter() - wall
    shutil.rmtree(folder)
    return used


def _cpu() -> float:
    return sum(
        used.ru_utime + used.ru_stime
        for used in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


BENCHMARKS = (Benchmark("processing", "transcoding and copying", (LADDER, WAITED, PLAYS, COPY), measure, is_slow=True),)
