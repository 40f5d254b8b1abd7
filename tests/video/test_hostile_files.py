"""Files made to read other people's files, to reach the network, or to use up the machine. None of them may."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress

import av
import pytest

from fastpix.video import probe as probing
from fastpix.video import run
from fastpix.video.datatypes import Failed, Limits, Unplayable
from fastpix.video.probe import probe
from tests.video import crafted
from tests.video.clips import H264, colour, picture, tone

HLS = [
    *("file", "http", "absolute", "relative", "map", "map over http", "key", "key over http", "concat", "subfile"),
    *("crypto", "tcp", "data", "master", "master over http"),
]
SCRIPTS = [
    *("concat script, file", "concat script, http", "concat script, relative", "SVG with a picture"),
    *("SVG with a picture over http", "SVG with an entity", "DASH, file", "DASH, http", "SDP", "VobSub", "ASX", "PLS"),
]
LIMITS = Limits(cpu_seconds=10, wall_seconds=30, output_bytes=5 << 20)


@pytest.fixture
def folder(secrets):
    """The upload's folder, next to that of the secrets, so that `../` leads there."""
    folder = secrets.folder.parent / "upload"
    folder.mkdir(exist_ok=True)
    yield folder
    for path in folder.iterdir():
        path.unlink()


@pytest.fixture
def safe(secrets, listener):
    """Call it: nothing was opened and nobody connected since."""

    def check():
        assert not secrets.opened(), "another tenant's file was opened"
        assert not listener.strangers(), "a connection was made"

    secrets.opened(), listener.strangers()
    return check


def bare(ffmpeg, *arguments):
    """ffmpeg without our launcher, so that its network is there and the options alone must hold."""
    command = [
        ffmpeg,
        "-hide_banner",
        "-nostdin",
        "-v",
        "error",
        "-y",
        *map(str, arguments),
        "-t",
        "1",
        "-f",
        "null",
        "-",
    ]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def attack(ffmpeg, paths):
    """Try all doors on `paths`: the hardened options alone, libav in the probe alone, then what a worker calls."""
    for process in [bare(ffmpeg, *run.HARD, "-i", path) for path in paths]:
        assert process.wait(30) != 0
    # The refusal by a file's first bytes must not be the only one.
    assert "error" in probing._look(paths[0], lambda: False)
    for path in paths:
        with pytest.raises(Unplayable, match=r"\.$"):
            probe(path)


@pytest.mark.parametrize("kind", HLS)
def test_a_playlist_reads_nothing_whatever_it_is_called(kind, each_ffmpeg, folder, secrets, listener, safe):
    text = crafted.hls(secrets, listener.port)[kind]
    paths = [folder / f"source{suffix}" for suffix in (".m3u8", ".mp4", ".avi", ".ts", "")]
    for path in paths:
        path.write_text(text)
    attack(each_ffmpeg, paths)
    safe()


@pytest.mark.full("ffmpeg, twelve times")
@pytest.mark.parametrize("kind", SCRIPTS)
def test_a_text_that_names_files_reads_nothing(kind, each_ffmpeg, folder, secrets, listener, safe):
    name, text = crafted.scripts(secrets, listener.port)[kind]
    (folder / name).write_text(text)
    if kind == "VobSub":  # it wants its neighbour of the same name
        os.link(secrets.folder / "secret.sub", folder / "source.sub")
    attack(each_ffmpeg, [folder / name])
    safe()


def test_every_kind_of_text_is_tried(secrets, listener):
    assert set(HLS) == set(crafted.hls(secrets, listener.port))
    assert set(SCRIPTS) == set(crafted.scripts(secrets, listener.port))


def movies(secrets, make_clip):
    """Movies whose media is said to be in another file."""
    movie = make_clip("own.mov", *picture(seconds=1), *H264).read_bytes()
    return {
        "alias": crafted.with_reference(movie, crafted.alias_entry(secrets.media)),
        "relative alias": crafted.with_reference(movie, crafted.alias_entry(secrets.media, levels=2)),
        "url": crafted.with_reference(movie, crafted.url_entry(f"file://{secrets.media}")),
    }


def gab2(secrets, make_clip):
    avi = make_clip("own.avi", *picture(seconds=1), *tone(1), "-c:v", "mpeg4", "-c:a", "pcm_s16le").read_bytes()
    return crafted.with_subtitle_playlist(avi, crafted.playlist(secrets.media))


