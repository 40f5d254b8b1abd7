"""Runs ffmpeg on files of strangers: hardened options, limits, progress, and nothing left behind when it is over."""

from __future__ import annotations

import logging
import os
import re
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from fastpix.video import tools
from fastpix.video.child import Child
from fastpix.video.datatypes import Failed, Limits, Ran, Report, ShouldStop, Stopped

# The demuxers a file may be read with. Playlists, image sequences and scripts are not among them: each of those
# names other files, which may be other people's.
FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,mpegts,mpeg,asf,mxf,dv,mp3,wav,w64,aiff,caf,aac,ac3,eac3,amr,ivf,ogg,flac"
MAX_PIXELS = 8192 * 4320
# Of those, so many may be pictures, sounds and texts; the others are fonts and the like.
MAX_STREAMS, MAX_TRACKS = 250, 32
# Every thread's stack counts as memory, and by default there are as many as the host has cores.
THREADS = max(1, min(8, len(os.sched_getaffinity(0))))

# Stands directly before every `-i` and its path. For the encoders give `-threads` again, among the output options.
HARD: tuple[str, ...] = (
    *("-protocol_whitelist", "file", "-format_whitelist", FORMATS),
    *("-max_pixels", str(MAX_PIXELS), "-probesize", "20M", "-analyzeduration", "20M"),
    *("-max_streams", str(MAX_STREAMS), "-max_alloc", str(512 << 20), "-threads", str(THREADS)),
)
# The same before the one input that names others: a list that `recording` wrote, whose names lead nowhere else.
LISTED: tuple[str, ...] = (
    *HARD[:2],
    *("-format_whitelist", "concat,mov,mp4,m4a,3gp,3g2,mj2", *HARD[4:]),
    *("-f", "concat", "-safe", "1", "-auto_convert", "0"),
)
LIST = re.compile(r"ffconcat version 1\.0\n(?:file '[a-z]\d{5}\.mp4'\nduration \d+\.\d{6}\n)+")
ALWAYS = (
    *("-hide_banner", "-nostdin", "-v", "error", "-y", "-progress", "pipe:1", "-nostats"),
    *("-filter_threads", str(THREADS), "-filter_complex_threads", str(THREADS)),
)
TICK_SECONDS, WALK_SECONDS = 0.2, 1.0
NO_MEMORY = "Cannot allocate memory"
UNKNOWN_COLOURS = "Color spaces:"  # what the filters cannot agree on; of sound they say other words
BROKE = (
    "Our program that processes files broke on this one, which says nothing of the file itself. "
    "Save it anew with a video program, as MP4, and send that."
)
log = logging.getLogger("fastpix.video")


def _quiet(_share: float) -> None: ...


def _never() -> bool:
    return False


def ffmpeg(
    arguments: Sequence[str],
    *,
    folder: Path,
    planned_seconds: float,
    limits: Limits,
    report: Report = _quiet,
    should_stop: ShouldStop = _never,
) -> Ran:
    """Run ffmpeg in `folder` and wait for it. `arguments` holds the inputs (`*HARD, "-i", path`) and the outputs.

    `report` gets the share done, at most five times a second, and `should_stop` is asked as often; both are called in
    this thread. `planned_seconds` is the length of what is written. Only exit code 0 counts: ffmpeg that is stopped by
    a limit leaves a playlist that looks finished. Raises Failed (broken limit, bad end), Stopped (`should_stop` said
    so), ValueError for an input that is not hardened. Whatever is raised, also by the two callbacks: the process is dead.
    """
    _check_inputs(arguments)
    watch = _Watch(folder, planned_seconds, limits)
    with Child([tools.ffmpeg(), *ALWAYS, *arguments], folder, limits, watch.hear) as child:
        told = 0.0
        while not child.ended(within=TICK_SECONDS):
            if should_stop():
                raise Stopped("The work was called off.")
            if broken := watch.broken_limit():
                child.kill()
                raise Failed(broken, child.log)
            if watch.share > told:
                told = watch.share
                report(told)
    if child.exit_code != 0:
        raise Failed(_why(child, limits), child.log)
    if broken := watch.too_large():
        raise Failed(broken, child.log)
    if told < 1:
        report(1.0)
    return Ran(child.cpu_seconds, child.log)


