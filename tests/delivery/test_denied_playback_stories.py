"""Stories of viewers that restrictions, bad queries and foreign tokens keep out."""
# ruff: noqa: F811  # fixtures are imported by name, and named again by the tests that ask for them

from __future__ import annotations

import pytest

from fastpix.delivery import playback_tokens
from fastpix.resources.media import playback
from fastpix.resources.playback_ids import signed_urls
from tests.delivery.screening import token
from tests.delivery.test_playback_stories import assert_not_authorized, film, key  # noqa: F401  # fixtures too

pytestmark = pytest.mark.sqlite


def test_restrictions_hold_for_every_object_and_tell_no_cache_to_keep_it(cinema, viewer):
    rule = {"defaultPolicy": "deny", "allow": ["example.com"], "deny": []}
    film = cinema.show(restrictions={"domains": rule})
    here, evil = {"Origin": "https://example.com"}, {"Origin": "https://evil.net"}
    for path in [film.master, *(f"{film.public}/{path}" for path in film.parts), *film.doors[1:3], film.doors[6]]:
        refused = viewer(path, **evil)
        assert refused.status_code == 403, path
        assert refused.json["error"]["code"] == 403
        assert viewer(path).status_code == 403
        answer = viewer(path, **here)
        assert answer.status_code == 200, path
        assert answer.headers["Cache-Control"].startswith("private,"), path


def test_a_denied_program_gets_nothing(cinema, viewer):
    rule = {"defaultPolicy": "allow", "allow": [], "deny": ["curl/"]}
    film = cinema.show(restrictions={"userAgents": rule})
    for path in (film.master, f"{film.public}/{film.segment}", f"/images/{film.playback_id}/spritesheet.jpg"):
        assert viewer(path, User_Agent="curl/8.1").status_code == 403
        assert viewer(path, User_Agent="Firefox").status_code == 200


def test_restrictions_hold_for_private_media_with_a_token_too_but_not_for_the_dashboard(
    cinema, key, world, viewer, signed_in
):
    rule = {"defaultPolicy": "deny", "allow": ["example.com"], "deny": []}
    film = cinema.show("private", restrictions={"domains": rule})
    given = {"token": token(film, key)}
    assert viewer(film.master, query=given).status_code == 403
    assert viewer(film.master, query=given, Origin="https://example.com").status_code == 200
    with world.session():
        prefix = signed_urls.preview_prefix(playback.find(film.playback_id)).removeprefix("http://localhost")
    assert viewer(f"{prefix}/{film.segment}", **signed_in("mel")).status_code == 200


def test_what_is_not_ready_says_so_in_the_players_word_and_only_to_those_who_may_know(cinema, key, viewer):
    for status, version in (("Processing", ""), ("Failed", ""), ("Created", ""), ("Ready", "")):
        film = cinema.show("private", status=status, version=version, has_files=False)
        for door in film.doors:
            assert_not_authorized(viewer(door))
            answer = viewer(door, query={"token": token(film, key)})
            assert answer.status_code == 400, door
            assert "ready" in answer.json["error"]["message"]


def test_unknown_is_404_and_what_is_no_id_is_422_with_the_field(viewer):
    nobody = "11111111-2222-4333-8444-555555555555"
    for path in (f"/stream/{nobody}.m3u8", f"/stream/m/0/-/-/{nobody}/a/b.m4s", f"/images/{nobody}/thumbnail.jpg"):
        answer = viewer(path)
        assert answer.status_code == 404
        assert answer.json["error"]["code"] == 404
    for text in ("x", nobody[:-1], nobody.upper().replace("1", "A"), f"{{{nobody}}}", nobody.replace("-", "")):
        answer = viewer(f"/stream/{text}.m3u8")
        assert answer.status_code == 422, text
        assert answer.json["error"]["fields"] == [{"field": "playbackId", "message": "is invalid"}]


def test_a_bad_query_is_422_with_the_fields_the_player_knows(cinema, viewer):
    film = cinema.show()
    answer = viewer(film.master, query={"minResolution": "x", "renditionOrder": "up"})
    assert answer.status_code == 422
    assert {each["field"] for each in answer.json["error"]["fields"]} == {"minResolution", "order"}
    assert viewer(film.master, query={"resolution": "480p"}).json["error"]["fields"][0]["field"] == "resolution"


def test_a_token_of_the_dashboards_other_doors_is_none(film, ada, viewer):
    """Neither a session nor an access token of the API opens private media: only a JWT of a signing key does."""
    assert ada.page.get(film.master).status_code == 401
    assert ada.api.get(film.master).status_code == 401


def test_tokens_are_checked_in_the_order_of_their_cost(film, monkeypatch, viewer):
    """A token that is too long is refused before it is looked at."""
    monkeypatch.setattr(playback_tokens, "_verified", lambda *_: pytest.fail("it was looked at"))
    assert_not_authorized(viewer(film.master, query={"token": "x" * 4097}))
