"""How bytes are sent: types, ranges, validators, caches, CORS; no cookie, no query of the database, nginx where it is."""

from __future__ import annotations

import io

import pytest
import sqlalchemy as sa

from fastpix.processes import gunicorn_config
from fastpix.storage import instance as storage
from tests.delivery.screening import VERSION, segment, token

pytestmark = pytest.mark.sqlite

YEAR = "public, max-age=31536000, immutable"
TYPES = {
    "720p/index.m3u8": "application/vnd.apple.mpegurl",
    "720p/init.mp4": "video/mp4",
    "720p/s00000.m4s": "video/iso.segment",
    "poster.jpg": "image/jpeg",
    "sprite.vtt": "text/vtt; charset=utf-8",
    "audio.m4a": "audio/mp4",
}


@pytest.fixture
def film(cinema):
    return cinema.show()


@pytest.mark.parametrize(("path", "content_type"), TYPES.items())
def test_each_kind_has_its_type_and_may_be_kept_a_year_but_playlists_a_minute(film, viewer, path, content_type):
    answer = viewer(f"{film.public}/{film.version}/{path}")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["Cache-Control"] == ("public, max-age=60" if "m3u8" in path else YEAR)


def test_a_master_may_be_kept_a_minute_and_a_private_one_by_nobody(film, cinema, viewer):
    assert viewer(film.master).headers["Cache-Control"] == "public, max-age=60"
    private = cinema.show("private")
    answer = viewer(private.master, query={"token": token(private, cinema.key())})
    assert answer.headers["Cache-Control"] == "private, no-store"
    prefix = next(line for line in answer.text.splitlines() if line.startswith("m/")).partition(f"/{VERSION}/")[0]
    part = viewer(f"/stream/{prefix}/{private.segment}")
    assert part.headers["Cache-Control"] == "private, max-age=3600"
    master = viewer(f"/stream/{prefix}/master.m3u8")
    assert master.headers["Cache-Control"] == "private, no-store"


def test_pictures_and_downloads_by_their_lasting_address_are_kept_an_hour(film, viewer):
    for path in (f"/stream/{film.playback_id}/audio.m4a", f"/images/{film.playback_id}/spritesheet.jpg"):
        assert viewer(path).headers["Cache-Control"] == "public, max-age=3600"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, 5000),
        ("bytes=-50", 4950, 5000),
        ("bytes=4999-4999", 4999, 5000),
        ("bytes=10-99999", 10, 5000),
        ("bytes=-5000", 0, 5000),
        ("bytes=-99999", 0, 5000),
    ],
)
def test_a_range_is_206_with_exactly_its_bytes(film, viewer, asked, start, end):
    answer = viewer(f"{film.public}/{film.segment}", Range=asked)
    assert answer.status_code == 206
    assert answer.data == segment(1)[start:end]
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/5000"
    assert answer.headers["Content-Length"] == str(end - start)


def test_a_range_outside_is_416_and_says_how_much_there_is(film, viewer):
    for asked in ("bytes=5000-", "bytes=9000-9001"):
        answer = viewer(f"{film.public}/{film.segment}", Range=asked)
        assert answer.status_code == 416
        assert answer.headers["Content-Range"] == "bytes */5000"
        assert answer.data == b""


@pytest.mark.parametrize("asked", ["bytes=0-1,3-4", "bytes=9-1", "seconds=0-1", "bytes=x-y", "bytes", "bytes=--1"])
def test_what_is_no_single_range_gets_the_whole(film, viewer, asked):
    answer = viewer(f"{film.public}/{film.segment}", Range=asked)
    assert answer.status_code == 200
    assert answer.data == segment(1)


def test_who_has_it_already_is_told_so(film, viewer):
    first = viewer(f"{film.public}/{film.segment}")
    again = viewer(f"{film.public}/{film.segment}", If_None_Match=first.headers["ETag"])
    assert again.status_code == 304
    assert again.data == b""
    assert again.headers["Cache-Control"] == YEAR
    other = viewer(f"{film.public}/{VERSION}/360p/s00000.m4s")
    assert other.headers["ETag"] != first.headers["ETag"]


def test_a_range_of_another_content_gets_the_whole(film, viewer):
    path = f"{film.public}/{film.segment}"
    tag = viewer(path).headers["ETag"]
    assert viewer(path, Range="bytes=0-9", If_Range=tag).status_code == 206
    assert viewer(path, Range="bytes=0-9", If_Range='"other"').status_code == 200
    assert viewer(path, Range="bytes=0-9", If_Range="Wed, 21 Oct 2026 07:28:00 GMT").status_code == 200


def test_head_says_the_same_without_the_bytes(film, viewer):
    for path in (film.master, f"{film.public}/{film.segment}", f"/images/{film.playback_id}/spritesheet.jpg"):
        whole, head = viewer(path), viewer(path, method="HEAD")
        assert head.status_code == 200
        assert head.data == b""
        for name in ("Content-Type", "Cache-Control", "Content-Length", "Access-Control-Allow-Origin"):
            assert head.headers.get(name) == whole.headers.get(name), (path, name)


