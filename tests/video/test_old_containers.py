"""Containers that the upload page names and that no other test makes: they are taken, and encoded."""

from __future__ import annotations

import pytest

from fastpix.video import plan
from fastpix.video.datatypes import Wish
from fastpix.video.probe import probe
from tests.video.clips import picture, tone


@pytest.mark.parametrize(
    ("name", "container", "options"),
    [
        ("a.wmv", "asf", ("-c:v", "wmv2", "-c:a", "wmav2")),
        ("a.mpg", "mpeg", ("-c:v", "mpeg2video", "-c:a", "mp2")),
        ("a.mxf", "mxf", ("-c:v", "mpeg2video", "-ar", "48000", "-c:a", "pcm_s16le")),
    ],
)
def test_it_is_read_and_will_be_encoded(make_clip, name, container, options):
    made = make_clip(name, *picture(rate=25, seconds=1), *tone(1), "-shortest", *options)
    facts = probe(made)
    assert facts.container == container
    assert facts.duration == pytest.approx(1, abs=0.2)
    assert facts.audio
    assert not plan.plan(facts, Wish()).is_copy
