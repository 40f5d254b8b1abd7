"""Media whose end is still being made: its beginning plays under the rules of all media, and nothing stays in a cache."""

from __future__ import annotations

import pytest

from fastpix.resources.media.models import FAILED, PROCESSING, READY
from fastpix.storage import instance as storage
from tests.delivery.screening import token

pytestmark = pytest.mark.sqlite
GROWING = '#EXTM3U\n#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-MAP:URI="init.mp4"\n#EXTINF:6.000000,\ns00000.m4s\n'
MORE = "#EXTINF:6.500000,\ns00001.m4s\n"


@pytest.fixture
def show(cinema):
    """`show("private")`: a media that grows."""

    def made(policy="public", **given):
        film = cinema.show(policy, status=PROCESSING, has_poster=False, sprite=None, downloads={}, **given)
        for name in ("1080p", "720p", "360p"):
            folder = f"{film.folder}/{film.version}/{name}"
            storage.get().delete(f"{folder}/index.m3u8")
            storage.get().write(f"{folder}/growing.m3u8", GROWING.encode())
        return film

    return made


def address(film, name="720p"):
    return f"{film.public}/{film.version}/{name}/index.m3u8"


def test_the_playlist_grows_under_one_address_until_it_is_whole(show, viewer, later, cinema):
    film = show()
    folder = f"{film.folder}/{film.version}/720p"
    assert viewer(address(film)).text == GROWING
    storage.get().write(f"{folder}/growing.m3u8", (GROWING + MORE).encode())
    later(1)
    answer = viewer(address(film))
    assert answer.text == GROWING + MORE
    assert answer.headers["Cache-Control"] == "public, max-age=1"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    # All is stored, and this process does not know yet that the media is ready.
    storage.get().write(f"{folder}/index.m3u8", (GROWING + MORE + "#EXT-X-ENDLIST\n").encode())
    storage.get().delete(f"{folder}/growing.m3u8")
    later(1)
    assert viewer(address(film)).text.endswith("#EXT-X-ENDLIST\n")
    cinema.change(film, status=READY)
    later(5)
    answer = viewer(address(film))
    assert answer.text.endswith("#EXT-X-ENDLIST\n")
    assert answer.headers["Cache-Control"] == "public, max-age=60"


def test_the_master_is_kept_by_nobody_while_it_grows(show, viewer, later, cinema):
    film = show()
    answer = viewer(film.master)
    assert [line.split("/")[-2] for line in answer.text.splitlines() if line.startswith("m/")] == [
        "360p",
        "720p",
        "1080p",
    ]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "/tracks/" not in answer.text, "added tracks are as long as the whole"
    cinema.change(film, status=READY)
    later(5)
    answer = viewer(film.master)
    assert "/tracks/" in answer.text
    assert answer.headers["Cache-Control"] == "public, max-age=60"


def test_what_is_not_made_yet_is_not_ready(show, viewer):
    film = show()
    for door in film.doors[1:]:
        answer = viewer(door)
        assert answer.status_code == 400, door
        assert "plays already" in answer.json["error"]["message"]
    for name in ("360p/growing.m3u8", "360p/s00007.m4s", "480p/index.m3u8"):
        assert viewer(f"{film.public}/{film.version}/{name}").status_code == 404, name


def test_another_attempts_addresses_are_not_there(show, viewer, later, cinema):
    film = show()
    assert viewer(f"{film.public}/{film.segment}").status_code == 200
    cinema.change(film, version="", renditions=[])
    later(5)
    assert viewer(address(film)).status_code == 400
    assert viewer(film.master).status_code == 400
    cinema.change(film, version="fedcba987654", renditions=[])
    later(5)
    for path in ("index.m3u8", "s00000.m4s"):
        assert viewer(f"{film.public}/{film.version}/720p/{path}").status_code == 404


def test_a_failure_is_said(show, viewer, later, cinema):
    film = show()
    cinema.change(film, status=FAILED, version="", renditions=[])
    later(5)
    answer = viewer(film.master)
    assert answer.status_code == 400
    assert "processing failed" in answer.json["error"]["message"]


def test_private_media_needs_its_token_and_its_prefix(show, viewer, cinema):
    film, key = show("private"), cinema.key()
    assert viewer(film.master).status_code == 401
    assert viewer(address(film)).status_code == 401
    answer = viewer(film.master, query={"token": token(film, key)})
    assert answer.headers["Cache-Control"] == "private, no-store"
    line = next(line for line in answer.text.splitlines() if line.startswith("m/"))
    answer = viewer(f"/stream/{line}")
    assert answer.text == GROWING
    assert answer.headers["Cache-Control"] == "private, max-age=1"


def test_a_playback_id_that_is_capped_shows_no_more(show, viewer):
    film = show(resolution="720p")
    assert "1080p" not in viewer(film.master).text
    assert viewer(address(film, "1080p")).status_code == 404
    assert viewer(address(film, "360p")).status_code == 200


def test_restrictions_hold_while_it_grows(show, viewer):
    rules = {"domains": {"defaultPolicy": "deny", "allow": ["shop.example"], "deny": []}, "userAgents": {}}
    film = show(restrictions=rules)
    assert viewer(address(film), Referer="https://elsewhere.example/").status_code == 403
    answer = viewer(address(film), Referer="https://shop.example/")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, max-age=1"


def test_the_page_for_other_sites_has_a_player_that_knows(show, viewer, later, cinema):
    film = show()
    answer = viewer(f"/embed/{film.playback_id}")
    assert " data-growing" in answer.text
    assert " data-live" not in answer.text
    assert "poster.jpg" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    cinema.change(film, status=READY)
    later(5)
    assert " data-growing" not in viewer(f"/embed/{film.playback_id}").text
