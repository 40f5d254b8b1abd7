"""Attacks on media: what holds a door open, reaches into another room, or speaks to those who should not hear it."""

from __future__ import annotations

import base64
import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import urlsplit

import pytest
from joserfc import jws

from fastpix.db import db
from fastpix.resources.media import lifecycle
from fastpix.resources.media.creation import domain as creation
from fastpix.resources.media.options import Options
from fastpix.resources.media.source import domain as source
from fastpix.resources.media.uploads import domain as uploads
from fastpix.resources.members import domain as members
from fastpix.resources.playlists import domain as playlists
from tests import library
from tests.cast import cookie_name
from tests.delivery.screening import KEYS, Cinema
from tests.stories.tables import rows

FILE = bytes(range(256)) * 40


class Slow(io.RawIOBase):
    """A body that comes bit by bit; notes how many connections to the database wait for each bit of it."""

    def __init__(self, world, body):
        self._rest, self._pool, self.held = body, world.engine.pool, set()

    def readable(self):
        return True

    def readinto(self, buffer):
        self.held.add(self._pool.checkedout())
        piece, self._rest = self._rest[:10], self._rest[10:]
        buffer[: len(piece)] = piece
        return len(piece)


def send_slowly(world, method, path, body, **headers):
    """Connections to the database that were held while the body came, and the answer."""
    stream = Slow(world, body)
    answer = world.app.test_client(use_cookies=False).open(
        path,
        method=method,
        environ_overrides={"wsgi.input": stream, "CONTENT_LENGTH": str(len(body))},
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        buffered=True,
    )
    return stream.held, answer


def ask_for_upload(person, **settings):
    """A fresh upload: its id and the path that takes it."""
    body = {"corsOrigin": "*", "pushMediaSettings": {"accessPolicy": "public", **settings}}
    made = person.api_with("admin").post("on-demand/upload", body)
    assert made.status_code == 201, made.text
    parts = urlsplit(made.json["data"]["url"])
    return made.json["data"]["uploadId"], f"{parts.path}?{parts.query}"


def put(world, path, data=FILE, **headers):
    return world.app.test_client(use_cookies=False).put(
        path, data=data, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def basic(door):
    """The Authorization header of somebody at the API."""
    return "Basic " + base64.b64encode(f"{door.token.id}:{door.token.secret}".encode()).decode()


# A connection held for a slow sender is, on SQLite, the one lock that everybody's writes need.


def test_a_finished_upload_that_is_sent_again_slowly_holds_up_nobody(world, ada):
    _, path = ask_for_upload(ada)
    assert put(world, path).status_code == 200
    held, answer = send_slowly(world, "PUT", path, FILE)
    assert answer.status_code == 200
    assert held == {0}


def test_an_upload_that_comes_slowly_holds_up_nobody(world, ada):
    _, path = ask_for_upload(ada)
    held, answer = send_slowly(world, "PUT", path, FILE)
    assert answer.status_code == 200
    assert held == {0}


def test_a_stranger_with_a_made_up_cookie_who_signs_in_slowly_holds_up_nobody(world):
    held, _ = send_slowly(
        world, "POST", "/sign-in", b"email=a%40b.example&password=none", Cookie=f"{cookie_name(world.app)}=made-up",
        Content_Type="application/x-www-form-urlencoded",
    )  # fmt: skip
    assert held == {0}


def test_a_script_that_sends_its_json_slowly_holds_up_nobody(world, ada):
    body = json.dumps({"corsOrigin": "*", "pushMediaSettings": {"accessPolicy": "public"}}).encode()
    proof = basic(ada.api_with("admin"))
    held, answer = send_slowly(
        world, "POST", "/v1/on-demand/upload", body, Authorization=proof, Content_Type="application/json"
    )
    assert answer.status_code == 201
    assert held == {0}


# What is wrong with an upload is said when it is asked for, not when its last byte has come.


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "subtitles",
    [
        [{"type": "subtitle", "url": "no address", "languageName": "English", "languageCode": "en"}],
        [{"type": "subtitle", "url": "https://files.example/a.vtt", "languageName": "", "languageCode": "en"}],
        [{"type": "subtitle", "url": "https://files.example/a.vtt", "languageName": "English", "languageCode": "!"}],
        [{"type": "subtitle", "url": "https://files.example/a.vtt", "languageName": "English", "languageCode": "en"}]
        * 2,
        [
            {
                "type": "subtitle",
                "url": "https://files.example/a.vtt",
                "languageName": f"Dialect {a}{b}",
                "languageCode": "en",
            }
            for a in "abcdefgh"
            for b in "abcdefgh"
        ],
    ],
)
def test_an_upload_whose_subtitles_cannot_be_is_refused_before_a_byte_is_sent(ada, subtitles):
    body = {"corsOrigin": "*", "pushMediaSettings": {"accessPolicy": "public", "inputs": subtitles}}
    assert ada.api_with("admin").post("on-demand/upload", body).status_code in (400, 422)


