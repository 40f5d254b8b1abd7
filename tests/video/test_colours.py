"""The numbers of every film's colours, and what is said of them, as they come out of the ffmpeg that no browser looks at."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from fastpix.video import colours, package, probe, second_reader, stills
from tests.video.coloured_films import COLOURED, coloured
from tests.video.flashes import PATCHES
from tests.video.packages import make

pytestmark = pytest.mark.full("two dozen films are made and processed")
SPOTS = {name: ((number + 0.5) / 3, 0.78) for number, name in enumerate(PATCHES)}
# Red, green and blue of the films in limited BT.709 and BT.601.
NUMBERS = {1: ((57, 108, 225), (134, 63, 51), (54, 205, 121)), 6: ((73, 95, 224), (113, 72, 58), (60, 206, 116))}


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    return tmp_path_factory.mktemp("films")


def read(frame: av.VideoFrame) -> list[tuple[int, ...]]:
    """The three parts of each spot, in the form that the frame has."""
    found = []
    for x, y in SPOTS.values():
        parts = []
        for plane in frame.planes[:3]:
            size = plane.line_size
            channels = 3 if frame.format.name == "rgb24" else 1
            column = int(x * plane.width) * channels
            place = int(y * plane.height) * size + column
            parts += bytes(plane)[place : place + channels]
        found.append(tuple(parts))
    return found


def first(path: Path, form: str = "") -> av.VideoFrame:
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        return frame.reformat(format=form) if form else frame


def near(seen, wanted, within):
    pairs = zip(seen, wanted, strict=True)
    return all(abs(a - b) <= within for one, other in pairs for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("name", COLOURED)
def test_every_film_comes_out_in_the_colours_that_it_says(name, films, tmp_path, rarer_ffmpeg):
    made = make(coloured(name, films), tmp_path)
    for rendition in made.renditions:
        joined = package.join(package.read(tmp_path / rendition.name), tmp_path / "joined.mp4")
        frame = first(joined)
        said = frame.colorspace if frame.colorspace != 2 else 1  # as players take it
        assert near(read(frame), NUMBERS[6 if said in (5, 6) else said], 4), (read(frame), said)
        numbers = [int(frame.colorspace), int(frame.color_primaries), int(frame.color_trc), int(frame.color_range)]
        assert made.is_copy or numbers == [1, 1, 1, 1]
        stills.frame(joined, 0.5, width=320, height=None, fit="preserve", kind="png", to=tmp_path / "still.png")
        assert near(read(first(tmp_path / "still.png", "rgb24")), PATCHES.values(), 6)
    poster = first(tmp_path / "poster.jpg", "rgb24")
    assert near(read(poster), PATCHES.values(), 10), read(poster)


@pytest.mark.parametrize("name", [name for name in COLOURED if "vp8" in name or "alone" in name or "motion" in name])
def test_both_readers_agree_on_what_the_container_says(name, films):
    film = coloured(name, films)
    second = second_reader.look(film)
    seen = colours.read(second["picture"], second["video"]["declared"], second["video"]["codec"])
    assert seen == probe.probe(film).video.colours
