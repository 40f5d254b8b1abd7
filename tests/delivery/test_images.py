"""Pictures: made by the real ffmpeg from segments, sheets as stored, and what keeps making them within bounds."""

from __future__ import annotations

import io
import os
import subprocess
import threading

import av
import pytest

from fastpix.delivery import image_cache
from fastpix.errors import TooMany
from fastpix.resources.playback_ids.models import PlaybackId
from fastpix.storage import instance as storage
from fastpix.video import tools
from tests.delivery.screening import VERSION, rendition, token

pytestmark = pytest.mark.sqlite
LADDER = {"360p": "640x360", "720p": "1280x720"}


@pytest.fixture(scope="module")
def segments(tmp_path_factory):
    """Real segments of 8 s: two seconds each of red, green, blue and white, a segment a colour."""
    folder = tmp_path_factory.mktemp("segments")
    for name, size in LADDER.items():
        (folder / name).mkdir()
        colours = [
            part
            for c in ("red", "lime", "blue", "white")
            for part in ("-f", "lavfi", "-i", f"color={c}:s={size}:r=10:d=2")
        ]
        command = [tools.ffmpeg(), "-v", "error", *colours, "-filter_complex", "concat=n=4", "-c:v", "libx264"]
        command += ["-preset", "ultrafast", "-force_key_frames", "expr:gte(t,n_forced*2)", "-pix_fmt", "yuv420p"]
        command += ["-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4"]
        command += ["-hls_segment_filename", "s%05d.m4s", "index.m3u8"]
        subprocess.run(command, cwd=folder / name, check=True)
    return {f"{name}/{path.name}": path.read_bytes() for name in LADDER for path in sorted((folder / name).iterdir())}


@pytest.fixture
def film(cinema, segments):
    film = cinema.show(duration=8.0, renditions=[rendition(name, frame_rate=10.0) for name in LADDER])
    for name, data in segments.items():
        storage.get().write(f"{film.folder}/{VERSION}/{name}", data)
    return film


def picture(answer):
    """Width, height and the colour in the middle."""
    assert answer.status_code == 200, answer.text
    with av.open(io.BytesIO(answer.data)) as container:
        frame = next(container.decode(video=0)).reformat(format="rgb24")
    plane = frame.planes[0]
    middle = frame.height // 2 * plane.line_size + frame.width // 2 * 3
    red, green, blue = bytes(plane)[middle : middle + 3]
    names = {(True, False, False): "red", (False, True, False): "green", (False, False, True): "blue"}
    return frame.width, frame.height, names.get((red > 120, green > 120, blue > 120), "white")


def test_a_thumbnail_is_the_picture_of_its_time_in_the_size_asked_for(film, viewer):
    path = f"/images/{film.playback_id}/thumbnail"
    assert picture(viewer(f"{path}.jpg")) == (640, 360, "blue")
    assert picture(viewer(f"{path}.png", query={"time": "0"})) == (640, 360, "red")
    assert picture(viewer(f"{path}.jpg", query={"time": "3.9", "width": "320"})) == (320, 180, "green")
    assert picture(
        viewer(f"{path}.webp", query={"time": "8", "width": "100", "height": "100", "fit_mode": "crop"})
    ) == (100, 100, "white")
    # Larger than the smallest rendition: taken from one that is as large.
    assert picture(viewer(f"{path}.jpg", query={"width": "1280", "time": "1"})) == (1280, 720, "red")


def test_a_clip_moves_through_its_seconds(film, viewer):
    answer = viewer(f"/images/{film.playback_id}/clip.gif", query={"start": "1", "end": "5", "width": "64", "fps": "5"})
    assert picture(answer) == (64, 36, "red")
    assert answer.headers["Content-Type"] == "image/gif"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    with av.open(io.BytesIO(answer.data)) as container:
        assert 18 <= len(list(container.decode(video=0))) <= 21
    moving = viewer(f"/images/{film.playback_id}/clip.webp", query={"width": "64", "fps": "5"})
    assert moving.status_code == 200
    assert moving.data[:4] == b"RIFF"
    assert b"ANIM" in moving.data


