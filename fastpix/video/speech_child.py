"""The program that listens to a sound and writes down what is said, with times: faster-whisper, alone with its limits.

`python -I -B speech_child.py MODEL SAMPLES LANGUAGE THREADS`, run by `fastpix.video.speech`. Prints a line of JSON for each
stretch of speech: `{"at": seconds done, "words": [[begin, end, text], ...]}`, or `{"problem": "language"}`. The sound is
taken in pieces of some minutes that end where it is quiet: so the memory does not grow with its length.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

# Each thread of a library reserves memory, and the model's own threads are all that work.
os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1"}

import numpy
from faster_whisper import WhisperModel

RATE, PIECE, LAST, QUIET = 16_000, 300, 30, 0.2
# Pauses are taken out before: in them models invent words, and let the word before last too long.
SPEECH = {"min_silence_duration_ms": 500, "speech_pad_ms": 200}
LOWER_PRIORITY = 9  # beside launch.py's 10: behind everything else that this server does


def main(model: str, samples: str, language: str, threads: str) -> None:
    os.nice(LOWER_PRIORITY)
    whisper = WhisperModel(model, device="cpu", compute_type="int8", cpu_threads=int(threads), local_files_only=True)
    if language not in whisper.supported_languages:
        tell({"problem": "language"})
        return
    sound = numpy.memmap(samples, dtype=numpy.int16, mode="r") if os.path.getsize(samples) else numpy.zeros(0)
    for begin, end in pieces(sound):
        listen(whisper, sound[begin:end].astype(numpy.float32) / 32768, begin / RATE, language)
        tell({"at": end / RATE})


def listen(whisper: Any, sound: Any, offset: float, language: str) -> None:
    """Tell what is said in a piece that begins `offset` seconds after the beginning of all."""
    segments, _ = whisper.transcribe(
        sound,
        language=language,
        word_timestamps=True,
        vad_filter=True,
        vad_parameters=SPEECH,
        condition_on_previous_text=False,
    )
    for segment in segments:
        words = [[round(word.start + offset, 3), round(word.end + offset, 3), word.word] for word in segment.words]
        tell({"at": segment.end + offset, "words": words})


def pieces(sound: Any) -> Iterator[tuple[int, int]]:
    """Where each piece begins and ends: near five minutes, at the quietest moment of its last half minute."""
    begin = 0
    while len(sound) - begin > PIECE * RATE:
        late = begin + (PIECE - LAST) * RATE
        window = int(QUIET * RATE)
        loudness = numpy.abs(sound[late : late + LAST * RATE].astype(numpy.float32)).reshape(-1, window).sum(axis=1)
        end = late + int(loudness.argmin()) * window + window // 2
        yield begin, end
        begin = end
    if begin < len(sound):
        yield begin, len(sound)


def tell(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)  # noqa: T201  # its answers go to the parent by standard output


if __name__ == "__main__":
    main(*sys.argv[1:])
