"""Usage at both doors: the charts of an organization, its file, the views of a media, the viewers of a stream."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import db, now, transaction
from fastpix.resources.live_streams import lifecycle
from fastpix.resources.live_streams.broadcasts.models import LiveBroadcast
from fastpix.resources.live_streams.models import LiveStream
from fastpix.resources.live_streams.viewers import domain as viewers
from fastpix.resources.live_streams.viewers.models import LiveViewer, LiveViewerSample
from fastpix.resources.media.models import Media
from fastpix.resources.usage import queries
from fastpix.resources.usage.models import UsageDay

pytestmark = pytest.mark.sqlite
WHY = "a test looks at it, whoever it belongs to"


def test_a_member_sees_the_charts_and_the_numbers_as_a_table(mel):
    html = mel.page.get("/o/acme/usage/").get_data(as_text=True)
    assert html.count('role="img"') == 4 and html.count("Show as table") == 4
    for text in ("Storage", "Minutes stored", "2 views in 30 days", "By workspace", "Show as table"):
        assert text in html
    assert 'href="/o/acme/usage/"' in html, "it is in the menu"
    assert len(html) < 100_000


@pytest.mark.parametrize("days", [90, 365])
def test_a_long_period_stays_a_small_page(ada, days):
    html = ada.page.get(f"/o/acme/usage/?days={days}").get_data(as_text=True)
    assert f"in {days} days" in html and len(html) < 100_000


@pytest.mark.parametrize("query", ["days=0", "days=x", "days=99999999999", "workspace=x", f"workspace={'0' * 32}"])
def test_what_makes_no_sense_in_the_address_is_not_asked(ada, query):
    assert "2 views in 30 days" in ada.page.get(f"/o/acme/usage/?{query}").get_data(as_text=True)


def test_one_workspace_by_itself(ada, cast):
    html = ada.page.get(f"/o/acme/usage/?workspace={cast.acme.workspaces['development']}").get_data(as_text=True)
    assert "Nobody watched anything in these days." in html and "production</th>" not in html
    foreign = ada.page.get(f"/o/acme/usage/?workspace={cast.rival.workspace}").get_data(as_text=True)
    assert "2 views in 30 days" in foreign, "another organization's is as good as none"


def test_the_file_has_a_line_for_every_day(mel):
    answer = mel.page.get("/o/acme/usage/days.csv?days=90")
    assert answer.data.startswith(b"\xef\xbb\xbf")  # by which spreadsheets know UTF-8
    lines = answer.data.decode("utf-8-sig").splitlines()
    assert answer.headers["Content-Disposition"] == f'attachment; filename="acme-usage-90-days-{now().date()}.csv"'
    assert lines[0] == "day,stored_bytes,stored_minutes,media,views,delivered_minutes" and len(lines) == 91
    assert lines[-1] == f"{now().date()},3010,0.17,2,2,0.3"


def test_the_api_says_what_the_page_says(mel, cast):
    answer = mel.api.get("/v1/iam/usage?days=7").get_json()["data"]
    assert len(answer) == 7
    assert answer[-1] == {
        "day": str(now().date()), "storedBytes": 3010, "storedSeconds": 10.01, "media": 2, "views": 2, "deliveredSeconds": 18.0,
    }  # fmt: skip
    told = mel.api.get(f"/v1/iam/usage/media/{cast.acme.shelf.media}").get_json()["data"]
    assert told[-1] == {"day": str(now().date()), "views": 2, "deliveredSeconds": 18.0} and len(told) == 30
    assert mel.api.get(f"/v1/iam/usage?workspaceId={cast.rival.workspace}").status_code == 422
    assert mel.api.get("/v1/iam/usage?days=0").status_code == 422
    shelf = cast.acme.shelf
    (audience,) = mel.api.get(f"/v1/iam/usage/live/{shelf.active_stream}").get_json()["data"]
    assert audience["mostViewers"] == 1 and [each["viewers"] for each in audience["samples"]] == [1]
    assert mel.api.get(f"/v1/iam/usage/live/{cast.rival.shelf.active_stream}").status_code == 404


def _forget_measures(world, *, size=0):
    with world.session(), tenancy.everywhere(WHY), transaction():
        db.session.execute(sa.delete(UsageDay))
        if size:
            db.session.execute(sa.update(Media).values(size=size))


def test_what_was_uploaded_a_moment_ago_is_in_todays_numbers(world, ada):
    """Nothing was measured yet: "0 kB now" would be false, and so would a measure from before the last change."""
    _forget_measures(world, size=5_000_000)
    told = ada.api.get("/v1/iam/usage?days=2").get_json()["data"]
    assert (told[-1]["storedBytes"], told[-1]["media"]) == (10_000_000, 2) and told[-1]["storedSeconds"] > 10
    html = ada.page.get("/o/acme/usage/").get_data(as_text=True)
    assert "<strong>10 MB</strong>" in html and "looked up when this page is opened" in html
    _forget_measures(world, size=7_000_000)
    assert ada.api.get("/v1/iam/usage?days=2").get_json()["data"][-1]["storedBytes"] == 14_000_000


def test_of_too_many_media_the_hours_measure_is_shown_and_the_page_says_so(world, ada, monkeypatch):
    monkeypatch.setattr(queries, "MOST_AT_ONCE", 0)
    with world.session(), tenancy.everywhere(WHY), transaction():
        db.session.execute(sa.update(Media).values(size=5_000_000))
    html = ada.page.get("/o/acme/usage/").get_data(as_text=True)
    assert "<strong>3 kB</strong>" in html and "within the last hour" in html and "measured every hour, since" in html
    _forget_measures(world)
    assert "<strong>10 MB</strong>" in ada.page.get("/o/acme/usage/").get_data(as_text=True), (
        "never measured: looked up"
    )


def test_a_medias_page_shows_its_views(mel, cast):
    html = mel.page.get(f"/o/acme/media/{cast.acme.shelf.media}").get_data(as_text=True)
    assert "<strong>2 views</strong>" in html and "0.3 minutes delivered in 30 days" in html


def test_viewers_are_looked_at_once_a_minute_while_it_is_on_air(world, cast, mel):
    stream_id, house = cast.acme.shelf.active_stream, cast.acme
    with world.session():
        with transaction():
            seen = ("somebody", "a viewer", "another one", "a fourth")  # the first is the cast's own
            viewers.note((stream_id, name, house.workspace, house.id) for name in seen)
        with transaction(), tenancy.everywhere(WHY):
            db.session.execute(sa.delete(LiveViewerSample))
            db.session.execute(sa.update(LiveViewer).values(seen_at=now()))  # the cast's was seen when the suite began
        viewers.sample()
        viewers.sample()
        with tenancy.everywhere(WHY):
            found = db.session.scalars(
                sa.select(LiveViewerSample).where(LiveViewerSample.organization_id == house.id)
            ).all()
    assert [row.viewers for row in found] == [4], "once, however often it was looked at"
    html = mel.page.get(f"/o/acme/live/{stream_id}").get_data(as_text=True)
    assert "4 viewers at most" in html
    assert "4 viewers at most" not in mel.page.get(f"/o/acme/live/{cast.acme.shelf.stream}").get_data(as_text=True)


def test_broadcasts_of_the_past_keep_their_viewers(world, cast, mel):
    stream_id, house = cast.acme.shelf.active_stream, cast.acme
    with world.session(), lifecycle.ingest_scope(house.id), transaction():
        first = db.session.scalar(sa.select(LiveStream.broadcast_id).where(LiveStream.id == stream_id))
    with world.session(), tenancy.everywhere(WHY), transaction():
        told = {"workspace_id": house.workspace, "organization_id": house.id}
        past = LiveBroadcast(stream_id=stream_id, is_recorded=False, is_dvr=False, **told)
        past.started_at, past.ended_at = now() - timedelta(days=3), now() - timedelta(days=3, minutes=-9)
        db.session.add(past)
        db.session.flush()
        for minute in range(9):
            at = past.started_at + timedelta(minutes=minute)
            db.session.add(LiveViewerSample(broadcast_id=past.id, at=at, viewers=minute * 5, **told))
        old = LiveViewerSample(broadcast_id=first, at=now() - timedelta(days=800), viewers=1, **told)
        db.session.add(old)
        past_id = past.id
    with world.session():
        viewers.prune()
        with tenancy.everywhere(WHY):
            assert db.session.scalar(sa.select(sa.func.min(LiveViewerSample.at))) > now() - timedelta(days=4)
    page = f"/o/acme/live/{stream_id}"
    html = mel.page.get(page).get_data(as_text=True)
    assert "1 viewer at most" in html and f"?broadcast={past_id}#viewers" in html
    assert "40 viewers at most" in mel.page.get(f"{page}?broadcast={past_id}").get_data(as_text=True)
    assert "1 viewer at most" in mel.page.get(f"{page}?broadcast=nonsense").get_data(as_text=True)
