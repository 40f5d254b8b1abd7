"""A voice that reads sentences aloud: eSpeak NG, as a package of PyPI brings it, into a WAV file with known times."""

from __future__ import annotations

import ctypes
import re
import wave
from array import array
from functools import cache
from pathlib import Path

import espeakng_loader

RETRIEVAL, WORDS_A_MINUTE, UTF8 = 1, 1, 1
SENTENCES = (
    "Good morning and welcome to the weekly meeting.",
    "We will talk about the new museum in the city, and about the bridge over the river.",
    "The weather was warm in the summer, and many people came to see the garden.",
)
PAUSE_SECONDS = 2.0


@cache
def _library():
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    folder = Path(espeakng_loader.get_data_path()).parent
    rate = library.espeak_Initialize(RETRIEVAL, 0, str(folder).encode(), 0)
    assert rate > 0
    library.espeak_SetVoiceByName(b"en-us")
    library.espeak_SetParameter(WORDS_A_MINUTE, 150, 0)
    return library, rate


def _spoken(sentence):
    """Its samples."""
    library, _ = _library()
    samples = array("h")

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
    def take(wave_data, count, _events):
        if wave_data and count > 0:
            samples.frombytes(ctypes.string_at(wave_data, 2 * count))
        return 0

    library.espeak_SetSynthCallback(take)
    text = sentence.encode() + b"\0"
    library.espeak_Synth(text, len(text), 0, 1, 0, UTF8, None, None)
    library.espeak_Synchronize()
    return samples


def loud(samples, rate):
    """Where of the samples something is heard, in seconds from their beginning."""
    heard = [at for at, sample in enumerate(samples) if abs(sample) > 500]
    return heard[0] / rate, heard[-1] / rate


def read_aloud(to, sentences=SENTENCES, before=1.5):
    """Write the sentences with pauses as the WAV `to`; when each begins and ends to be heard, in seconds."""
    _, rate = _library()
    sound, times = array("h", bytes(2 * int(before * rate))), []
    for sentence in sentences:
        spoken = _spoken(sentence)
        begin = len(sound) / rate
        times.append(tuple(begin + moment for moment in loud(spoken, rate)))
        sound += spoken + array("h", bytes(2 * int(PAUSE_SECONDS * rate)))
    with wave.open(str(to), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(sound.tobytes())
    return times


def words(text):
    """The words of a text, for comparison."""
    return re.findall(r"[a-z0-9']+", text.lower())


def word_error_rate(said, heard):
    """How many words must be put in, taken out or replaced to make the one of the other, for each word that was said."""
    row = list(range(len(heard) + 1))
    for at, word in enumerate(said, start=1):
        left_up, row[0] = row[0], at
        for place, other in enumerate(heard, start=1):
            left_up, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, left_up + (word != other))
    return row[-1] / len(said)
