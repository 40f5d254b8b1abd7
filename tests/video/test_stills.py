"""Posters, sprites, frames and animations: looked at, not only counted."""

from __future__ import annotations

import re
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fastpix.video import package, stills, tools
from fastpix.video.datatypes import Failed, Wish
from tests.video.clips import H264, picture
from tests.video.packages import make

RED, LIME, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
# Three seconds: one red, one lime, one blue, with a keyframe at each change.
THREE_COLOURS = (
    *(word for name in ("red", "lime", "blue") for word in ("-f", "lavfi", "-i", f"color={name}:s=320x180:r=10:d=1")),
    *("-filter_complex", "[0][1][2]concat=n=3"),
    *(*H264, "-g", "10"),
)


def pixels(image, *filters):
    """The picture, scaled to 8 x 8 (after `filters`), as (red, green, blue); decoded by ffmpeg."""
    graph = ",".join([*filters, "scale=8:8:flags=area"])
    command = [
        tools.ffmpeg(),
        "-v",
        "error",
        "-i",
        str(image),
        "-vf",
        graph,
        "-frames:v",
        "1",
        "-pix_fmt",
        "rgb24",
        "-f",
        "rawvideo",
        "-",
    ]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    return [tuple(raw[at : at + 3]) for at in range(0, 192, 3)]


def is_close(seen, colour):
    return all(abs(one - other) < 60 for one, other in zip(seen, colour, strict=True))


def size(image):
    """Width and height, as ffmpeg reads them."""
    told = subprocess.run([tools.ffmpeg(), "-hide_banner", "-i", str(image)], capture_output=True, text=True).stderr
    return tuple(int(side) for side in re.search(r"Video: .*?(\d{2,})x(\d{2,})", told).groups())


@pytest.fixture(scope="module")
def colours(make_clip):
    return make_clip("colours.mp4", *THREE_COLOURS)


@pytest.fixture(scope="module")
def joined(colours, tmp_path_factory):
    """A rendition as a file: what delivery hands to `frame` and `animation`."""
    folder = tmp_path_factory.mktemp("made")
    make(colours, folder)
    return package.join(package.read(folder / "source"), folder / "joined.mp4")


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


# Keyframes alone are decoded: where we encode there is one every two seconds, and it stays for two tiles.
@pytest.mark.parametrize(
    ("wish", "shown"),
    [(Wish(), (RED, LIME, BLUE)), (Wish(start=0, end=2.9), (RED, RED, BLUE))],
    ids=["copied", "encoded"],
)
def test_each_tile_shows_the_last_keyframe_before_it(colours, tmp_path, wish, shown, each_ffmpeg):
    result = make(colours, tmp_path, wish)
    assert size(tmp_path / "sprite.jpg") == (1600, 90)
    assert (result.sprite.count, result.sprite.columns, result.sprite.rows, result.sprite.interval) == (3, 10, 1, 1.0)
    for number, colour in enumerate(shown):
        middle = pixels(tmp_path / "sprite.jpg", f"crop=160:90:{number * 160}:0")[36]
        assert is_close(middle, colour), (number, middle)


def test_cues_name_the_tiles_that_are_there(colours, tmp_path):
    make(colours, tmp_path)
    cues = (tmp_path / "sprite.vtt").read_text()
    assert cues.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nsprite.jpg#xywh=0,0,160,90\n\n")
    assert "00:00:02.000 --> 00:00:03.000\nsprite.jpg#xywh=320,0,160,90\n" in cues
    assert cues.count("-->") == 3


def test_tall_pictures_keep_their_shape_in_a_tile(make_clip, tmp_path):
    make(make_clip("tall.mp4", "-f", "lavfi", "-i", "color=red:s=180x320:r=10:d=1", *H264), tmp_path)
    for left, colour in ((0, (0, 0, 0)), (75, RED), (150, (0, 0, 0))):
        assert is_close(pixels(tmp_path / "sprite.jpg", f"crop=10:90:{left}:0")[36], colour), left


def test_the_poster_is_from_a_tenth_and_never_enlarged(make_clip, tmp_path):
    two = ["-f", "lavfi", "-i", "color=red:s=320x180:r=10:d=1", "-f", "lavfi", "-i", "color=lime:s=320x180:r=10:d=9"]
    result = make(make_clip("two.mp4", *two, "-filter_complex", "[0][1]concat=n=2", *H264), tmp_path)
    assert result.has_poster and size(tmp_path / "poster.jpg") == (320, 180)
    assert is_close(pixels(tmp_path / "poster.jpg")[36], LIME)


