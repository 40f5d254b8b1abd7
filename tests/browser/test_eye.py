"""The eye itself: it sees and hears what is in a film whose times are known, and is not fooled by one out of step."""

from __future__ import annotations

import pytest

from tests.browser.eye import in_step
from tests.video.clips import H264
from tests.video.flashes import MOMENTS, picture, rounded, sound

pytestmark = pytest.mark.full("films are processed by the running server and played in a browser")
PLAIN = (*H264, "-bf", "0", "-g", "50", "-c:a", "aac")


def watched(eye, file, offsets):
    """At its own speed where the offsets are not those: a busy machine shows and hears less exactly at twice the speed."""
    media = eye.show(file)
    seen = eye.watch(media)
    return seen if in_step(seen, offsets) else eye.watch(media, rate=1)


def test_sees_a_film_from_beginning_to_end(eye, film):
    seen = watched(eye, film("plain.mp4", *picture(), *sound(), *PLAIN), [0.0] * len(MOMENTS))
    assert in_step(seen), rounded(seen.offsets)
    assert len(seen.flashes) == len(seen.beeps) == len(MOMENTS)
    assert all(abs(flash - moment) < 0.1 for flash, moment in zip(seen.flashes, MOMENTS, strict=True))
    assert seen.is_over
    assert seen.ended_at == pytest.approx(8, abs=0.1)
    assert seen.frames == 200
    assert seen.sizes == ((320, 180),)


def test_hears_what_is_out_of_step_in_the_film_itself(eye, film):
    late = [moment + 0.3 for moment in MOMENTS]
    seen = watched(eye, film("late.mp4", *picture(), *sound(moments=late), *PLAIN), [0.3] * len(MOMENTS))
    assert not in_step(seen)
    # A frame that was painted late moves a flash by 40 ms: the eye is as exact as that, and no more.
    assert in_step(seen, [0.3] * len(MOMENTS), granted=0.05), rounded(seen.offsets)
