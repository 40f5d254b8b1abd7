"""Damaged files by the thousand through the probe, and some through all of processing: `python scripts/mutated_files.py --help`.

Small films of every kind are made, and of each come files with flipped bits, with boxes cut out, doubled or in another
order, with zeros in them, or cut off; a seed says which. Nothing of it may end otherwise than in facts or in a sentence, no
sentence may blame a file on which one of our programs died, and no other file may be opened. Exit code 1 where one did.
"""

from __future__ import annotations

import argparse
import ctypes
import logging
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fastpix.config.instance import Instance, entered
from fastpix.config.settings import Settings
from fastpix.video import pipeline, probe, tools
from fastpix.video.datatypes import Failed, Unplayable, Wish

PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=128x96:r=25:d=2")
SOUND = ("-f", "lavfi", "-i", "sine=d=2:r=48000")
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "25")
# Name: what ffmpeg is told to make it of.
KINDS: dict[str, tuple[str, ...]] = {
    "film.mp4": (*PICTURE, *SOUND, *H264, "-bf", "2", "-c:a", "aac"),
    "fragments.mp4": (*PICTURE, *SOUND, *H264, "-c:a", "aac", "-movflags", "+frag_keyframe+empty_moov"),
    "film.mov": (*PICTURE, *SOUND, "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-c:a", "pcm_s16le"),
    "film.mkv": (*PICTURE, *SOUND, *H264, "-c:a", "aac"),
    "film.webm": (*PICTURE, *SOUND, "-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus"),
    "film.ts": (*PICTURE, *SOUND, *H264, "-c:a", "aac"),
    "film.vob": (*PICTURE, *SOUND, "-c:v", "mpeg2video", "-c:a", "mp2", "-f", "vob"),
    "film.avi": (*PICTURE, *SOUND, "-c:v", "mpeg4", "-c:a", "mp3"),
    "film.flv": (*PICTURE, *SOUND, *H264, "-c:a", "aac", "-ar", "44100"),
    "film.wmv": (*PICTURE, *SOUND, "-c:v", "wmv2", "-c:a", "wmav2", "-f", "asf"),
    "sound.mp3": (*SOUND, "-c:a", "libmp3lame"),
    "sound.m4a": (*SOUND, "-c:a", "aac"),
    "sound.flac": (*SOUND, "-c:a", "flac"),
    "sound.ogg": (*SOUND, "-c:a", "libopus", "-f", "ogg"),
    "sound.wav": (*SOUND, "-c:a", "pcm_s16le"),
    "sound.aiff": (*SOUND, "-c:a", "pcm_s16be"),
}
CONTAINERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"udta", b"mvex", b"moof", b"traf", b"dinf")
BLAMES = ("damaged", "incomplete", "cut off")
IN_OPEN, IN_NONBLOCK = 0x20, os.O_NONBLOCK  # linux/inotify.h


def make(folder: Path) -> list[Path]:
    """The whole films."""
    made = []
    for name, arguments in KINDS.items():
        made.append(folder / name)
        command = [tools.ffmpeg(), "-v", "error", "-nostdin", "-y", *arguments, str(folder / name)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return made


def mutate(whole: bytes, seed: int) -> bytes:
    """The film with something wrong in it; the same for the same seed."""
    chance = random.Random(seed)
    data = bytearray(whole)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        chance.choice((_flip, _flip, _flip_at_the_start, _boxes, _boxes, _zeros, _cut_out, _cut_off, _double))(
            data, chance
        )
    return bytes(data)


def _flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 3, 30, 300))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _flip_at_the_start(data: bytearray, chance: random.Random) -> None:
    """Where headers are."""
    for _ in range(chance.choice((1, 2, 8))):
        data[chance.randrange(min(len(data), 2000))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))


def _zeros(data: bytearray, chance: random.Random) -> None:
    at, length = chance.randrange(len(data)), chance.choice((4, 100, 5000))
    data[at : at + length] = bytes(min(length, len(data) - at))