@pytest.mark.sqlite
@pytest.mark.parametrize("origin", ["https://a\rX-Evil: 1", "https://é..example", "https://a b", "http://"])
def test_an_origin_that_can_stand_in_no_header_is_refused_when_it_is_given(world, ada, origin):
    """Else each request to the address ends in a 500."""
    body = {"corsOrigin": origin, "pushMediaSettings": {"accessPolicy": "public"}}
    assert ada.api_with("admin").post("on-demand/upload", body).status_code == 422


@pytest.mark.sqlite
def test_an_origin_in_other_letters_is_the_one_that_browsers_send(world, ada):
    body = {"corsOrigin": "https://straße.example:8443/", "pushMediaSettings": {"accessPolicy": "public"}}
    made = ada.api_with("admin").post("on-demand/upload", body)
    assert made.json["data"]["corsOrigin"] == "https://xn--strae-oqa.example:8443"


# Names that strangers gave.


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "name", ["a\r\nX-Evil: 1.mp4", "a\nb.mp4", 'a"; filename="b.mp4', "\u202e4pm.exe", "\u2028.mp4"]
)
def test_the_name_of_a_file_writes_no_header_of_the_original(world, acting, cast, name):
    cinema = Cinema(world)
    film = cinema.show(source_name=name, source_access=True, source_size=12)
    with acting("ada"):
        path = urlsplit(source.address(film.id))
    answer = world.app.test_client().get(f"{path.path}?{path.query}", buffered=True)
    assert answer.status_code == 200 and answer.data == b"the original"
    assert "X-Evil" not in answer.headers
    assert answer.headers["Content-Disposition"].startswith("attachment; ")


@pytest.mark.sqlite
def test_an_address_cannot_put_a_line_break_into_a_name(world, ada, acting, cast):
    with acting("ada"):
        made = creation.from_url(cast.acme.workspace, "https://files.example/a%0D%0Ab%00c.mp4", Options())
        assert made["source_name"].isprintable()


@pytest.mark.sqlite
@pytest.mark.parametrize("view", ["grid", "list"])
def test_markup_in_a_name_stays_text_on_every_page(world, ada, acting, cast, view):
    evil = "<img src=x onerror=alert(1)>\"'</script>"
    with acting("ada"):
        made = creation.from_url(
            cast.acme.workspace,
            "https://files.example/x.mp4",
            Options(title=evil, creator_id=evil, metadata={evil: evil}),
        )
        library.ready(made["id"])
        playlist = playlists.create(cast.acme.workspace, evil, "manual", description=evil)["id"]
        playlists.add(playlist, [made["id"]])
    here = f"/o/acme/media/{made['id']}"
    paths = [f"/o/acme/media/?view={view}", here, f"{here}/edit", f"{here}/delete", f"{here}/tracks/new"]
    paths += ["/o/acme/playlists/", f"/o/acme/playlists/{playlist}", f"/o/acme/playlists/{playlist}/add"]
    paths += [f"/o/acme/playlists/{playlist}/edit", f"/embed/{made['playback_ids'][0]['id']}"]
    for path in paths:
        answer = ada.page.get(path)
        assert answer.status_code == 200, path
        assert "<img src=x" not in answer.text and 'onerror=alert(1)>"' not in answer.text, path
        assert "'unsafe" not in answer.headers["Content-Security-Policy"], path