def _check_inputs(arguments: Sequence[str]) -> None:
    """An input is a file of ours by its full path, which no protocol's name can begin, behind all of HARD; or a list."""
    for position, argument in enumerate(arguments):
        if argument != "-i":
            continue
        before, path = tuple(arguments[:position]), Path(arguments[position + 1])
        if not path.is_absolute():
            raise ValueError(f"an input is not a full path: {path}")
        if before[-len(LISTED) :] == LISTED:
            _check_list(path)
        elif before[-len(HARD) :] != HARD:
            raise ValueError("an input is read without the HARD options directly before its -i")


def _check_list(path: Path) -> None:
    """A list names nothing but files beside it that have names of ours. The check reads it: who wrote it cannot be seen."""
    if path.is_symlink() or not LIST.fullmatch(path.read_bytes().decode("ascii", "replace")):
        raise ValueError(f"an input is not a list of our own files: {path}")


def _why(child: Child, limits: Limits) -> str:
    # The kernel, which ends it, counts a little otherwise than what it tells afterwards.
    if child.cpu_seconds >= 0.95 * limits.cpu_seconds:
        return f"This file takes too much work: stopped after {limits.cpu_seconds} seconds of processor time."
    if (child.exit_code or 0) < 0:
        words = " ".join(child.log)[-500:]
        log.warning("ffmpeg.died ended=%s words=%s", signal.Signals(-(child.exit_code or 0)).name, words)
        return BROKE
    if any(NO_MEMORY in line for line in child.log):
        return f"This file takes too much memory: more than {limits.memory_bytes >> 30} GiB."
    if any(UNKNOWN_COLOURS in line for line in child.log):
        return "The colours of this file are written in a way that we cannot read. Save it anew with a video program, as MP4."
    return "This file could not be processed. It may be damaged: see whether it plays, and send it again."


class _Watch:
    """What is known of a running ffmpeg: how far it is, and whether it still moves within its limits."""

    def __init__(self, folder: Path, planned_seconds: float, limits: Limits) -> None:
        self._folder, self._planned, self._limits = folder, planned_seconds, limits
        self._out_time = 0  # microseconds, written by the thread that listens
        self._size = 0
        self._seen = (0, 0)
        self._started = self._moved = time.monotonic()
        self._walked = 0.0

    def hear(self, line: str) -> None:
        """Take in a line of `-progress`: `out_time_us=1234` or, when ffmpeg does not know, `out_time_us=N/A`."""
        name, _, value = line.partition("=")
        if name == "out_time_us" and value.strip().isdecimal():
            self._out_time = int(value)

    @property
    def share(self) -> float:
        return min(1.0, self._out_time / 1e6 / self._planned) if self._planned > 0 else 0.0

    def broken_limit(self) -> str:
        """The sentence about a limit that is broken, or nothing."""
        moment, limits = time.monotonic(), self._limits
        if moment - self._started > limits.wall_seconds:
            return f"This file takes too long: stopped after {limits.wall_seconds} seconds."
        if moment - self._walked >= WALK_SECONDS:
            self._walked = moment
            if broken := self.too_large():
                return broken
        seen = (self._out_time, self._size)
        if seen != self._seen:
            self._seen, self._moved = seen, moment
        if moment - self._moved > limits.stall_seconds:
            return f"Processing stood still for {limits.stall_seconds} seconds and was stopped."
        return ""

    def too_large(self) -> str:
        """The sentence about too much output, or nothing."""
        self._size = folder_size(self._folder)
        if self._size > self._limits.output_bytes:
            return f"What is made of this file is too large: more than {self._limits.output_bytes >> 20} MiB."
        return ""


def folder_size(folder: Path) -> int:
    """Bytes of all files in `folder`, at any depth; those that vanish meanwhile do not count."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(root, name)).st_size
            except OSError:
                continue
    return total
