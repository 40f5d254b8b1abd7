"""The words that are spoken in a video, by faster-whisper in a program of its own: nothing leaves this server."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fastpix.config import instance
from fastpix.errors import Invalid, NotOffered
from fastpix.video import boxes, package, run
from fastpix.video.child import Child
from fastpix.video.cues import Word
from fastpix.video.datatypes import Failed, Limits, Report, ShouldStop, Stopped, Unplayable
from fastpix.video.run import HARD, THREADS, TICK_SECONDS

CHILD = str(Path(__file__).with_name("speech_child.py"))
# What a folder must hold: without a tokenizer faster-whisper would ask the internet for one.
PARTS = ("model.bin", "config.json", "tokenizer.json")
SAMPLE_RATE, SAMPLE_BYTES = 16_000, 2
# Of a large model on a slow processor that has other work, half a minute of sound may take many minutes.
CPU_SECONDS, CPU_PER_SECOND, STALL_SECONDS = 900, 60, 3600
MEMORY_BYTES, MEMORY_PER_MODEL = 2 << 30, 3
SLACK_BYTES = 64 << 20
GET_IT = "Captions are not offered by this server. Its operator can change that:"
UNKNOWN_LANGUAGE = "language"
# Languages that Whisper knows, as they are written in a language code.
_LANGUAGES = (
    "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr ht hu hy id is "
    "it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd si sk "
    "sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo yue zh"
)
LANGUAGES = frozenset(_LANGUAGES.split())
_AS_WHISPER = {"nb": "no", "jv": "jw", "fil": "tl"}


def _quiet(_share: float) -> None: ...


def _never() -> bool:
    return False


def missing() -> str:
    """Why no captions can be made here, with what to do about it; empty where they can."""
    model = instance.settings().captions_model
    if find_spec("faster_whisper") is None:
        return f"{GET_IT} pip install 'fastpix[captions]', and FASTPIX_CAPTIONS_MODEL (docs/captions.md)."
    if not model:
        return f"{GET_IT} FASTPIX_CAPTIONS_MODEL names the folder of a speech model (docs/captions.md)."
    lacking = [name for name in PARTS if not (Path(model) / name).is_file()]
    if lacking:
        return f"{GET_IT} the folder that FASTPIX_CAPTIONS_MODEL names has no {', '.join(lacking)} (docs/captions.md)."
    return ""


def check_offered(language_code: str) -> None:
    """Raises `NotOffered` where no captions can be made here, `Invalid` for a language that no model knows."""
    if reason := missing():
        raise NotOffered(reason)
    if not language_of(language_code):
        raise Invalid("languageCode", "Give the code of a language that speech models know, such as en or de.")


def language_of(code: str) -> str:
    """Whisper's name for the language of a code such as en-US; empty for one that it does not know."""
    language = code.partition("-")[0].lower()
    language = _AS_WHISPER.get(language, language)
    return language if language in LANGUAGES else ""


def sound(rendition: Path, to: Path, *, should_stop: ShouldStop = _never) -> None:
    """Write the sound of the rendition in the folder `rendition` as `to`: samples of 16 bits, 16,000 a second, one channel.

    A sample's place is its time in the player. Needs room for the rendition beside `to`. Raises Unplayable if it is
    silent, Failed, Stopped.
    """
    made = package.read(rendition)
    if not any(track.codec.startswith("mp4a") for track in boxes.tracks(made.init.read_bytes())):
        raise Unplayable("This video has no sound, so there are no words in it.")
    joined, cpu = to.resolve().with_name(f".{to.name}.parts"), 60 + int(made.seconds / 10)
    size = int(made.seconds + 60) * SAMPLE_RATE * SAMPLE_BYTES
    limits = Limits(cpu_seconds=cpu, wall_seconds=600 + 10 * cpu, file_bytes=made.size + size, output_bytes=1 << 40)
    filters = f"aresample={SAMPLE_RATE}:async=1:first_pts=0"
    output = ["-map", "0:a:0", "-vn", "-af", filters, "-ac", "1", "-f", "s16le", to.name]
    try:
        package.join(made, joined, should_stop)
        command = [*HARD, "-i", str(joined), *output]
        run.ffmpeg(command, folder=to.parent, planned_seconds=made.seconds, limits=limits, should_stop=should_stop)
    finally:
        joined.unlink(missing_ok=True)


def words(
    samples: Path, model: Path, language: str, *, report: Report = _quiet, should_stop: ShouldStop = _never
) -> list[Word]:
    """What is said in the file `samples` that `sound` wrote, word by word. `language` is one of `LANGUAGES`.

    `report` gets the share done. Raises Unplayable where nobody speaks, or the model does not know the language; Failed,
    Stopped.
    """
    seconds = samples.stat().st_size / SAMPLE_BYTES / SAMPLE_RATE
    listening = _Listening(seconds)
    command = [sys.executable, "-I", "-B", CHILD, str(model), str(samples.resolve()), language, str(THREADS)]
    limits = _limits(model, seconds)
    with Child(command, Path("/"), limits, listening.hear) as child:
        while not child.ended(within=TICK_SECONDS):
            if should_stop():
                raise Stopped("The work was called off.")
            if listening.has_stalled(limits):
                raise Failed("Listening stood still for too long and was stopped.", child.log)
            report(listening.share)
    if listening.problem == UNKNOWN_LANGUAGE:
        raise Unplayable(f"The speech model of this server does not know this language ({language}).")
    if child.exit_code != 0:
        raise Failed(_why(child, limits), child.log)
    if not listening.words:
        raise Unplayable("Nobody was heard to speak.")
    return listening.words


def _limits(model: Path, seconds: float) -> Limits:
    cpu = int(CPU_SECONDS + CPU_PER_SECOND * seconds)
    memory = MEMORY_BYTES + MEMORY_PER_MODEL * (model / PARTS[0]).stat().st_size
    return Limits(cpu, cpu + STALL_SECONDS, STALL_SECONDS, memory_bytes=memory, file_bytes=1 << 20)


def _why(child: Child, limits: Limits) -> str:
    said = " ".join(child.log)
    if "MemoryError" in said or "bad_alloc" in said or "allocate memory" in said:
        return f"Listening takes more memory than is allowed ({limits.memory_bytes >> 20} MiB). Use a smaller speech model."
    if child.cpu_seconds >= 0.95 * limits.cpu_seconds:
        return f"Listening takes too much work: stopped after {limits.cpu_seconds} seconds of processor time."
    return "The speech model could not be used. Is the folder that FASTPIX_CAPTIONS_MODEL names a whole one?"


class _Listening:
    """What the program has told so far, a line of JSON each; written by the thread that listens."""

    def __init__(self, seconds: float) -> None:
        self.words: list[Word] = []
        self.problem = ""
        self.share = 0.0
        self._seconds = seconds
        self._started = self._moved = time.monotonic()

    def hear(self, line: str) -> None:
        told: Mapping[str, Any] = json.loads(line)
        self._moved = time.monotonic()
        self.problem = told.get("problem", "")
        self.words += [Word(begin, end, text) for begin, end, text in told.get("words", ())]
        if self._seconds:
            self.share = min(1.0, told.get("at", 0.0) / self._seconds)

    def has_stalled(self, limits: Limits) -> bool:
        moment = time.monotonic()
        return moment - self._moved > limits.stall_seconds or moment - self._started > limits.wall_seconds
