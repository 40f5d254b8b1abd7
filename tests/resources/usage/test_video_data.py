"""FastPix's video data: what delivery counted in their shape, read by their client, and nothing that nobody counted."""

from __future__ import annotations

import time
import uuid
from datetime import datetime, timedelta

import pytest
from fastpix_python import models

from fastpix.access import tenancy
from fastpix.db import now, transaction
from fastpix.resources.usage import domain
from fastpix.resources.usage.domain import Sum, hour_of
from fastpix.resources.usage.models import DAY, HOUR

pytestmark = pytest.mark.sqlite
WHY = "a test counts, whoever it belongs to"


@pytest.fixture
def counted(world, cast, shelf):
    """Beside the 2 views and 18 s of this hour: a stream's 3 views yesterday, a media that is gone, old days, others'."""
    here = (cast.acme.workspace, cast.acme.id)
    gone = uuid.uuid4()
    hour = hour_of(now()) - timedelta(hours=25)
    elsewhere = (cast.acme.workspaces["development"], cast.acme.id)
    with world.session(), tenancy.everywhere(WHY), transaction():
        domain.put([Sum(uuid.UUID(shelf.stream), *here, starts=3, pieces=9, seconds=60.0)], HOUR, hour)
        domain.put([Sum(gone, *here, starts=1, pieces=1, seconds=2.0)], HOUR, hour)
        domain.put(
            [Sum(shelf.media, *here, starts=5, pieces=5, seconds=50.0)],
            DAY,
            domain.beginning(hour.date() - timedelta(days=20)),
        )
        domain.put([Sum(uuid.uuid4(), *elsewhere, starts=7, pieces=7, seconds=7.0)], HOUR, hour)
    return gone


def ask(api, path, *spans, **query):
    answer = api.get(f"data/{path}", query_string={"timespan[]": spans or ("24:hours",), **query})
    assert answer.status_code == 200, answer.text
    return answer.json


def notice(api, path, query):
    """The sentence beside an answer; not in its body, where FastPix has none."""
    return api.get(f"data/{path}", query_string=query).headers.get("X-Fastpix-Notice", "")


def test_views_and_playing_time_of_a_period(api, counted):
    told = ask(api, "metrics/views/overall")
    assert told["data"] == {
        "value": 2.0, "globalValue": 2.0, "totalViews": 2, "totalWatchTime": 18_000, "totalPlayTime": 18_000,
    }  # fmt: skip
    begin, end = told["timespan"]
    assert end - begin == 86_400 and abs(end - time.time()) < 60
    assert ask(api, "metrics/views/overall", "3:days")["data"]["value"] == 6
    assert ask(api, "metrics/views/overall", "30:days")["data"]["value"] == 11
    assert ask(api, "metrics/playing_time/overall")["data"]["value"] == 9000.0  # of a view
    assert ask(api, "metrics/playing_time/overall", measurement="sum")["data"]["value"] == 18_000.0
    yesterday = int(time.time()) - 3 * 86_400, int(time.time()) - 86_400
    assert ask(api, "metrics/views/overall", *yesterday)["data"]["value"] == 4


def test_a_series_by_hour_and_by_day(api, counted):
    told = ask(api, "metrics/views/timeseries", "3:days", groupBy="minute")
    assert [point["numberOfViews"] for point in told["data"]] == [4, 2]
    latest = datetime.fromisoformat(told["data"][1]["intervalTime"])  # in which the cast was made, some time ago
    assert latest == hour_of(latest) and timedelta(0) <= now() - latest < timedelta(hours=6)
    assert told["metadata"] == {"granularity": "hour", "aggregation": "view_end"}
    assert told["timespan"][1] - told["timespan"][0] == 3 * 86_400_000
    days = ask(api, "metrics/views/timeseries", "30:days", groupBy="day", sortOrder="desc")["data"]
    assert [point["metricValue"] for point in days][-1] == 5 and sum(p["metricValue"] for p in days) == 11
    assert all(point["intervalTime"].endswith("T00:00:00Z") for point in days)


