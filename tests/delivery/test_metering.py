"""What delivery counts: a start for a master, a piece for a segment, and of viewers nothing at all."""

from __future__ import annotations

import threading
from uuid import UUID

import pytest
import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import transaction
from fastpix.delivery import metering
from fastpix.resources.media import playback
from fastpix.resources.media.models import PROCESSING
from fastpix.resources.playback_ids import signed_urls
from fastpix.resources.usage import domain as usage
from fastpix.resources.usage.models import UsageCount
from fastpix.storage import instance as storage
from tests.delivery.broadcasting import Studio
from tests.delivery.screening import token

pytestmark = pytest.mark.sql("counters are upserts")


@pytest.fixture
def counted(world):
    """`counted(id)`: (starts, pieces, seconds, views) of it, once all is written; None where nothing was counted."""

    def look(subject_id):
        metering.write(world.app)
        with world.session() as session, tenancy.everywhere("a test looks at it, whoever it belongs to"):
            row = session.scalar(sa.select(UsageCount).where(UsageCount.subject_id == subject_id))
            return row and (row.starts, row.pieces, round(row.seconds, 3), row.views)

    return look


def test_a_player_that_watches_is_a_view_and_its_minutes(cinema, viewer, counted):
    film = cinema.show(duration=60.0)
    viewer(film.master)
    for name in ("index.m3u8", "init.mp4", "s00000.m4s"):
        assert viewer(f"{film.public}/{film.version}/720p/{name}").status_code == 200
    # The stored segment is larger than its rendition says, so it is all of the media.
    assert counted(film.id) == (1, 1, 60.0, 1)
    viewer(film.master)
    viewer(f"{film.public}/{film.version}/360p/s00000.m4s", Range="bytes=0-99")
    assert counted(film.id) == (2, 2, 120.0, 2), "added to what was there"


def test_a_segment_lasts_as_its_share_of_the_bytes(cinema, viewer, counted):
    wide = {"name": "720p", "width": 1280, "height": 720, "codecs": "avc1.64001f", "bandwidth": 1, "size": 50_000}
    film = cinema.show(duration=60.0, renditions=[wide | {"average_bandwidth": 1, "frame_rate": 30.0}])
    viewer(f"{film.public}/{film.segment}")
    assert counted(film.id) == (0, 1, 6.0, 0), "5 of 50 kB are 6 of 60 seconds"


@pytest.mark.sqlite
def test_a_segment_of_what_grows_lasts_as_its_playlist_says(cinema, viewer, counted):
    """Its rendition's bytes are not known yet. One that this process has not heard of lasts as most do."""
    film = cinema.show(status=PROCESSING)
    folder = f"{film.folder}/{film.version}/720p"
    storage.get().write(f"{folder}/growing.m3u8", b"#EXTM3U\n#EXTINF:5.500000,\ns00000.m4s\n")
    storage.get().write(f"{folder}/s00001.m4s", b"one more")
    viewer(film.master)
    viewer(f"{film.public}/{film.segment}")
    assert counted(film.id) == (1, 1, 5.5, 1)
    viewer(f"{film.public}/{film.version}/720p/s00001.m4s")
    assert counted(film.id) == (1, 2, 11.5, 1)


@pytest.mark.sqlite
def test_who_only_asks_for_playlists_is_no_viewer(cinema, viewer, counted):
    film = cinema.show()
    for _ in range(50):
        viewer(film.master)
    viewer(f"{film.public}/{film.segment}")
    assert counted(film.id) == (50, 1, 6.0, 1), "a loop is bounded by the video it takes"


@pytest.mark.sqlite
def test_what_sends_no_video_is_not_counted(cinema, viewer, counted):
    film = cinema.show()
    tag = viewer(f"{film.public}/{film.segment}", method="HEAD").headers["ETag"]
    viewer(film.master, method="HEAD")
    viewer(film.master, method="OPTIONS")
    assert viewer(f"{film.public}/{film.segment}", If_None_Match=tag).status_code == 304
    assert viewer(f"{film.public}/{film.segment}", Range="bytes=9999999-").status_code == 416
    for path in film.parts:
        if not path.endswith(".m4s") or path.startswith("tracks/"):
            viewer(f"{film.public}/{path}")
    assert viewer(f"/stream/{film.playback_id}.m3u8", query={"resolution": "9999p"}).status_code == 422
    assert counted(film.id) is None