# What a member is told.


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://secret-host.example/private-name.mp4", "secret-host.example answered 404 Not Found."),
        ("https://Secret-Host.example:8443/x.mp4", "secret-host.example cannot be reached: no route to host."),
        ("https://b\u00fccher.example/x.mp4", "xn--bcher-kva.example answered 404 Not Found."),
        ("https://short.example/x.mp4", "secret-host.example, where it redirects to, answered 403 Forbidden."),
    ],
)
def test_a_member_is_not_told_where_a_fetch_that_failed_went(world, ada, mel, acting, cast, address, said):
    """The reason speaks of servers: the one of the address, as it is asked for, and those it redirects to."""
    with acting("ada"):
        made = creation.from_url(cast.acme.workspace, address, Options(title="A film"))
        lifecycle.fail(made["id"], said)
        db.session.flush()
    host = said.partition(".example")[0]
    told = mel.api_with("member").get(f"on-demand/{made['id']}")
    assert told.json["data"]["status"] == "Failed"
    assert host not in told.text
    for end in ("", "/status"):
        assert host not in mel.page.get(f"/o/acme/media/{made['id']}{end}").text
    assert host in ada.api.get(f"on-demand/{made['id']}").text


@pytest.mark.sqlite
def test_a_member_of_some_workspaces_finds_no_media_of_the_others(world, mel, acting, cast):
    """Not by a page, not by an address of a part of it, not by a choice in a query."""
    shelf, house = cast.acme.shelf, cast.acme
    with acting("ada"):
        members.edit(house.members["mel"], workspace_access=[house.workspaces["development"]])
    for end in (
        "",
        "/status",
        "/edit",
        "/delete",
        "/playback-ids/new",
        f"/playback-ids/{shelf.playback_id}",
        "/source",
    ):
        answer = mel.page.get(f"/o/acme/media/{shelf.media}{end}")
        assert answer.status_code in (403, 404) and "The acme clip" not in answer.text, end
    assert mel.page.get(f"/o/acme/playlists/{house.playlist}").status_code == 404
    for query in (f"workspace={house.workspace}", "q=acme", f"workspace={house.workspace}&status=Ready&sort=title"):
        for page in ("media", "playlists"):
            text = mel.page.get(f"/o/acme/{page}/?{query}").text
            assert "The acme clip" not in text and "Best of acme" not in text and str(shelf.playback_id) not in text
    for path in (f"on-demand/{shelf.media}", "on-demand", "on-demand/uploads", "on-demand/playlists"):
        text = mel.api_with("member").get(path).text
        assert str(shelf.playback_id) not in text and "Best of acme" not in text, path


# Two at once.


def test_an_upload_that_two_senders_finish_at_the_same_moment_makes_one_media(world, ada):
    _, path = ask_for_upload(ada)
    assert put(world, path, FILE[:5000], Content_Range=f"bytes 0-4999/{len(FILE)}").status_code == 308
    barrier = threading.Barrier(4)

    def finish(_):
        barrier.wait()
        return put(world, path, FILE[5000:], Content_Range=f"bytes 5000-{len(FILE) - 1}/{len(FILE)}").status_code

    with ThreadPoolExecutor(4) as pool:
        answers = set(pool.map(finish, range(4)))
    assert answers == {200}
    assert [row["source_kind"] for row in rows(world, "media")].count("upload") == 1
    assert [row["kind"] for row in rows(world, "jobs")].count("media.ingest") == 1


def test_a_failed_media_that_two_retry_at_the_same_moment_is_processed_once(world, ada, cast):
    door = ada.api_with("admin")
    barrier = threading.Barrier(4)

    def retry(_):
        barrier.wait()
        return door.post(f"on-demand/{cast.acme.shelf.failed}/retry").status_code

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(retry, range(4)))
    assert answers[0] == 200 and set(answers[1:]) <= {400, 409}
    assert [row["kind"] for row in rows(world, "jobs")].count("media.ingest") == 1


def test_an_upload_that_is_cancelled_while_it_comes_is_not_called_received(world, ada):
    """The sender hears that it is gone, and not that all is well."""
    upload_id, path = ask_for_upload(ada)

    class Cancelling(Slow):
        def readinto(self, buffer):
            if len(self._rest) == len(FILE) - 100:
                with ThreadPoolExecutor(1) as pool:
                    door = ada.api_with("admin")
                    asked = pool.submit(door.open, "PUT", f"on-demand/upload/{upload_id}/cancel")
                    assert asked.result().status_code == 200
            return super().readinto(buffer)

    answer = world.app.test_client(use_cookies=False).put(
        path, environ_overrides={"wsgi.input": Cancelling(world, FILE), "CONTENT_LENGTH": str(len(FILE))}
    )
    assert not [row for row in rows(world, "media") if row["source_kind"] == "upload"]
    assert answer.status_code in (404, 410)


