"""A film is watched on the embed page while it is still being encoded: from its beginning, in step, to its end."""

from __future__ import annotations

import pytest

from tests.video.flashes import LASTS, picture, rounded, sound

pytestmark = pytest.mark.full("a film long enough to be watched while the running server encodes it")
SECONDS = 26
MOMENTS = tuple(0.6 + 3 * number + 0.1 * (number % 3) for number in range(8))


def test_a_film_is_watched_from_its_beginning_to_its_end_while_it_is_encoded(eye, film):
    file = film(
        "long.avi",
        *picture(SECONDS, size="1280x720", rate=50, moments=MOMENTS),
        *sound(SECONDS, moments=MOMENTS),
        *("-c:v", "mpeg4", "-q:v", "3", "-c:a", "libmp3lame"),
    )
    media = eye.playing(eye.send(file))
    seen = eye.watch(media, patience=30, seconds=120)
    assert eye.ready(media.id).status == "Ready"
    assert not seen.message
    assert not seen.error
    assert len(seen.flashes) == len(MOMENTS), rounded(seen.flashes)
    assert all(abs(flash - moment) < 0.1 for flash, moment in zip(seen.flashes, MOMENTS, strict=True))
    # Where it waited for more, a beep is heard in parts: the first of them begins late, but never outside the flash.
    late = [min((beep - flash for beep in seen.beeps if beep > flash - 0.06), default=9) for flash in seen.flashes]
    assert max(late) < LASTS, rounded(seen.beeps)
    assert sum(each < 0.06 for each in late) > len(MOMENTS) / 2, rounded(seen.beeps)
    assert seen.is_over
    assert seen.ended_at == pytest.approx(SECONDS, abs=0.3)
    assert 0 < seen.first_duration < SECONDS - 5 < seen.duration, "its length grows"


def test_a_film_of_which_much_is_made_is_watched_from_its_beginning_all_the_same(eye, film):
    """Players begin near the newest segment of a playlist without an end: here that is half a minute on."""
    file = film(
        "longer.avi",
        *picture(300, size="854x480", rate=10, moments=[0.6, 30, 36]),
        *("-c:v", "mpeg4", "-g", "20"),
    )
    media = eye.playing(eye.send(file), segments=6)
    seen = eye.watch(media, until=2, patience=30)
    eye.ask("DELETE", f"/on-demand/{media.id}")
    assert seen.first_duration > 30
    assert len(seen.flashes) == 1, rounded(seen.flashes)
    assert abs(seen.flashes[0] - 0.6) < 0.4