def test_a_picture_is_made_once_then_kept_and_still_only_for_those_who_may_see_it(
    film, cinema, later, viewer, monkeypatch
):
    path = f"/images/{film.playback_id}/thumbnail.jpg"
    first = viewer(path, query={"width": "64"})
    monkeypatch.setattr(image_cache, "excerpt", lambda *_: pytest.fail("it was made again"))
    again = viewer(path, query={"width": "64", "time": "4.001"})
    assert again.data == first.data
    assert viewer(path, query={"width": "64"}, If_None_Match=first.headers["ETag"]).status_code == 304
    cinema.change(film, PlaybackId, access_policy="private")
    later(4.1)
    assert viewer(path, query={"width": "64"}).status_code == 401


@pytest.mark.parametrize(
    ("name", "query", "fields"),
    [
        ("thumbnail.jpg", {"time": "-1"}, {"time"}),
        ("thumbnail.jpg", {"time": "8.01"}, {"time"}),
        ("thumbnail.jpg", {"time": "nan"}, {"time"}),
        ("thumbnail.jpg", {"time": "inf"}, {"time"}),
        (
            "thumbnail.jpg",
            {"time": "1s", "width": "0", "height": "1921", "fit_mode": "magic"},
            {"time", "width", "height", "fit_mode"},
        ),
        ("thumbnail.jpg", {"width": "1e3"}, {"width"}),
        ("thumbnail.jpg", {"width": "٣٢٠"}, {"width"}),
        ("thumbnail.png", {"height": "9" * 5000}, {"height"}),
        ("thumbnail.jpg", {"width": "320:-1,drawtext=x"}, {"width"}),
        ("clip.gif", {"start": "5", "end": "5"}, {"end"}),
        ("clip.gif", {"start": "5", "end": "2"}, {"end"}),
        ("clip.webp", {"fps": "31", "width": "641"}, {"fps", "width"}),
        ("clip.webp", {"fps": "0"}, {"fps"}),
    ],
)
def test_nonsense_is_422_with_every_bad_field(cinema, viewer, name, query, fields):
    film = cinema.show(duration=8.0)
    answer = viewer(f"/images/{film.playback_id}/{name}", query=query)
    assert answer.status_code == 422
    assert {each["field"] for each in answer.json["error"]["fields"]} == fields


def test_a_clip_has_at_most_ten_seconds(cinema, viewer):
    film = cinema.show(duration=60.0)
    answer = viewer(f"/images/{film.playback_id}/clip.gif", query={"start": "0", "end": "10.5"})
    assert answer.status_code == 422
    assert answer.json["error"]["fields"][0]["field"] == "end"


def test_the_sheet_says_where_each_tile_lies(cinema, viewer):
    sheet = {"tile_width": 160, "tile_height": 90, "columns": 10, "rows": 2, "interval": 1.5, "count": 12}
    film = cinema.show(sprite=sheet)
    told = viewer(f"/images/{film.playback_id}/spritesheet.json").json
    assert (told["tile_width"], told["tile_height"], len(told["tiles"])) == (160, 90, 12)
    assert told["tiles"][0] == {"start": 0.0, "x": 0, "y": 0}
    assert told["tiles"][11] == {"start": 16.5, "x": 160, "y": 90}
    assert (told["url"], told["duration"]) == (f"http://localhost/images/{film.playback_id}/spritesheet.jpg", 6.0)


def test_the_advanced_sheet_has_a_tile_every_so_many_seconds_as_far_as_there_are(cinema, viewer):
    """FastPix's web player asks for it with whole seconds from 1 to 10, and takes 10 where none are given."""
    sheet = {"tile_width": 160, "tile_height": 90, "columns": 10, "rows": 2, "interval": 1.5, "count": 12}
    film = cinema.show(sprite=sheet, duration=18.0)
    path = f"/images/{film.playback_id}/advanced-spritesheet"
    told = viewer(f"{path}.json").json
    assert told["tiles"] == [{"start": 0.0, "x": 0, "y": 0}, {"start": 10.0, "x": 960, "y": 0}]
    assert told["url"] == f"http://localhost{path}.jpg?interval=10"
    told = viewer(f"{path}.json", query={"interval": "3"}).json
    assert [tile["start"] for tile in told["tiles"]] == [0.0, 3.0, 6.0, 9.0, 12.0, 15.0]
    assert told["tiles"][5] == {"start": 15.0, "x": 0, "y": 90}
    closest = viewer(f"{path}.json", query={"interval": "1"}).json["tiles"]
    assert closest == viewer(f"/images/{film.playback_id}/spritesheet.json").json["tiles"]
    picture = viewer(f"{path}.jpg", query={"interval": "1"})
    assert picture.data == viewer(f"/images/{film.playback_id}/spritesheet.jpg").data
    for wrong in ("0", "11", "1.5", "x"):
        assert viewer(f"{path}.json", query={"interval": wrong}).json["error"]["fields"][0]["field"] == "interval"


