"""Files whose end is missing, as of an upload or a recording that broke off: taken as far as they go, and it is said."""

from __future__ import annotations

import io

import pytest

from fastpix.video import probe_ends
from fastpix.video.probe import probe
from tests.video.clips import H264, clip, picture, tone
from tests.video.packages import make

pytestmark = pytest.mark.full("ffmpeg makes each file, and reads what was made of it")
AAC = ("-c:a", "aac")
VP8 = ("-c:v", "libvpx", "-deadline", "realtime", "-g", "30", "-c:a", "libopus")
KINDS = {
    "a.mkv": (*H264, "-g", "30", *AAC),
    "a.avi": ("-c:v", "mpeg4", "-g", "30", "-c:a", "libmp3lame"),
    "a.flv": (*H264, "-g", "30", *AAC, "-output_ts_offset", "100"),
}
UNTOLD = {
    "a.mp4": (*H264, "-g", "30", *AAC, "-movflags", "+frag_keyframe+empty_moov"),
    "live.webm": (*VP8, "-live", "1"),
    "open.webm": (*VP8, "-live", "1", "-cluster_time_limit", "500"),
    "a.wmv": ("-c:v", "wmv2", "-g", "30", "-c:a", "wmav2"),
}


def film(folder, name, options):
    return clip(folder, name, *picture(seconds=8), *tone(8), *options)


def cut(whole, to, share=0.75):
    to.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * share)])
    return to


def made(source, folder):
    folder.mkdir()
    return make(source, folder)


@pytest.mark.parametrize("name", KINDS)
def test_how_much_is_missing_is_said_where_the_header_tells_the_length(tmp_path, each_ffmpeg, name):
    whole = film(tmp_path, name, KINDS[name])
    result = made(cut(whole, tmp_path / name), tmp_path / "made")
    assert result.duration == pytest.approx(6, abs=0.4)
    (notice,) = result.notices
    assert "plays for 8 s, and its data ends after 6 s" in notice
    assert made(whole, tmp_path / "whole").notices == ()


@pytest.mark.parametrize("name", UNTOLD)
def test_that_the_end_is_cut_off_is_said_where_nothing_tells_the_length(tmp_path, each_ffmpeg, name):
    whole = film(tmp_path, name, UNTOLD[name])
    result = made(cut(whole, tmp_path / name), tmp_path / "made")
    assert result.duration == pytest.approx(6, abs=0.4)
    (notice,) = result.notices
    assert "end is cut off: the data of this file breaks off after 6 s" in notice
    assert made(whole, tmp_path / "whole").notices == ()


@pytest.mark.parametrize("name", ["a.avi", "a.flv", "live.webm", "a.wmv"])
def test_wherever_the_end_is_cut_off_it_is_found(tmp_path, name):
    data = film(tmp_path, name, {**KINDS, **UNTOLD}[name]).read_bytes()
    container = {"a.avi": "avi", "a.flv": "flv", "live.webm": "matroska,webm", "a.wmv": "asf"}[name]
    assert not is_cut_off(container, data)
    # A cut between two tags or clusters cannot be seen; of these there are few.
    places = range(len(data) // 2, len(data) - 1, len(data) // 97)
    assert sum(is_cut_off(container, data[:place]) for place in places) >= len(places) - 1


def test_a_cluster_that_does_not_say_how_long_it_is_is_followed_to_its_end():
    header = bytes.fromhex("1a45dfa3801853806701ffffffffffffff")
    cluster = bytes.fromhex("1f43b67501ffffffffffffffe78101a38401020304")
    assert not is_cut_off("matroska,webm", header + cluster * 3)
    assert is_cut_off("matroska,webm", (header + cluster * 3)[:-1])
    assert not is_cut_off("matroska,webm", header)
    assert not is_cut_off("matroska,webm", header + cluster + bytes(50)), "what follows is no Matroska"


@pytest.mark.parametrize("container", [*probe_ends.READERS, "mp3", ""])
@pytest.mark.parametrize("data", [b"", b"\0", b"RIFF", b"\xff" * 20, bytes(5000), probe_ends.CLUSTER * 99])
def test_nonsense_is_read_without_an_error(container, data):
    assert is_cut_off(container, data) in (True, False)


def is_cut_off(container, data):
    return probe_ends.is_cut_off(container, io.BytesIO(data), len(data))


def test_a_film_that_lost_its_index_alone_misses_nothing(tmp_path):
    whole = film(tmp_path, "a.mkv", KINDS["a.mkv"])
    at = whole.read_bytes().rindex(bytes.fromhex("1c53bb6b"))  # the cues, behind all pictures
    (tmp_path / "short.mkv").write_bytes(whole.read_bytes()[:at])
    assert probe(tmp_path / "short.mkv").notices == ()
