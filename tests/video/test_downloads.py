"""Downloads: the segments as one file again, which starts before all of it is there."""

from __future__ import annotations

import shutil

import pytest

from fastpix.video import downloads, probe
from fastpix.video.datatypes import Failed, Stopped, Unplayable
from tests.video.clips import H264, picture, tone
from tests.video.packages import make

LONG = (*picture("160x90", 10, 13), *H264, "-g", "60", "-sc_threshold", "0")


@pytest.fixture(scope="module")
def made(make_clip, tmp_path_factory):
    """A copied video of three segments with sound. Not to be changed by a test."""
    folder = tmp_path_factory.mktemp("made")
    source = make_clip("sound.mp4", *picture("160x90", 10, 13), *tone(13), *H264, "-g", "60", "-c:a", "aac")
    make(source, folder)
    assert len(list((folder / "source").glob("*.m4s"))) == 3
    return folder / "source"


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def test_an_mp4_holds_all_and_begins_with_its_index(made, out, each_ffmpeg):
    shares = []
    downloads.mp4(made, out / "capped-4k.mp4", report=shares.append)
    seen = probe.probe(out / "capped-4k.mp4")
    assert (seen.video.codec, seen.audio[0].codec, seen.duration) == ("h264", "aac", pytest.approx(13.0, abs=0.1))
    assert (seen.video.width, seen.video.height, seen.video.longest_gop) == (160, 90, pytest.approx(6.0, abs=0.2))
    raw = (out / "capped-4k.mp4").read_bytes()
    assert raw.index(b"moov") < raw.index(b"mdat") and b"moof" not in raw
    assert shares[-1] == 1.0
    assert [path.name for path in out.iterdir()] == ["capped-4k.mp4"]


def test_an_m4a_holds_the_sound_alone(made, out, each_ffmpeg):
    downloads.m4a(made, out / "audio.m4a")
    seen = probe.probe(out / "audio.m4a")
    assert (seen.video, len(seen.audio), seen.duration) == (None, 1, pytest.approx(13.0, abs=0.1))
    assert (out / "audio.m4a").read_bytes()[4:11] == b"ftypM4A"


def test_sound_alone_can_be_downloaded_both_ways(make_clip, tmp_path, out):
    make(make_clip("a.m4a", *tone(), "-c:a", "aac"), tmp_path)
    downloads.m4a(tmp_path / "audio", out / "audio.m4a")
    downloads.mp4(tmp_path / "audio", out / "capped-4k.mp4")
    for name in ("audio.m4a", "capped-4k.mp4"):
        assert probe.probe(out / name).duration == pytest.approx(2.0, abs=0.1)


def test_a_silent_video_has_no_sound_to_download(make_clip, tmp_path, out):
    make(make_clip("silent.mp4", *LONG), tmp_path)
    with pytest.raises(Unplayable, match="no sound"):
        downloads.m4a(tmp_path / "source", out / "audio.m4a")
    assert not list(out.iterdir())


def test_a_rendition_that_is_not_complete_is_no_download(made, tmp_path, out):
    torn = shutil.copytree(made, tmp_path / "torn")
    (torn / "s00001.m4s").unlink()
    with pytest.raises(Failed):
        downloads.mp4(torn, out / "capped-4k.mp4")
    assert not list(out.iterdir())


def test_what_is_called_off_leaves_nothing_joined_behind(made, out):
    with pytest.raises(Stopped):
        downloads.mp4(made, out / "capped-4k.mp4", should_stop=lambda: True)
    assert not list(out.iterdir())