@pytest.mark.parametrize("kind", ["alias", "relative alias", "url"])
def test_a_movie_whose_media_is_elsewhere_reads_nothing(kind, each_ffmpeg, folder, secrets, make_clip, safe):
    path = folder / "source.mov"
    path.write_bytes(movies(secrets, make_clip)[kind])
    bare(each_ffmpeg, *run.HARD, "-i", path).wait(30)
    work_on(path)
    safe()


def test_an_avi_whose_subtitle_is_a_playlist_reads_nothing(each_ffmpeg, folder, secrets, make_clip, safe):
    path = folder / "source.avi"
    path.write_bytes(gab2(secrets, make_clip))
    with av.open(str(path)) as container:  # the file is what it is meant to be
        assert [stream.type for stream in container.streams] == ["video", "subtitle"]
    bare(each_ffmpeg, *run.HARD, "-i", path, "-map", "0").wait(30)
    work_on(path)
    safe()


def work_on(path):
    """What a worker does with a file; it may end well or be refused."""
    with suppress(Unplayable, Failed):
        probe(path)
        run.ffmpeg(encode(path), folder=path.parent, planned_seconds=1, limits=LIMITS)


def encode(path, *options):
    return [*run.HARD, *options, "-i", str(path), *H264, "-threads", "1", "-t", "2", str(path.with_suffix(".out.mp4"))]


# The tests of the tests: without our options the same files do open the secret, and the traps see it.


def test_the_traps_see_an_unhardened_ffmpeg_open_the_secret(each_ffmpeg, folder, secrets, listener):
    path = folder / "source.m3u8"
    path.write_text(crafted.hls(secrets, listener.port)["absolute"])
    secrets.opened()
    assert bare(each_ffmpeg, "-i", path).wait(30) == 0
    assert secrets.opened()


def test_the_traps_see_an_ffmpeg_that_may_use_the_network_connect(each_ffmpeg, folder, secrets, listener):
    path = folder / "source.m3u8"
    path.write_text(crafted.hls(secrets, listener.port)["http"])
    listener.strangers()
    assert bare(each_ffmpeg, "-protocol_whitelist", "file,http,tcp", "-i", path).wait(30) == 0
    assert listener.strangers()


@pytest.mark.parametrize("kind", ["alias", "relative alias"])
def test_the_traps_see_a_movie_open_the_secret_once_references_are_enabled(
    kind, each_ffmpeg, folder, secrets, make_clip
):
    path = folder / "source.mov"
    path.write_bytes(movies(secrets, make_clip)[kind])
    secrets.opened()
    bare(each_ffmpeg, "-enable_drefs", "1", "-use_absolute_path", "1", "-i", path).wait(30)
    assert secrets.opened()


def test_the_traps_see_libav_without_our_options_open_the_secret(folder, secrets, listener):
    path = folder / "source.m3u8"
    path.write_text(crafted.hls(secrets, listener.port)["absolute"])
    secrets.opened()
    with av.open(str(path)):
        assert secrets.opened()


# Bombs: small files that ask for much. The limits are low here so that the tests are quick.


@pytest.fixture
def endless(make_clip):
    """Arguments of an input that never ends."""
    return ["-stream_loop", "-1", *run.HARD, "-i", str(make_clip("small.mp4", *picture(seconds=1), *H264))]


def broken(arguments, folder, **limits):
    """The sentence with which ffmpeg is stopped that runs under `limits`."""
    with pytest.raises(Failed) as failed:
        run.ffmpeg(arguments, folder=folder, planned_seconds=1, limits=Limits(**{"wall_seconds": 30, **limits}))
    assert not failed.value.__cause__
    return str(failed.value)


def test_work_without_end_is_cut_at_the_processor_time(each_ffmpeg, endless, tmp_path):
    arguments = [*endless, "-vf", "scale=1280:720", *H264, "-threads", "1", "-f", "null", "-"]
    assert "1 seconds of processor time" in broken(arguments, tmp_path, cpu_seconds=1)