def test_a_large_poster_is_made_small(make_clip, tmp_path):
    make(make_clip("large.mp4", "-f", "lavfi", "-i", "color=red:s=1280x720:r=5:d=1", *H264), tmp_path)
    assert size(tmp_path / "poster.jpg") == (640, 360)


def test_a_video_of_one_picture_has_a_poster_and_a_tile(make_clip, tmp_path):
    result = make(make_clip("one.mp4", "-f", "lavfi", "-i", "color=lime:s=320x180:r=5:d=0.2", *H264), tmp_path)
    assert result.has_poster and result.sprite.count == 1
    assert is_close(pixels(tmp_path / "sprite.jpg", "crop=160:90:0:0")[36], LIME)


@given(duration=some.floats(0.04, 200_000))
def test_tiles_cover_any_duration(duration):
    sheet = stills.sprite(duration)
    assert 1 <= sheet.count <= 100 and sheet.rows * sheet.columns >= sheet.count > (sheet.rows - 1) * sheet.columns
    times = re.findall(r"(\d+):(\d\d):(\d\d\.\d{3})", stills.cues(sheet, duration))
    seconds = [int(hours) * 3600 + int(minutes) * 60 + float(rest) for hours, minutes, rest in times]
    assert seconds == sorted(seconds) and seconds[0] == 0 and seconds[-1] == pytest.approx(duration, abs=0.001)


@pytest.mark.parametrize("kind", ["jpg", "png", "webp"])
def test_a_frame_is_the_picture_of_its_moment(joined, out, kind, each_ffmpeg):
    for at, colour in ((0.0, RED), (1.55, LIME), (2.9, BLUE)):
        to = out / f"{at}.{kind}"
        stills.frame(joined, at, width=None, height=None, fit="preserve", kind=kind, to=to)
        assert size(to) == (320, 180)
        assert is_close(pixels(to)[36], colour), at
    starts = {"jpg": b"\xff\xd8\xff", "png": b"\x89PNG", "webp": b"RIFF"}
    assert to.read_bytes().startswith(starts[kind])


@pytest.mark.parametrize("at", [2.97, 3.0, 500.0])
def test_past_the_end_it_is_the_last_picture(joined, out, at):
    stills.frame(joined, at, width=100, height=None, fit="preserve", kind="png", to=out / "last.png")
    assert is_close(pixels(out / "last.png")[36], BLUE)


@pytest.mark.parametrize(
    ("width", "height", "fit", "expected"),
    [
        (160, None, "preserve", (160, 90)),
        (None, 45, "preserve", (80, 45)),
        (100, 100, "preserve", (100, 56)),
        (100, 100, "stretch", (100, 100)),
        (100, 100, "crop", (100, 100)),
        (100, 100, "pad", (100, 100)),
        (101, 77, "crop", (101, 77)),
    ],
    ids=str,
)
def test_a_frame_fits_as_asked(joined, out, width, height, fit, expected):
    stills.frame(joined, 0, width=width, height=height, fit=fit, kind="png", to=out / "a.png")
    assert size(out / "a.png") == expected
    corner = pixels(out / "a.png")[0]
    assert is_close(corner, (0, 0, 0) if fit == "pad" else RED)


def test_an_animation_shows_its_part_and_begins_again(joined, out, each_ffmpeg):
    stills.animation(joined, 1.0, 2.0, width=160, fps=5, kind="gif", to=out / "a.gif")
    assert size(out / "a.gif") == (160, 90)
    assert is_close(pixels(out / "a.gif")[36], LIME)
    assert b"NETSCAPE2.0\x03\x01\x00\x00" in (out / "a.gif").read_bytes()


def test_a_webp_moves_too(make_clip, out, each_ffmpeg):
    moving = make_clip("moving.mp4", *picture(), *H264)
    stills.animation(moving, 0.5, 1.5, width=160, fps=5, kind="webp", to=out / "a.webp")
    made = (out / "a.webp").read_bytes()
    assert made[8:12] == b"WEBP" and made[made.index(b"ANIM") + 12 :][:2] == b"\0\0"  # without end
    assert made.count(b"ANMF") == 5


def test_what_is_no_video_gives_no_frame(tmp_path, out):
    (tmp_path / "text.mp4").write_text("#EXTM3U\n/etc/passwd\n")
    with pytest.raises(Failed):
        stills.frame(tmp_path / "text.mp4", 0, width=None, height=None, fit="preserve", kind="jpg", to=out / "a.jpg")