@pytest.mark.sqlite
def test_the_dashboards_own_preview_is_no_view(cinema, viewer, counted, world, signed_in):
    film = cinema.show("private")
    with world.session():
        prefix = signed_urls.preview_prefix(playback.find(film.playback_id)).partition("/stream/")[2]
    assert viewer(f"/stream/{prefix}/master.m3u8", **signed_in("mel")).status_code == 200
    assert viewer(f"/stream/{prefix}/{film.segment}", **signed_in("mel")).status_code == 200
    assert counted(film.id) is None


@pytest.mark.sqlite
def test_private_media_count_under_their_token(cinema, viewer, counted):
    film, key = cinema.show("private"), cinema.key()
    text = viewer(film.master, query={"token": token(film, key)}).text
    prefix = next(line for line in text.splitlines() if line.startswith("m/")).partition(f"/{film.version}")[0]
    viewer(f"/stream/{prefix}/{film.segment}")
    assert counted(film.id)[3] == 1


@pytest.mark.sqlite
def test_what_nginx_or_a_bucket_sends_counts_too(world, cinema, viewer, counted):
    film = cinema.show()
    world.set(accel_prefix="/internal/")
    viewer(film.master)
    assert "X-Accel-Redirect" in viewer(f"{film.public}/{film.segment}").headers
    assert counted(film.id) == (1, 1, 6.0, 1)


@pytest.mark.sqlite
def test_a_live_stream_counts_as_media_do(world, viewer, counted):
    show = Studio(world).show()
    viewer(show.master)
    for number in range(2):
        assert viewer(f"{show.public}/{show.piece(number)}").status_code == 200
    viewer(f"{show.public}/{show.piece().replace('s00000.m4s', 'init.mp4')}")
    assert counted(UUID(show.id)) == (1, 2, 4.0, 1)


@pytest.mark.sqlite
def test_nothing_of_a_viewer_is_kept(cinema, viewer, world, counted):
    film = cinema.show()
    viewer(film.master, User_Agent="A-browser-of-somebody", Referer="https://where.example/they-came-from")
    viewer(f"{film.public}/{film.segment}", User_Agent="A-browser-of-somebody")
    assert counted(film.id)
    kept = repr(world.rows()["usage_counts"])
    assert str(film.id) in kept or film.id.hex in kept
    for secret in ("browser-of-somebody", "127.0.0.1", "where.example"):
        assert secret not in kept


def test_many_processes_add_up(cinema, world, viewer):
    """Each has sums of its own, and writes them when it likes."""
    film = cinema.show()
    given = usage.Sum(film.id, film.workspace_id, film.organization_id, starts=1, pieces=2, seconds=3.0)
    gone = usage.Sum(film.id, UUID(int=7), film.organization_id, starts=1)

    def process():
        for _ in range(10):
            with world.app.app_context(), transaction():
                usage.add([given, gone])

    threads = [threading.Thread(target=process) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with world.session() as session, tenancy.everywhere("a test looks at it, whoever it belongs to"):
        rows = session.scalars(sa.select(UsageCount).where(UsageCount.subject_id == film.id)).all()
    assert (sum(r.starts for r in rows), sum(r.pieces for r in rows), sum(r.seconds for r in rows)) == (30, 60, 90.0)


@pytest.mark.sqlite
def test_a_thread_writes_some_seconds_later_and_an_end_at_once(cinema, viewer, world, monkeypatch):
    monkeypatch.undo()  # counting goes on behind the back here
    monkeypatch.setattr(metering, "EVERY_SECONDS", 3600.0)
    film = cinema.show()
    viewer(film.master)
    viewer(film.master)
    assert len(metering._timers) == 1, "one thread for all that is gathered"
    metering.write_now()
    assert not metering._timers
    with world.session() as session, tenancy.everywhere("a test looks at it, whoever it belongs to"):
        assert session.scalar(sa.select(UsageCount.starts).where(UsageCount.subject_id == film.id)) == 2


@pytest.mark.sqlite
def test_a_database_that_does_not_answer_keeps_nobody_from_watching(cinema, viewer, world, monkeypatch, caplog):
    film = cinema.show()
    viewer(film.master)

    def fail(_sums):
        raise sa.exc.OperationalError("INSERT", {}, Exception("locked"))

    monkeypatch.setattr(metering.usage, "add", fail)
    metering.write(world.app)
    assert "could not be counted" in caplog.text
    assert viewer(f"{film.public}/{film.segment}").status_code == 200
