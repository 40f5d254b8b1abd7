"""Red stays red: in the player, on the poster, in the strip, and in every picture that can be asked for."""

from __future__ import annotations

import pytest

from tests.browser.eye import near
from tests.video.coloured_films import COLOURED, coloured
from tests.video.flashes import PATCHES

pytestmark = pytest.mark.full("two dozen films are processed by the running server and played in a browser")

# Without a GPU, Chromium draws BT.709 with a coefficient of 2 for 2.11, which takes ten steps from this blue.
BROWSERS_OWN = 11
# Seconds of each film that are played: its colours are the same throughout.
LOOK = 0.5


@pytest.fixture(scope="module")
def sent(eye, tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    return {name: eye.send(coloured(name, folder)) for name in COLOURED}


@pytest.mark.parametrize("name", COLOURED)
def test_every_film_keeps_its_colours(name, eye, sent):
    media = eye.ready(sent[name])
    assert media.status == "Ready", media.reason
    seen = {"film": eye.watch(media, until=LOOK).colours, **eye.pictures(media)}
    wrong = {
        f"{place}: {spot}": found.get(spot, found)
        for place, found in seen.items()
        for spot, colour in PATCHES.items()
        if spot not in found or not near(found[spot], colour, BROWSERS_OWN if place == "film" else 8)
    }
    assert not wrong
