"""The stories of one server pass on a fleet: sessions, uploads, processing, playback, live, limits, and sudden deaths."""

from __future__ import annotations

import threading
import time
from base64 import b64decode

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.running.encoder import Returning, make_clip
from tests.running.house import OWNER, PASSWORD, first_piece
from tests.running.server import START_SECONDS, Visitor, eventually
from tests.running.stream import Stream
from tests.running.test_on_air import publishing
from tests.scale.fleet import PAGES_A_MINUTE
from tests.video.clips import H264, clip, colour, tone

PIECES = 6


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    folder = tmp_path_factory.mktemp("film")
    return clip(folder, "film.mp4", *colour(seconds=1), *tone(1), *H264, "-c:a", "aac", "-shortest").read_bytes()


@pytest.fixture
def visitor(fleet):
    """`visitor()`: a browser that goes through the balancer."""
    made = []

    def make():
        made.append(Visitor(fleet))
        return made[-1]

    yield make
    for each in made:
        each.close()


def cookies_of(visitor):
    return "; ".join(f"{name}={value}" for name, value in visitor.client.cookies.items())


def joins(fleet, visitor, email):
    """Somebody accepts an invite, in a browser; their member id."""
    answer = fleet.house.ask("POST", "iam/invitations", {"emails": [email], "role": "member"})
    (row,) = answer.json()["data"]
    visitor.get(httpx.URL(row["link"]).path)
    landed = visitor.post("/invite/join", page="/invite", name="New Here", password=PASSWORD)
    assert landed.url.path.startswith("/o/acme"), landed.text
    people = fleet.house.ask("GET", "iam/members?limit=50").json()["data"]
    return next(person["id"] for person in people if person["email"] == email)


def statuses(fleet, path, cookies):
    """What each web server answers to a session, asked one by one."""
    return [web.ask(path, Cookie=cookies).status_code for web in fleet.webs]


def send(url, data, start, total):
    """One piece of an upload; the status."""
    told = {"Content-Range": f"bytes {start}-{start + len(data) - 1}/{total}"}
    return httpx.put(url, content=data, headers=told, timeout=30).status_code