def test_output_without_end_is_cut_at_the_size_of_the_folder(each_ffmpeg, endless, tmp_path):
    (tmp_path / "deep").mkdir()
    arguments = [*endless, "-f", "rawvideo", "deep/out.yuv"]
    assert "too large: more than 2 MiB" in broken(arguments, tmp_path, output_bytes=2 << 20, file_bytes=2 << 30)


def test_one_enormous_file_is_cut_by_the_kernel(each_ffmpeg, endless, tmp_path):
    broken([*endless, "-f", "rawvideo", "out.yuv"], tmp_path, file_bytes=300_000)
    assert (tmp_path / "out.yuv").stat().st_size <= 300_000


def test_memory_is_limited(each_ffmpeg, make_clip, tmp_path):
    large = make_clip("large.mp4", *colour("3840x2160", seconds=0.2), *H264)
    arguments = [*run.HARD, "-i", str(large), *H264, "-threads", "1", "-f", "null", "-"]
    broken(arguments, tmp_path, memory_bytes=200 << 20)
    assert run.ffmpeg(arguments, folder=tmp_path, planned_seconds=0.2, limits=Limits())


def test_a_picture_with_too_many_pixels_is_refused_before_it_is_decoded(each_ffmpeg, make_clip, tmp_path):
    huge = make_clip(
        "huge.avi", *colour("8208x4320", rate=1, seconds=1), "-frames:v", "1", "-c:v", "mjpeg", "-threads", "1"
    )
    with pytest.raises(Unplayable, match="8208 x 4320 pixels"):
        probe(huge)
    broken([*run.HARD, "-i", str(huge), "-f", "null", "-"], tmp_path)


@pytest.mark.parametrize(
    ("size", "ratio", "refusal"), [("1200x1200", "50", "too large: 60000 x 1200"), ("64x64", "1/20", "too small")]
)
def test_pixels_that_are_not_square_do_not_lead_around_the_limits(size, ratio, refusal, make_clip):
    with pytest.raises(Unplayable, match=refusal):
        probe(make_clip("stretched.mp4", *colour(size, seconds=0.1), "-vf", f"setsar={ratio}", *H264))


def test_hours_of_nothing_are_refused_by_their_length(make_clip):
    short = make_clip("black.mp4", *colour("64x64", rate=1, seconds=60), *H264)
    long = make_clip("hours.mp4", "-stream_loop", "59", "-i", str(short), "-c", "copy")
    with pytest.raises(Unplayable, match="1 h, and at most 10 min are allowed"):
        probe(long, max_seconds=600)
    assert probe(long).duration == pytest.approx(3600, abs=2)


def test_two_pictures_a_day_apart_are_refused_by_their_length(make_clip):
    apart = make_clip(
        "apart.mp4",
        *colour("64x64", seconds=1),
        "-vf",
        "setpts=N*100000/TB",
        "-frames:v",
        "2",
        "-fps_mode",
        "vfr",
        *H264,
    )
    with pytest.raises(Unplayable, match="27 h"):
        probe(apart)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_thousand_pictures_a_second_are_refused(suffix, make_clip):
    fast = make_clip(f"fast.{suffix}", *colour("64x64", rate=1000, seconds=1), *H264)
    with pytest.raises(Unplayable, match="1,000 frames a second"):
        probe(fast)


def test_hundreds_of_tracks_are_refused(each_ffmpeg, make_clip, tmp_path):
    maps = ["-map", "0:a"] * 300
    many = make_clip("many.mov", "-i", str(make_clip("tone.m4a", *tone(1), "-c:a", "aac")), *maps, "-c", "copy")
    with pytest.raises(Unplayable, match="more than 32 tracks"):
        probe(many)
    broken([*run.HARD, "-i", str(many), "-f", "null", "-"], tmp_path)


def test_a_worker_goes_on_after_an_attack(each_ffmpeg, folder, secrets, listener, make_clip, safe):
    path = folder / "source.m3u8"
    path.write_text(crafted.hls(secrets, listener.port)["absolute"])
    broken(encode(path), folder)
    good = make_clip("small.mp4", *picture(seconds=1), *H264)
    assert probe(good).video
    copy = [*run.HARD, "-i", str(good), "-c", "copy", "good.mp4"]
    assert run.ffmpeg(copy, folder=folder, planned_seconds=1, limits=LIMITS).cpu_seconds < 5
    assert (folder / "good.mp4").stat().st_size
    safe()
