"""Making uploads playable, against plain ffmpeg with the same encode arguments, and copying against `ffmpeg -c copy`.

    python benchmarks/processing.py [--seconds 30] [--size 1024] [--rounds 3] [--folder /var/tmp]

All in one run, taking turns, so that other load falls on all alike; the least of the rounds counts. Processor seconds
are of this process and all that it started. Ratios hold from machine to machine; seconds do not.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from fastpix.video import arguments, pipeline, probe, tools
from fastpix.video.facts import Facts, Wish
from fastpix.video.plan import Plan, plan

CLIP_SECONDS = 10


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=30, help="length of what is encoded")
    parser.add_argument("--size", type=int, default=1024, help="MiB of what is copied")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", default="", help="where to work; on the disk that counts")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder or None) as folder:
        work = Path(folder)
        print(f"ffmpeg {tools.version()}")
        _ladder(_clip(work / "large.mp4", given.seconds, 12_000), work, given.rounds)
        clip = _clip(work / "clip.mp4", CLIP_SECONDS, 8_000)
        _remux(_repeated(clip, work / "long.mp4", given.size << 20), work, given.rounds)


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
    _ffmpeg("-stream_loop", str(max(0, size // clip.stat().st_size)), "-i", str(clip), "-c", "copy", str(to))
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
    pipeline.process(source, folder, probe.probe(source), Wish(), lambda share: None, lambda: False)


def _plain(source: Path, planned: Plan, folder: Path) -> None:
    """The very arguments of the pipeline's main run, by a bare subprocess."""
    for name in pipeline._names(planned):
        (folder / name).mkdir()
    _ffmpeg(*arguments.encode(source, planned, can_tonemap=True), folder=folder)


def _hardened(source: Path, facts: Facts, planned: Plan, folder: Path) -> None:
    """The pipeline's main run with its limits, its check and its playlists, without look and stills."""
    pipeline._encode(source, folder, facts, planned, lambda share: None, lambda: False)


def _ladder(source: Path, work: Path, rounds: int) -> None:
    facts, planned = _planned(source, "ladder")
    calls: dict[str, Callable[[Path], None]] = {
        "plain ffmpeg, same arguments": lambda folder: _plain(source, planned, folder),
        "pipeline (probe, ladder, stills)": lambda folder: _process(source, folder),
    }
    rungs = ", ".join(rung.name for rung in planned.rungs)
    print(f"\nencode {facts.duration:.0f} s of 1080p30 at {facts.size * 8 / facts.duration / 1e6:.0f} Mb/s to {rungs}")
    _report(calls, work, rounds, facts.duration, {"pipeline (probe, ladder, stills)": "CPU 1.10 or less"})


def _remux(source: Path, work: Path, rounds: int) -> None:
    facts, planned = _planned(source, "copy")
    calls: dict[str, Callable[[Path], None]] = {
        "plain ffmpeg -c copy to HLS": lambda folder: _plain(source, planned, folder),
        "hardened, checked, timed": lambda folder: _hardened(source, facts, planned, folder),
        "pipeline (probe, look, copy, stills)": lambda folder: _process(source, folder),
    }
    print(f"\ncopy {facts.size >> 20} MiB, {facts.duration:.0f} s")
    goals = {"hardened, checked, timed": "1.2 or less", "pipeline (probe, look, copy, stills)": "0.05 CPU s/s or less"}
    _report(calls, work, rounds, facts.duration, goals)


def _report(
    calls: dict[str, Callable[[Path], None]], work: Path, rounds: int, seconds: float, goals: dict[str, str]
) -> None:
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            took[name].append(_measure(call, work / "made"))
    print(f"{'what':38} {'CPU s':>8} {'ratio':>6} {'wall s':>8} {'ratio':>6} {'CPU s/s':>8}  goal")
    floor = next(iter(took.values()))
    for name, values in took.items():
        cpu, wall = (min(value[place] for value in values) for place in (0, 1))
        ratios = cpu / min(value[0] for value in floor), wall / min(value[1] for value in floor)
        print(
            f"{name:38} {cpu:8.2f} {ratios[0]:6.2f} {wall:8.2f} {ratios[1]:6.2f} {cpu / seconds:8.4f}  {goals.get(name, '')}"
        )


def _measure(call: Callable[[Path], None], folder: Path) -> tuple[float, float]:
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


if __name__ == "__main__":
    main()
