"""Containers that the upload page names and that no other test makes: they are taken, and encoded."""

from __future__ import annotations

import pytest

from fastpix.video import plan
from fastpix.video.datatypes import Wish
from fastpix.video.probe import probe
from tests.video.clips import picture, tone
from tests.video.packages import make, played


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


AMR = b"#!AMR\n" + (b"\x3c" + bytes(31)) * 200  # 4 s of 12.2 kbit/s (RFC 4867, 5)


@pytest.mark.full("ffmpeg makes each file, and reads what was made of it")
@pytest.mark.parametrize(
    ("name", "container", "options"),
    [
        ("a.ac3", "ac3", (*tone(4), "-c:a", "ac3")),
        ("a.eac3", "eac3", (*tone(4), "-c:a", "eac3")),
        ("a.ivf", "ivf", (*picture(seconds=4), "-c:v", "libvpx", "-deadline", "realtime")),
        ("a.amr", "amr", ()),
    ],
)
def test_streams_without_a_container_play_to_their_end(make_clip, tmp_path, each_ffmpeg, name, container, options):
    source = make_clip(name, *options) if options else tmp_path / name
    if not options:
        source.write_bytes(AMR)
    facts = probe(source)
    assert (facts.container, facts.notices, facts.is_audio_only) == (container, (), name != "a.ivf")
    assert facts.duration == pytest.approx(4, abs=0.1)
    (tmp_path / "made").mkdir()
    result = make(source, tmp_path / "made")
    assert (result.is_copy, result.notices) == (False, ())
    assert played(tmp_path / "made" / result.renditions[0].name, tmp_path).duration == pytest.approx(4, abs=0.1)