def test_any_site_may_read_and_is_told_the_length(film, viewer):
    for path in (
        film.master,
        f"{film.public}/{film.segment}",
        f"/images/{film.playback_id}/nothing.jpg",
        "/stream/x.m3u8",
    ):
        headers = viewer(path, Origin="https://example.com").headers
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert headers["Access-Control-Expose-Headers"] == "Content-Length, Content-Range, Retry-After"
        assert "Access-Control-Allow-Credentials" not in headers
        assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "X-Frame-Options" not in headers


def test_a_browser_that_asks_first_may_send_a_range(cinema, viewer):
    film = cinema.show("private")
    answer = viewer(film.master, method="OPTIONS", Origin="https://a.net", Access_Control_Request_Method="GET")
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Headers"] == "Range"
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.data == b""


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused_as_players_read_it(film, viewer, method):
    answer = viewer(film.master, method=method)
    assert answer.status_code == 405
    assert answer.json["error"]["code"] == 405


def test_no_cookie_is_set_nor_looked_at(film, ada, viewer):
    for path in (film.master, f"{film.public}/{film.segment}", film.doors[6], "/stream/nothing", film.master + "x"):
        for answer in (viewer(path), ada.page.get(path), viewer(path, Cookie="fastpix_state=x; fastpix_session=y")):
            assert "Set-Cookie" not in answer.headers, path
            assert "Vary" not in answer.headers, path


@pytest.fixture
def queries(world):
    """The statements that the database is asked."""
    asked = []

    def note(_connection, _cursor, statement, *_more):
        asked.append(statement)

    sa.event.listen(world.engine, "before_cursor_execute", note)
    yield asked
    sa.event.remove(world.engine, "before_cursor_execute", note)


def test_a_segment_of_a_known_playback_id_asks_the_database_nothing(film, cinema, queries, ada, viewer):
    viewer(film.master)
    assert len(queries) > 0
    queries.clear()
    for number in range(20):
        assert viewer(f"{film.public}/{VERSION}/720p/s00000.m4s", Range=f"bytes={number}-").status_code == 206
    assert ada.page.get(f"{film.public}/{film.segment}").status_code == 200
    assert viewer(film.master).status_code == 200
    assert queries == []


def test_private_segments_and_ids_that_nobody_has_are_known_too(cinema, queries, later, viewer):
    film = cinema.show("private")
    given = {"token": token(film, cinema.key())}
    nobody = "/stream/11111111-2222-4333-8444-555555555555.m3u8"
    viewer(film.master, query=given)
    viewer(nobody)
    queries.clear()
    assert viewer(film.master, query=given).status_code == 200
    assert viewer(nobody).status_code == 404
    assert queries == []
    later(4.1)
    viewer(nobody)
    assert len(queries) > 0


def test_nginx_sends_where_it_is_told_to(world, cinema, film, viewer):
    world.set(accel_prefix="/_fastpix_media/")
    answer = viewer(f"{film.public}/{film.segment}", Range="bytes=0-9")
    assert answer.status_code == 200
    assert answer.data == b""
    assert answer.headers["X-Accel-Redirect"] == f"/_fastpix_media/{film.folder}/{film.segment}"
    assert answer.headers["Content-Type"] == "video/iso.segment"
    assert answer.headers["Cache-Control"] == YEAR
    assert viewer(f"{film.public}/{VERSION}/720p/s00001.m4s").status_code == 404


class Bucket:
    """What S3 storage does for a reader: no local path, sizes by a request, pieces by range."""

    def __init__(self, objects):
        self.objects, self.sizes, self.reads = objects, 0, []

    def local_path(self, key):
        return None

    def size(self, key):
        self.sizes += 1
        return len(self.objects[key])

    def read(self, key, start=0, length=None):
        self.reads.append((start, length))
        file = io.BytesIO(self.objects[key][start:][:length])
        return iter(lambda: file.read(1000), b"")


def test_from_s3_only_the_range_asked_for_is_read_and_the_size_is_asked_once(world, film, viewer):
    bucket = Bucket({f"{film.folder}/{film.segment}": segment(3)})
    world.instance.put(storage.of, bucket)
    path = f"{film.public}/{film.segment}"
    assert viewer(path).data == segment(3)
    answer = viewer(path, Range="bytes=100-199")
    assert answer.status_code == 206
    assert answer.data == segment(3)[100:200]
    assert viewer(path, method="HEAD").headers["Content-Length"] == "5000"
    assert viewer(path, Range="bytes=0-").data == segment(3)
    assert bucket.reads == [(0, None), (100, 100), (0, None)], "rclone's server answers a range of all with 200"
    assert bucket.sizes == 1


def test_secrets_of_addresses_are_masked_in_the_log():
    line = gunicorn_config.mask("GET /stream/m/1790000000/preview/c2VjcmV0/11111111/a/720p/s00000.m4s HTTP/1.1")
    assert "c2VjcmV0" not in line
    assert "/720p/s00000.m4s" in line
    assert "eyJ" not in gunicorn_config.mask("GET /stream/x.m3u8?resolution=720p&token=eyJhbGciOi.a.b HTTP/1.1")
