"""Live streams as viewers get them: the same proofs and rules as media, a playlist that grows, and nobody else's pieces."""

from __future__ import annotations

import subprocess
import uuid

import pytest

from fastpix.access import principal
from fastpix.db import now
from fastpix.delivery import viewer_counts
from fastpix.resources.live_streams.broadcasts.models import LiveBroadcast
from fastpix.resources.live_streams.models import ACTIVE, DISABLED, IDLE, PREPARING, LiveStream
from fastpix.resources.live_streams.viewers import queries as viewer_queries
from fastpix.resources.playback_ids.models import NO_RULE, LivePlaybackId
from fastpix.storage import instance as storage
from fastpix.video import tools
from tests.delivery.broadcasting import Studio
from tests.delivery.screening import token
from tests.delivery.test_images import picture

ONLY_MY_SITE = {
    "domains": {"defaultPolicy": "deny", "allow": ["my.example"], "deny": []},
    "userAgents": NO_RULE,
}


@pytest.fixture
def studio(world):
    return Studio(world)


def playlist_of(viewer, show, query=None):
    master = viewer(show.master, query=query)
    assert master.status_code == 200, master.text
    line = master.text.splitlines()[-1]
    return f"/stream/{line}"


def test_a_public_stream_plays_from_master_to_piece(studio, viewer):
    show = studio.show()
    master = viewer(show.master)
    assert master.headers["Cache-Control"] == "no-store"
    assert "BANDWIDTH=20000,AVERAGE-BANDWIDTH=20000," in master.text
    assert 'CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=30.000' in master.text
    playlist = viewer(playlist_of(viewer, show))
    assert playlist.headers["Cache-Control"] == "public, max-age=1"
    assert playlist.headers["Content-Type"] == "application/vnd.apple.mpegurl"
    for name in ("init.mp4", "s00002.m4s"):
        where = f"{show.broadcast}/{show.connections[0]}/{name}"
        assert where in playlist.text
        piece = viewer(f"{show.public}/live/{where}")
        assert piece.status_code == 200 and piece.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert viewer(f"{show.public}/master.m3u8").status_code == 200


def test_the_playlist_slides_joins_connections_and_ends(studio, viewer, later):
    show = studio.show(parts=(5, 10))
    text = viewer(playlist_of(viewer, show)).text
    assert "#EXT-X-MEDIA-SEQUENCE:4" in text and text.count(".m4s") == 12
    assert text.count("#EXT-X-DISCONTINUITY\n") == 1 and "#EXT-X-DISCONTINUITY-SEQUENCE:0" in text
    assert text.count("#EXT-X-MAP") == 2 and "#EXT-X-TARGETDURATION:2" in text and "ENDLIST" not in text
    studio.change(show, LiveBroadcast, settled_at=now(), ended_at=now())
    later(1)
    assert viewer(playlist_of(viewer, show)).text.endswith("#EXT-X-ENDLIST\n")


def test_numbers_of_discontinuities_go_on_when_a_connection_slid_out(studio, viewer):
    show = studio.show(parts=(3, 2, 11))
    text = viewer(playlist_of(viewer, show)).text
    assert "#EXT-X-MEDIA-SEQUENCE:5\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n" in text


def test_with_dvr_one_can_go_back_to_the_beginning(studio, viewer):
    show = studio.show(parts=(40,), is_dvr=True)
    text = viewer(playlist_of(viewer, show)).text
    assert "#EXT-X-MEDIA-SEQUENCE:1\n" in text and text.count(".m4s") == 40


def test_what_left_the_window_is_for_the_recording_alone(studio, viewer):
    """Live may be public and its recording private: names count up, and nobody may walk back along them."""
    show = studio.show(parts=(2, 40))
    assert viewer(f"{show.public}/{show.piece(39, 1)}").status_code == 200
    assert viewer(f"{show.public}/{show.piece(20, 1)}").status_code == 200  # left a moment ago: for slow players
    assert viewer(f"{show.public}/{show.piece(10, 1)}").status_code == 404
    assert viewer(f"{show.public}/{show.piece(0, 0)}").status_code == 404
    assert viewer(f"{show.public}/live/{show.broadcast}/{show.connections[0]}/init.mp4").status_code == 404


def test_a_private_stream_wants_a_token_of_its_own(studio, cinema, viewer):
    show, other = studio.show("private"), studio.show("private")
    key = cinema.key()
    assert viewer(show.master).status_code == 401
    assert viewer(show.master, query={"token": token(other, key)}).status_code == 401
    assert viewer(f"{show.public}/live/index.m3u8").status_code == 401
    assert viewer(f"{show.public}/{show.piece()}").status_code == 401
    path = playlist_of(viewer, show, {"token": token(show, key)})
    answer = viewer(path)
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "private, max-age=1"
    prefix = path.partition("/live/")[0]
    piece = viewer(f"{prefix}/{show.piece()}")
    assert piece.status_code == 200 and piece.headers["Cache-Control"].startswith("private")
    forged = prefix.replace(str(show.playback_id), str(other.playback_id))
    assert viewer(f"{forged}/live/index.m3u8").status_code == 401


