"""Sound and picture by the segments' own times, which are what players obey; and by ffmpeg, which obeys edit lists."""

from __future__ import annotations

import pytest

from fastpix.video import package, probe, tracks
from tests.video.clips import clip
from tests.video.flashes import GRANTED, MOMENTS, as_ffmpeg, own_times, sound
from tests.video.odd_films import FILMS
from tests.video.packages import make

# Of copies and encodes, by how late their own times are and by what begins first.
BESIDE = ("plain mp4", "b-frames, 10 a second mp4", "encoded, 10 a second mkv", "encoded webm", "sound 3 s late mkv",
          "picture 1.6 s late mp4", "picture 1.6 s late, encoded mkv", "no packet of sound mp4")  # fmt: skip
pytestmark = pytest.mark.full("dozens of films are made and processed")


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    return tmp_path_factory.mktemp("films")


@pytest.mark.parametrize("film", FILMS, ids=lambda film: film.name)
def test_every_film_is_in_step_by_the_times_of_its_segments_and_lasts(film, films, tmp_path, rarer_ffmpeg):
    made = make(film.at(films), tmp_path)
    for rendition in made.renditions:
        joined = package.join(package.read(tmp_path / rendition.name), tmp_path / "joined.mp4")
        assert not film.faults(*own_times(joined))
        assert not film.faults(*as_ffmpeg(joined))
        assert ("mp4a" in rendition.codecs) is not film.is_silent
    assert made.duration == pytest.approx(film.seconds, abs=0.2)


@pytest.fixture(scope="module")
def dub(films):
    """The film's beeps in another file: what somebody adds in another language."""
    return clip(films, "dub.wav", *sound(), "-c:a", "pcm_s16le")


@pytest.mark.parametrize("film", [film for film in FILMS if film.name in BESIDE], ids=lambda film: film.name)
def test_a_sound_that_is_added_is_in_step_with_every_rendition(film, films, dub, tmp_path):
    made = make(film.at(films), tmp_path)
    for rendition in made.renditions:
        whole = package.read(tmp_path / rendition.name)
        folder = tmp_path / f"beside-{rendition.name}"
        folder.mkdir()
        begin = package.origin(whole.init, whole.segments[0].path)
        tracks.audio_track(dub, folder, made.duration, facts=probe.probe(dub), origin=begin)
        flashes, _ = own_times(package.join(whole, tmp_path / "joined.mp4"))
        _, beeps = own_times(package.join(package.read(folder), tmp_path / "beside.mp4"))
        shown = dict(zip(film.seen, flashes, strict=True))
        late = [beep - shown[moment] for moment, beep in zip(MOMENTS, beeps, strict=True) if moment in shown]
        assert late and all(abs(each) <= max(GRANTED, 1 / film.rate) for each in late), late