def test_parts_by_media_title_and_stream(api, shelf, counted):
    parts = ask(api, "metrics/views/breakdown", "3:days", groupBy="video_title", sortOrder="desc")
    assert [(part["field"], part["views"]) for part in parts["data"]] == [
        ("The acme stream", 3), ("The acme clip", 2), (str(counted), 1),
    ]  # fmt: skip
    assert parts["pagination"] == {"totalRecords": 3, "currentOffset": 1, "offsetCount": 1}
    second = ask(api, "metrics/views/breakdown", "3:days", groupBy="video_title", sortOrder="desc", limit=1, offset=2)
    assert [part["field"] for part in second["data"]] == ["The acme clip"]
    by_media = ask(api, "metrics/playing_time/breakdown", "3:days", groupBy="media_id", measurement="sum")["data"]
    assert {part["field"]: part["value"] for part in by_media} == {str(shelf.media): 18_000.0, str(counted): 2000.0}
    streams = ask(api, "dimensions/fp_live_stream_id", "3:days")["data"]
    assert streams == [{"value": shelf.stream, "count": 3}]
    top = ask(api, "viewlist/top-content", "3:days", limit=1)["data"]
    assert top == [{"videoTitle": "The acme stream", "views": 3}]


@pytest.mark.parametrize(
    ("wish", "views"),
    [
        ("video_title:The acme clip", 2),
        ("video_title:!The acme clip", 4),
        ("video_title:The acme stream", 3),
        ("media_id:{media}", 2),
        ("media_id:!{media}", 4),
        ("fp_live_stream_id:{stream}", 3),
        ("media_id:nonsense", 0),
    ],
)
def test_a_filter_keeps_or_leaves_out(api, shelf, counted, wish, views):
    query = {"filterby[]": wish.format(**vars(shelf))}
    assert ask(api, "metrics/views/overall", "3:days", **query)["data"]["totalViews"] == views


def test_what_nobody_counts_is_empty_and_says_so(api):
    for path, query in (
        ("metrics/views/breakdown", {"groupBy": "browser_name"}),
        ("metrics/quality_of_experience_score/timeseries", {}),
        ("dimensions/country", {}),
        ("viewlist/top-content", {"filterby[]": "browser_name:Chrome"}),
        ("viewlist", {}),
        ("metrics/comparison", {}),
    ):
        told = ask(api, path, **query)
        assert told["data"] == [] and notice(api, path, query).startswith("This server does not count "), path
    told = ask(api, "metrics/unique_viewers/overall")
    assert "value" not in told["data"] and "unique_viewers" in notice(api, "metrics/unique_viewers/overall", {})
    assert notice(api, "metrics/views/overall", {}) == ""
    assert ask(api, "errors")["data"] == {"errors": [], "topErrors": []}
    assert api.get(f"data/viewlist/{uuid.uuid4()}").status_code == 501


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("metrics/nonsense/overall", "metricId"),
        ("metrics/views/overall?timespan[]=yesterday", "timespan[]"),
        ("metrics/views/overall?timespan[]=99999:days", "timespan[]"),
        ("metrics/views/overall?timespan[]=5&timespan[]=4", "timespan[]"),
        ("metrics/views/overall?filterby[]=x", "filterby[]"),
        ("metrics/playing_time/overall?measurement=median", "measurement"),
        ("metrics/views/breakdown?limit=51", "limit"),
        ("metrics/views/breakdown?groupBy=%00", "groupBy"),
        ("metrics/views/timeseries?groupBy=week", "groupBy"),
        ("dimensions/7", "dimensionsId"),
    ],
)
def test_bad_input_is_422_by_its_name(api, path, field):
    answer = api.get(f"data/{path}")
    assert answer.status_code == 422, answer.text
    assert [entry["field"] for entry in answer.json["error"]["fields"]] == [field]


def test_a_member_may_and_another_organization_sees_its_own(doors, counted):
    assert ask(doors("mel").api, "metrics/views/overall", "3:days")["data"]["totalViews"] == 6
    assert ask(doors("rex").api, "metrics/views/overall", "3:days")["data"]["totalViews"] == 2


def test_the_python_client_parses_all_of_it(api, counted):
    parsed = models.ListBreakdownValuesResponse.model_validate(ask(api, "metrics/views/breakdown", "3:days"))
    assert sorted(part.views for part in parsed.data) == [1, 2]
    assert models.ListOverallValuesResponse.model_validate(ask(api, "metrics/views/overall")).data.value == 2
    assert models.GetTimeseriesDataResponse.model_validate(ask(api, "metrics/views/timeseries")).data
    assert models.ListByTopContentResponse.model_validate(ask(api, "viewlist/top-content")).data[0].views == 2
    assert models.ListVideoViewsResponse.model_validate(ask(api, "viewlist")).data == []
    assert models.ListErrorsResponse.model_validate(ask(api, "errors")).data.errors == []
    values = models.ListFilterValuesForDimensionResponse.model_validate(ask(api, "dimensions/video_title"))
    assert values.data[0].count == 2