def test_a_deleted_key_and_a_new_generation_end_addresses_that_are_out(studio, cinema, viewer, later):
    show, key = studio.show("private"), cinema.key()
    path = playlist_of(viewer, show, {"token": token(show, key)})
    studio.change(show, LiveStream, generation="another")
    later(5)
    assert viewer(path).status_code == 401
    path = playlist_of(viewer, show, {"token": token(show, key)})
    cinema.delete_key(key)
    later(5)
    assert viewer(path).status_code == 401


@pytest.mark.parametrize("policy", ["public", "private"])
def test_pieces_of_another_stream_are_not_there_whoever_asks(studio, cinema, viewer, policy):
    mine, theirs = studio.show(policy), studio.show("private", house=studio.world.cast.rival)
    prefix = mine.public
    if policy == "private":
        prefix = playlist_of(viewer, mine, {"token": token(mine, cinema.key())}).partition("/live/")[0]
    for path in (
        theirs.piece(),
        f"live/{theirs.broadcast}/{mine.connections[0]}/s00000.m4s",
        f"live/{mine.broadcast}/../{theirs.broadcast}/{theirs.connections[0]}/s00000.m4s",
        f"live/{mine.broadcast}/{theirs.connections[0]}/s00000.m4s",
        f"live/{mine.broadcast}/{mine.connections[0]}/source",
        f"live/{mine.broadcast}/{mine.connections[0]}/../../../source",
        "live/index.m3u8/",
        "0123456789ab/720p/s00000.m4s",
    ):
        assert viewer(f"{prefix}/{path}").status_code == 404, path


def test_restrictions_hold_for_master_playlist_and_piece(studio, viewer):
    show = studio.show(restrictions=ONLY_MY_SITE)
    for path in (show.master, f"{show.public}/live/index.m3u8", f"{show.public}/{show.piece()}"):
        assert viewer(path).status_code == 403
        assert viewer(path, Referer="https://other.example/").status_code == 403
        answer = viewer(path, Referer="https://my.example/")
        assert answer.status_code == 200 and "public" not in answer.headers["Cache-Control"]


def test_what_is_not_on_air_says_that_it_is_not_ready(studio, viewer, later):
    show = studio.show(parts=())
    answer = viewer(show.master)
    assert answer.status_code == 400 and "ready" in answer.json["error"]["message"]
    studio.send(show, (2,))
    later(1)
    assert viewer(show.master).status_code == 200
    studio.change(show, LiveStream, status=DISABLED)
    later(5)
    answer = viewer(show.master)
    assert answer.status_code == 400 and "disabled" in answer.json["error"]["message"]


def test_who_waits_for_an_encoder_that_has_connected_is_told_to_ask_again_soon(studio, viewer, later):
    show = studio.show(parts=(), status=IDLE)
    assert "Retry-After" not in viewer(show.master).headers
    studio.change(show, LiveStream, status=PREPARING)
    later(1)
    answer = viewer(show.master)
    assert answer.status_code == 400 and "ready" in answer.json["error"]["message"]
    assert answer.headers["Retry-After"] == "1"
    studio.send(show, (1,))
    studio.change(show, LiveStream, status=ACTIVE)
    later(0.2)  # else half a second is what everybody waits
    assert viewer(show.master).status_code == 200 and viewer(playlist_of(viewer, show)).status_code == 200


def test_a_new_broadcast_takes_the_place_of_the_one_before(studio, viewer, later):
    show = studio.show()
    before, piece = show.broadcast, show.piece(2)
    studio.change(show, LiveBroadcast, settled_at=now(), ended_at=now())
    studio.send(show, (1,))
    later(1)
    text = viewer(playlist_of(viewer, show)).text
    assert str(show.broadcast) in text and str(before) not in text
    assert viewer(f"{show.public}/{piece}").status_code == 200  # who still reads the old playlist


def test_cleared_broadcasts_and_unknown_ids_are_nothing(studio, viewer):
    show = studio.show(cleared_at=now())
    assert viewer(show.master).status_code == 400
    assert viewer(f"/stream/{uuid.uuid4()}.m3u8").status_code == 404
    assert viewer("/stream/nonsense.m3u8").status_code == 422