@pytest.mark.sqlite
def test_a_media_on_its_way_cannot_be_retried(world, ada, acting, cast):
    with acting("ada"):
        made = creation.from_url(cast.acme.workspace, "https://files.example/x.mp4", Options())
    before = world.digest()
    assert ada.api_with("admin").post(f"on-demand/{made['id']}/retry").status_code == 400
    assert world.digest() == before


# Addresses and tokens.


@pytest.mark.sqlite
def test_the_receipt_of_another_organizations_file_takes_nothing(world, ada, rex, acting, cast):
    """The plain form puts a file away before the form is right; its receipt is good in that organization alone."""
    with acting("ada"):
        receipt = uploads.stage([b"acme's film"])
    fields = {"workspace": str(cast.rival.workspace), "policy": "public", "resolution": "720p", "mp4": "none"}
    answer = rex.page.post("/o/rival/media/upload", fields | {"receipt": receipt, "file_name": "x.mp4"})
    assert answer.status_code == 422 and "not here any more" in answer.text
    assert not [row for row in rows(world, "media") if row["source_kind"] == "upload"]


@pytest.mark.parametrize("change", [members.remove, partial(members.edit, role="member")], ids=["removed", "demoted"])
def test_an_upload_address_dies_with_the_right_of_whoever_asked_for_it(world, acting, cast, change):
    """Else a removed admin keeps a stock of addresses, and puts public films into the library for four hours."""
    with acting("ada"):
        members.edit(cast.acme.members["mel"], role="admin")
    with acting("mel"):
        url = urlsplit(uploads.create(cast.acme.workspace, Options(), "*")["url"])
    with acting("ada"):
        change(cast.acme.members["mel"])
    assert put(world, f"{url.path}?{url.query}").status_code in (403, 404, 410)
    assert not [row for row in rows(world, "media") if row["source_kind"] == "upload"]


@pytest.mark.sqlite
@pytest.mark.parametrize("number", ["1e400", "-1e400", "9" * 400, "true", '"2999-01-01"', "[]", "{}"])
def test_an_end_that_no_clock_shows_opens_nothing_and_breaks_nothing(world, number):
    cinema = Cinema(world)
    film, key = cinema.show("private"), cinema.key()
    payload = f'{{"aud":"media:{film.playback_id}","exp":{number}}}'
    signed = jws.serialize_compact({"alg": "RS256", "kid": str(key)}, payload, KEYS[0])
    answer = world.app.test_client(use_cookies=False).get(film.master, query_string={"token": signed})
    assert answer.status_code in ((200, 401) if number == "9" * 400 else (401,))


@pytest.mark.sqlite
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "path",
    [
        "/stream//{id}.m3u8", "/stream/{upper}.m3u8", "/stream/{id}%2em3u8", "/stream/{id}.m3u8.",
        "/stream/m/0/-/-/{id}/./master.m3u8", "/stream/m/9999999999/preview/x/{id}/master.m3u8",
        "/stream/m/0/-/-/{other}/../{id}/master.m3u8", "/stream/m/0/-/-/{other}/tracks/..%2f..%2f{media}/source",
        "/stream/{id}/source", "/embed/{id}", "/source/{media}?until=9999999999&signature=x",
    ],
)  # fmt: skip
def test_another_spelling_of_a_private_address_opens_nothing(world, method, path):
    cinema = Cinema(world)
    film, other = cinema.show("private"), cinema.show("public")
    named = {
        "id": film.playback_id,
        "upper": str(film.playback_id).upper(),
        "other": other.playback_id,
        "media": film.id,
    }
    answer = world.app.test_client(use_cookies=False).open(
        path.format(**named), method=method, headers={"Range": "bytes=0-5"}, follow_redirects=True
    )
    assert answer.status_code in (401, 404, 422)
    assert b"EXTM3U" not in answer.data and b"original" not in answer.data
