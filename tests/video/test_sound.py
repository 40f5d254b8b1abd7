"""Sound that is fitted to the picture: each of its frames is the source's own, or silence."""

from __future__ import annotations

import av
import pytest

from fastpix.video import package, sound_child
from tests.video.odd_films import NAMED
from tests.video.packages import make


def frames(path):
    with av.open(str(path)) as container:
        return [sound_child.bare(bytes(packet)) for packet in container.demux(audio=0) if packet.size]


@pytest.mark.full("films are made and processed")
@pytest.mark.parametrize(
    "name", ["sound 3 s late mkv", "a gap in the sound mp4", "half as much sound mp4", "half as much sound ts"]
)
def test_nothing_is_encoded_where_sound_only_lacks(name, tmp_path, each_ffmpeg):
    (tmp_path / "films").mkdir()
    (tmp_path / "made").mkdir()
    source = NAMED[name].at(tmp_path / "films")
    made = make(source, tmp_path / "made")
    assert made.is_copy
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == [
        *("poster.jpg", "source", "sprite.jpg", "sprite.vtt"),
    ]
    written = frames(package.join(package.read(tmp_path / "made/source"), tmp_path / "joined.mp4"))
    kept = [frame for frame in written if frame not in sound_child.SILENCE.values()]
    assert kept == frames(source)
    assert len(written) > len(kept) + 60  # silence is there, too


def test_a_frame_gets_a_header_and_loses_it_again():
    for rate, channels in ((44_100, 2), (48_000, 1), (8_000, 2)):
        framed = sound_child.framed(b"frame", rate, channels)
        assert len(framed) == 12 and framed[:2] == b"\xff\xf1"
        assert sound_child.bare(framed) == b"frame"
    assert sound_child.bare(b"\x21\x00raw") == b"\x21\x00raw"