def pieces(data, count=PIECES):
    size = -(-len(data) // count)
    return [(start, data[start : start + size]) for start in range(0, len(data), size)]


def test_who_signs_in_through_the_balancer_is_signed_in_on_every_server(fleet, visitor):
    ada = visitor()
    assert ada.sign_in(OWNER, PASSWORD).url.path.startswith("/o/acme")
    assert statuses(fleet, "/o/acme/members/", cookies_of(ada)) == [200, 200]
    assert statuses(fleet, "/o/acme/members/", "") == [302, 302]
    # Forms are shown by one server and taken by the other: their proofs hold on both.
    for name in ("one", "two", "three"):
        made = ada.post("/o/acme/workspaces/new", name=f"Place {name}")
        assert made.status_code == 200 and f"Place {name}" in made.text


def test_who_is_removed_is_out_on_every_server_at_once(fleet, visitor):
    leaver = visitor()
    member_id = joins(fleet, leaver, "leaver@acme.example")
    assert statuses(fleet, "/o/acme/members/", cookies_of(leaver)) == [200, 200]
    assert fleet.house.ask("DELETE", f"iam/members/{member_id}").status_code == 200
    assert set(statuses(fleet, "/o/acme/members/", cookies_of(leaver))) <= {302, 404}


def test_a_film_in_pieces_for_both_servers_is_processed_once(fleet, film):
    media_id, url = fleet.house.address("In pieces")
    sent = [send(url, data, start, len(film)) for start, data in pieces(film)]
    assert sent == [308] * (PIECES - 1) + [200]
    took = lambda: [web.log.count(f"PUT /upload/{media_id}") for web in fleet.webs]  # noqa: E731
    eventually(lambda: sum(took()) == PIECES, what="a line of the log is written after its answer")
    assert min(took()) > 0, took()
    eventually(lambda: fleet.house.media()[media_id]["status"] == "Ready", 60)
    assert fleet.house.plays(media_id, fleet.webs[0])
    assert fleet.says_ready(media_id) == 1


def test_a_private_film_wants_a_token_on_every_server_until_its_key_is_deleted(fleet, film):
    media_id = fleet.house.upload(film, "Private", "private")
    key = fleet.house.ask("POST", "iam/signing-keys").json()["data"]
    eventually(lambda: fleet.house.media()[media_id]["status"] == "Ready", 60)
    playback = fleet.house.media()[media_id]["playbackIds"][0]["id"]
    told = {"aud": f"media:{playback}", "exp": int(time.time()) + 600, "kid": key["id"]}
    private = RSAKey.import_key(b64decode(key["privateKey"]))
    token = jwt.encode({"alg": "RS256", "typ": "JWT", "kid": key["id"]}, told, private)

    def seen(query):
        return [web.ask(f"/stream/{playback}.m3u8{query}").status_code for web in fleet.webs]

    assert set(seen("")) <= {401, 403}
    assert seen(f"?token={token}") == [200, 200]
    assert len(httpx.get(first_piece(f"{fleet.url}/stream/{playback}.m3u8?token={token}")).content) > 1000
    assert fleet.house.ask("DELETE", f"iam/signing-keys/{key['id']}").status_code == 200
    eventually(lambda: set(seen(f"?token={token}")) <= {401, 403}, 8, "the key's tokens go on working")


def test_a_limit_is_counted_once_for_both_servers(fleet, visitor):
    person = visitor()
    joins(fleet, person, "reader@acme.example")
    passed, cookies, window = 0, cookies_of(person), int(time.time() // 60)
    for number in range(2 * PAGES_A_MINUTE + 20):
        passed += fleet.webs[number % 2].ask("/account", Cookie=cookies).status_code == 200
    if int(time.time() // 60) == window:  # else a new minute gave new pages
        assert PAGES_A_MINUTE * 0.8 <= passed <= PAGES_A_MINUTE * 1.2
    wrong = [visitor().sign_in("reader@acme.example", "wrong wrong wrong").status_code for _ in range(8)]
    assert wrong == [422] * 5 + [429] * 3


def test_a_broadcast_behind_nginx_survives_its_ingest_and_a_web_server(fleet, tmp_path):
    stream = Stream(fleet, auth=fleet.house.auth)
    with publishing(make_clip(tmp_path), stream.url, Returning):
        before = stream.until_pieces(2)
        fleet.live.kill()
        fleet.webs[1].kill()
        fleet.live.start_program()
        after = stream.until_pieces(before.last + 2, 60)
        assert after.pieces[: len(before.pieces)] == before.pieces and after.breaks == 1
        fleet.webs[1].start_program()
        eventually(lambda: stream.status == "active")
        stream.do("finish")
    ended = eventually(lambda: p if (p := stream.playlist()) and p.is_over else None)
    (media,) = stream.recordings(seconds=60)
    assert abs(float(media["duration"]) - ended.seconds) < 2.0
    assert fleet.house.plays(media["id"], fleet.webs[0])
    assert stream.key not in fleet.log
    eventually(fleet.webs[1].answers, START_SECONDS)


def test_a_web_server_killed_in_the_middle_loses_nothing_that_was_answered(fleet, film):
    answered, wrong, stop = [], [], threading.Event()

    def write():
        while not stop.is_set():
            email = f"guest{len(answered)}-{len(wrong)}@acme.example"
            answer = fleet.house.ask("POST", "iam/invitations", {"emails": [email], "role": "member"})
            (answered if answer.status_code == 201 else wrong).append((email, answer.status_code))

    media_id, url = fleet.house.address("Through a death")
    todo = pieces(film)
    writer = threading.Thread(target=write)
    writer.start()
    try:
        for start, data in todo[:2]:
            assert send(url, data, start, len(film)) == 308
        eventually(lambda: len(answered) > 5, 60)
        fleet.webs[0].kill()
        since = len(answered)
        for start, data in todo[2:]:
            sent = eventually(lambda s=start, d=data: code if (code := send(url, d, s, len(film))) < 400 else None, 60)
            assert sent in (308, 200)
        eventually(lambda: len(answered) > since + 5, 60)
    finally:
        stop.set()
        writer.join()
        fleet.webs[0].start_program()
        eventually(fleet.webs[0].answers, START_SECONDS)
    assert len(wrong) <= 1, f"only the request in hand may fail: {wrong}"
    there = set()
    for page in range(1, 50):
        rows = fleet.house.ask("GET", f"iam/invitations?limit=50&offset={page}").json()["data"]
        there |= {row["email"] for row in rows}
        if len(rows) < 50:
            break
    assert {email for email, _ in answered} <= there
    eventually(lambda: fleet.house.media()[media_id]["status"] == "Ready", 60)


def test_a_worker_killed_in_the_middle_leaves_its_films_to_the_other(fleet, tmp_path):
    long = clip(tmp_path, "long.mkv", *colour(seconds=4), *tone(4), *H264, "-c:a", "libopus", "-shortest").read_bytes()
    wanted = [fleet.house.upload(long, f"Film {number}") for number in range(3)]
    victim = fleet.workers[0]
    is_done = lambda: all(fleet.house.media()[media_id]["status"] == "Ready" for media_id in wanted)  # noqa: E731
    eventually(lambda: victim.program_alone.children() or is_done(), 30)
    victim.kill()
    eventually(is_done, 60, "the other worker did not take the films up")
    victim.start_program()
    assert [fleet.says_ready(media_id) for media_id in wanted] == [1, 1, 1]
    assert all(fleet.house.plays(media_id, fleet.webs[0]) for media_id in wanted)
