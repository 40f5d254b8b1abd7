"""Sound and picture by the segments' own times, which are what players obey; and by ffmpeg, which obeys edit lists."""

from __future__ import annotations

import pytest

from fastpix.video import package
from tests.video.flashes import as_ffmpeg, own_times
from tests.video.odd_films import FILMS
from tests.video.packages import make

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