def test_a_live_stream_has_neither_downloads_nor_pictures(studio, viewer):
    show = studio.show()
    for path in (f"/stream/{show.playback_id}/capped-4k.mp4", f"/images/{show.playback_id}/thumbnail.jpg"):
        answer = viewer(path)
        assert answer.status_code == 400 and "live stream" in answer.json["error"]["message"]


@pytest.fixture(scope="module")
def moments(tmp_path_factory):
    """The beginning of a broadcast as ingest leaves it: initialization, a red segment, a green one."""
    folder = tmp_path_factory.mktemp("moments")
    colours = [part for c in ("red", "lime") for part in ("-f", "lavfi", "-i", f"color={c}:s=640x360:r=10:d=2")]
    command = [tools.ffmpeg(), "-v", "error", *colours, "-filter_complex", "concat=n=2", "-c:v", "libx264"]
    command += ["-force_key_frames", "expr:gte(t,n_forced*2)", "-pix_fmt", "yuv420p", "-f", "hls", "-hls_time", "2"]
    command += ["-hls_segment_type", "fmp4", "-hls_segment_filename", "s%05d.m4s", "index.m3u8"]
    subprocess.run(command, cwd=folder, check=True)
    return [(folder / name).read_bytes() for name in ("init.mp4", "s00000.m4s", "s00001.m4s")]


def test_pages_have_the_picture_of_now_made_of_what_viewers_may_fetch(studio, viewer, moments):
    """The same one for some seconds, and none under an address that nobody signed."""
    show = studio.show(parts=(5,))
    folder = f"{show.organization_id}/{show.workspace_id}/{show.broadcast}/{show.connections[0]}"
    for name, data in zip(("init.mp4", "s00002.m4s", "s00003.m4s"), moments, strict=True):
        storage.get().write(f"{folder}/{name}", data)
    answer = viewer(f"{show.public}/live/now.jpg")
    assert picture(answer) == (320, 180, "green")
    assert answer.headers["Cache-Control"] == "public, max-age=8"
    assert viewer(f"{show.public}/live/now.jpg").data == answer.data
    assert viewer(f"{show.public.replace('/0/', '/9999999999/')}/live/now.jpg").status_code == 401


def test_sound_alone_and_what_is_not_on_air_have_no_picture_of_now(studio, viewer):
    heard = studio.show(width=0, height=0)
    assert viewer(f"{heard.public}/live/now.jpg").status_code == 404
    silent = studio.show(parts=())
    assert viewer(f"{silent.public}/live/now.jpg").status_code == 400


def test_the_most_asked_for_is_a_hint_and_the_resolution_is_not(studio, viewer):
    show = studio.show()
    assert viewer(show.master, query={"maxResolution": "1080p"}).status_code == 200
    assert viewer(show.master, query={"maxResolution": "480p"}).status_code == 200
    answer = viewer(show.master, query={"resolution": "480p"})
    assert answer.status_code == 422 and answer.json["error"]["fields"][0]["field"] == "resolution"


def test_the_embed_page_holds_a_live_player(studio, viewer):
    show = studio.show()
    page = viewer(f"/embed/{show.playback_id}")
    assert page.status_code == 200 and "data-live" in page.text and f"{show.playback_id}.m3u8" in page.text
    private = studio.show("private")
    assert viewer(f"/embed/{private.playback_id}").status_code == 401


def test_deleting_the_playback_id_stops_it(studio, viewer, later):
    show = studio.show()
    path = playlist_of(viewer, show)
    assert viewer(path).status_code == 200
    with studio.world.session() as session, principal.acting(principal.system("a test", show.organization_id)):
        session.delete(session.get(LivePlaybackId, show.playback_id))
        session.flush()
    later(5)
    assert viewer(path).status_code == 404


def test_viewers_are_counted_by_their_players_and_forgotten(studio, viewer, world, later):
    show = studio.show()
    later(viewer_counts.EVERY_SECONDS + 1)
    paths = [playlist_of(viewer, show) for _ in range(3)]
    assert len(set(paths)) == 3
    for path in paths * 2:
        later(viewer_counts.EVERY_SECONDS + 1)
        assert viewer(path).status_code == 200
    with world.app.app_context(), principal.acting(principal.system("a test", show.organization_id)):
        assert viewer_queries.watching(show.id) == 3


@pytest.mark.parametrize("name", ["", "short", "x" * 20, "x" * 21, "../../../../etc/....", "'; DROP TABLE x;----"])
def test_a_made_up_viewer_is_not_noted(studio, viewer, world, later, name):
    show = studio.show()
    before = world.digest()
    later(viewer_counts.EVERY_SECONDS + 1)
    assert viewer(f"{show.public}/live/index.m3u8", query={"viewer": name}).status_code == 200
    assert world.digest() == before