def _cut_out(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    del data[at : at + chance.choice((1, 10, 1000))]
    data += b"\0" * 64


def _cut_off(data: bytearray, chance: random.Random) -> None:
    del data[max(64, chance.randrange(len(data))) :]


def _double(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    piece = data[at : at + chance.choice((8, 200, 10_000))]
    data[at:at] = piece


def _boxes(data: bytearray, chance: random.Random) -> None:
    """Of an MP4: cut a box out, double it, call it otherwise, change its length, or exchange it with its neighbour."""
    found = list(_boxes_of(data, 0, len(data)))
    if len(found) < 2:
        _flip(data, chance)
        return
    start, length = chance.choice(found)
    kind = chance.choice(("cut", "double", "rename", "length", "exchange"))
    if kind == "cut":
        del data[start : start + length]
    elif kind == "double":
        data[start:start] = data[start : start + length]
    elif kind == "rename":
        data[start + 4 : start + 8] = chance.choice((b"free", b"moov", b"stbl", b"uuid", b"\0\0\0\0"))
    elif kind == "length":
        struct.pack_into(">I", data, start, chance.choice((0, 1, 7, 8, length + 1, 0x7FFFFFFF, 0xFFFFFFFF)))
    else:
        other, other_length = chance.choice(found)
        if start + length <= other:
            first, second = data[start : start + length], data[other : other + other_length]
            data[start : other + other_length] = second + data[start + length : other] + first


def _boxes_of(data: bytearray, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start + 8 <= end:
        length, name = struct.unpack_from(">I4s", data, start)
        if not 8 <= length <= end - start or not name.isalnum():
            return
        yield start, length
        if name in CONTAINERS:
            yield from _boxes_of(data, start + 8, start + length)
        start += length


class Watch:
    """Media beside the films, which nobody has a reason to open."""

    def __init__(self, folder: Path, film: Path) -> None:
        folder.mkdir()
        libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = libc.inotify_init1(IN_NONBLOCK)
        for name in ("secret.ts", "secret.mp4", "source", "sound.wav"):
            shutil.copy(film, folder / name)
            if libc.inotify_add_watch(self._descriptor, bytes(folder / name), IN_OPEN) < 0:
                raise OSError(ctypes.get_errno(), "inotify_add_watch")

    def was_opened(self) -> bool:
        try:
            return bool(os.read(self._descriptor, 1 << 16))
        except BlockingIOError:
            return False


class Deaths(logging.Handler):
    """Counts what is logged of programs of ours that died, by thread: the file in hand is the one."""

    def __init__(self) -> None:
        super().__init__()
        self.by_thread: Counter[int] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        self.by_thread[record.thread or 0] += 1


def look(path: Path, work: Path | None) -> str:
    """What became of the file, in a word, and the sentence behind it. Through all of processing with a folder for that."""
    try:
        facts = probe.probe(path)
        if work is None:
            return "facts"
        pipeline.process(path, work, facts, Wish(), lambda _share: None, lambda: False)
    except (Unplayable, Failed) as refusal:
        return f"{type(refusal).__name__}: {refusal}"
    return "plays"


def run(
    films: list[Path], seeds: range, folder: Path, processes: int, *, whole: bool
) -> tuple[Counter[str], list[str]]:
    """What became of how many; and what must not be."""
    deaths, wrong = Deaths(), list[str]()
    logging.getLogger("fastpix.video").addHandler(deaths)

    def one(seed: int) -> str:
        film = films[seed % len(films)]
        path, work = folder / f"{seed}-{film.name}", folder / f"{seed}-made" if whole else None
        path.write_bytes(mutate(film.read_bytes(), seed))
        if work:
            work.mkdir()
        before = deaths.by_thread[threading.get_ident()]
        try:
            became = look(path, work)
        except Exception as problem:  # noqa: BLE001  # whatever it is, it must not be
            became = f"{type(problem).__name__}: {problem}"
            wrong.append(f"seed {seed}, {film.name}: {became}")
        finally:
            path.unlink()
            if work:
                shutil.rmtree(work, ignore_errors=True)
        died = deaths.by_thread[threading.get_ident()] - before
        if died and any(word in became for word in BLAMES):
            wrong.append(f"seed {seed}, {film.name}: a program of ours died, and the file is blamed: {became}")
        return f"(one of our programs died) {became}" if died else became

    with ThreadPoolExecutor(processes) as pool:
        counted = Counter(_kind(became) for became in pool.map(one, seeds))
    logging.getLogger("fastpix.video").removeHandler(deaths)
    return counted, wrong


def _kind(became: str) -> str:
    """The sentence without its numbers."""
    return "".join("#" if character.isdigit() else character for character in became)[:90]


def main(say: Callable[[str], object]) -> int:
    parser = argparse.ArgumentParser(description="\n".join((__doc__ or "").splitlines()[:1]))
    parser.add_argument("--probes", type=int, default=200)
    parser.add_argument("--pipelines", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, entered(Instance(Settings())):
        folder = Path(name)
        films = make(folder)
        watch = Watch(folder / "secrets", films[0])
        watch.was_opened()
        bad: list[str] = []
        for whole, count in ((False, given.probes), (True, given.pipelines)):
            began, first = time.monotonic(), given.first_seed
            counted, wrong = run(films, range(first, first + count), folder, given.processes, whole=whole)
            say(
                f"{count} {'through all of processing' if whole else 'through the probe'}: {time.monotonic() - began:.0f} s"
            )
            for became, times in counted.most_common():
                say(f"  {times:6} {became}")
            bad += wrong
        bad += ["a file beside the films was opened"] if watch.was_opened() else []
    for line in bad:
        say(line)
    say(f"{len(bad)} that must not be")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(print))