def test_the_address_in_a_private_sheet_holds_the_token_on(cinema, viewer):
    private = cinema.show("private")
    given = token(private, cinema.key())
    for kind in ("spritesheet", "advanced-spritesheet"):
        told = viewer(f"/images/{private.playback_id}/{kind}.json", query={"token": given}).json
        assert viewer(told["url"].removeprefix("http://localhost")).status_code == 200


def test_the_storyboard_names_the_sheet_where_it_is_and_hands_the_token_on(cinema, viewer):
    film = cinema.show()
    answer = viewer(f"/images/{film.playback_id}/storyboard.vtt", query={"token": "x"})
    assert "\nspritesheet.jpg#xywh=0,0,160,90" in answer.text
    assert answer.headers["Content-Type"] == "text/vtt; charset=utf-8"
    private = cinema.show("private")
    given = token(private, cinema.key())
    text = viewer(f"/images/{private.playback_id}/storyboard.vtt", query={"token": given}).text
    sheet = text.partition("\nspritesheet.jpg?")[2].partition("#")[0]
    assert viewer(f"/images/{private.playback_id}/spritesheet.jpg?{sheet}").status_code == 200
    assert viewer(f"/images/{private.playback_id}/spritesheet.jpg").status_code == 401


def test_sound_alone_has_no_pictures_and_says_so(cinema, viewer):
    film = cinema.show(is_audio_only=True, renditions=[rendition("audio")], sprite=None)
    for name in ("thumbnail.jpg", "clip.gif", "spritesheet.json", "spritesheet.jpg", "storyboard.vtt"):
        answer = viewer(f"/images/{film.playback_id}/{name}")
        assert answer.status_code == 404
        assert "sound alone" in answer.json["error"]["message"]


def test_two_are_made_at_a_time_and_whoever_wants_the_same_waits_for_it(world):
    gate, running, most, lock = threading.Event(), [], [0], threading.Lock()

    def make(_scratch, to):
        with lock:
            running.append(to.name)
            most[0] = max(most[0], len(running))
        gate.wait(10)
        to.write_bytes(to.name.encode())
        with lock:
            running.remove(to.name)

    made = []
    names = [f"{number}.jpg" for number in range(image_cache.MOST_WAITING)] + ["0.jpg"] * 5
    threads = [threading.Thread(target=lambda n=name: made.append(image_cache.get_or_make(n, make))) for name in names]
    for thread in threads:
        thread.start()
    while len(image_cache._pending) < image_cache.MOST_WAITING:
        pass
    with pytest.raises(TooMany):
        image_cache.get_or_make("one too many.jpg", make)
    gate.set()
    for thread in threads:
        thread.join(10)
    assert len(made) == len(names)
    assert all(path.read_bytes() == path.name.encode() for path in made)
    assert most[0] <= image_cache.MAKERS
    assert image_cache._pending == {}


def test_what_cannot_be_made_leaves_nothing_behind(world):
    def make(scratch, to):
        (scratch / "half").write_bytes(b"x")
        to.write_bytes(b"half")
        raise ValueError("broken")

    for _ in range(2):
        with pytest.raises(ValueError, match="broken"):
            image_cache.get_or_make("x.jpg", make)
    assert list(image_cache.folder().glob("*x.jpg")) == []
    assert list(image_cache.folder().glob("making-*")) == []


def test_the_folder_stays_bounded_and_those_go_first_that_nobody_asked_for(tmp_path):
    for number in range(10):
        (tmp_path / f"{number}.jpg").write_bytes(b"x" * 100)
        os.utime(tmp_path / f"{number}.jpg", (1000 + number, 1000 + number))
    os.utime(tmp_path / "0.jpg", (5000, 5000))
    (tmp_path / "making-old").mkdir()
    (tmp_path / "making-old" / "half").write_bytes(b"x")
    os.utime(tmp_path / "making-old", (1000, 1000))
    (tmp_path / "making-now").mkdir()
    image_cache.sweep(tmp_path, largest=300)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.jpg", "8.jpg", "9.jpg", "making-now"]
