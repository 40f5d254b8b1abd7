"""The page that other sites frame: who may frame it, what it fetches, and what it says when there is nothing to play."""

from __future__ import annotations

import re
import time

import pytest

from tests.delivery.screening import token

pytestmark = pytest.mark.sqlite


def policy(answer):
    return dict(part.strip().partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split(";"))


def deny_but(*allowed):
    return {"domains": {"defaultPolicy": "deny", "allow": list(allowed), "deny": []}}


def addresses(text):
    """Everything that the player fetches."""
    found = re.findall(r'(?:src|poster|data-storyboard|data-caption)="(http[^"]+)"', text)
    return [address.removeprefix("http://localhost").replace("&amp;", "&") for address in found]


def test_public_media_play_in_any_frame(cinema, viewer):
    film = cinema.show(title="A <b>film</b>")
    answer = viewer(f"/embed/{film.playback_id}")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert policy(answer)["frame-ancestors"] == "*"
    assert policy(answer)["default-src"] == "'none'"
    assert policy(answer)["script-src"] == "'self'"
    assert "X-Frame-Options" not in answer.headers
    assert "Vary" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert answer.headers["Referrer-Policy"] == "strict-origin"
    assert "A &lt;b&gt;film&lt;/b&gt;" in answer.text
    assert "<script>" not in answer.text


def test_all_that_the_player_fetches_is_there(cinema, viewer):
    film = cinema.show()
    found = addresses(viewer(f"/embed/{film.playback_id}").text)
    assert f"/stream/{film.playback_id}.m3u8" in found
    assert [address.rpartition("/")[2] for address in found if "/m/" in address] == [
        "sprite.vtt",
        "poster.jpg",
        "subtitles.vtt",
    ]
    for address in found:
        assert viewer(address).status_code == 200, address


def test_private_media_play_with_a_token_which_stays_in_the_page(cinema, viewer):
    film, key = cinema.show("private"), cinema.key()
    given = token(film, key)
    answer = viewer(f"/embed/{film.playback_id}", query={"token": given})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert given not in answer.text
    found = addresses(answer.text)
    assert len(found) == 4
    for address in found:
        assert viewer(address).status_code == 200, address


def test_without_a_token_it_says_so_and_shows_nothing(cinema, viewer):
    film = cinema.show("private", title="Secret plans")
    for query in (None, {"token": "wrong"}):
        answer = viewer(f"/embed/{film.playback_id}", query=query)
        assert "This video is private." in answer.text and "JWT" not in answer.text, "people watch, programs sign"
        assert answer.status_code == 401
        assert "Secret plans" not in answer.text
        assert "/stream/" not in answer.text


def test_a_link_that_ended_says_so_to_who_had_a_right_one_alone(cinema, viewer):
    film, key = cinema.show("private"), cinema.key()
    other, past = cinema.show("private"), {"exp": int(time.time()) - 60}
    told = {
        "its own": token(film, key, **past),
        "of another film": token(other, key, **past),
        "not begun": token(film, key, nbf=int(time.time()) + 600, **past),
        "of no key": token(film, key, 1, **past),
    }
    for of, given in told.items():
        answer = viewer(f"/embed/{film.playback_id}", query={"token": given})
        assert answer.status_code == 401 and "/stream/" not in answer.text
        assert ("This link has ended. Ask for a new one." in answer.text) == (of == "its own"), of
        assert ("This video is private." in answer.text) == (of != "its own"), of
    # Programs are told one thing, whatever is wrong.
    answers = [viewer(f"/stream/{film.playback_id}.m3u8", query={"token": given}) for given in (*told.values(), "x")]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.json["error"]["message"] for answer in answers}) == 1


def test_where_sites_are_named_only_they_may_frame_it_and_only_their_pages_open_it(cinema, viewer):
    film = cinema.show(restrictions=deny_but("example.com", "*.b.net"))
    path = f"/embed/{film.playback_id}"
    answer = viewer(path, Referer="https://example.com/")
    assert answer.status_code == 200
    assert policy(answer)["frame-ancestors"] == "'self' example.com *.b.net"
    for referer in ("https://evil.net/", ""):
        assert viewer(path, Referer=referer).status_code == 403
    # What its page then fetches comes from our own host.
    for address in addresses(answer.text):
        assert viewer(address, Referer="http://localhost/").status_code == 200, address


def test_what_cannot_play_is_said_in_a_page_of_its_own(cinema, viewer, ada):
    waiting = cinema.show(status="Processing", version="")
    answer = viewer(f"/embed/{waiting.playback_id}")
    assert answer.status_code == 400
    assert "not ready yet" in answer.text
    for path in ("/embed/11111111-2222-4333-8444-555555555555", "/embed/x"):
        answer = ada.page.get(path)
        assert answer.status_code == 404
        assert "nothing to play" in answer.text
        assert "Ada" not in answer.text
        assert policy(answer)["default-src"] == "'none'"


def test_its_refusals_ask_nobody_who_they_are(cinema, ada):
    film = cinema.show("private")
    answer = ada.page.get(f"/embed/{film.playback_id}")
    assert answer.status_code == 401
    assert "Vary" not in answer.headers
    assert "Set-Cookie" not in answer.headers


def test_around_the_page_there_is_nothing_for_a_session_to_break(ada):
    """Refusals outside the page are no pages of the dashboard: those need a session, and there is none here."""
    for method, path, status in (("POST", "/embed/x", 405), ("GET", "/embed/x/y", 404), ("GET", "/embed/", 404)):
        answer = ada.page.open(method, path, csrf=False)
        assert answer.status_code == status
        assert answer.json["error"]["code"] == status
        assert "Set-Cookie" not in answer.headers


def test_other_sites_show_the_picture_of_what_is_public_alone(cinema, viewer):
    """A link in a chat: never a token or a signed address in what a robot reads of a private film."""
    film, secret = cinema.show(title="Open"), cinema.show("private", title="Shut")
    page = viewer(f"/embed/{film.playback_id}").text
    assert 'property="og:title" content="Open"' in page and "/poster.jpg" in page.partition("og:image")[2][:200]
    proof = token(secret, cinema.key())
    page = viewer(f"/embed/{secret.playback_id}", query={"token": proof}).text
    card = page[page.index("og:site_name") : page.index("twitter:card")]
    assert "social.png" in card and f'/embed/{secret.playback_id}"' in card
    assert proof not in card and "/m/" not in card and "poster" not in card
    assert "og:" not in viewer(f"/embed/{secret.playback_id}").text
