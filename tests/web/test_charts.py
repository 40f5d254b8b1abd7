"""Charts: round numbers, every day in its place, words for whoever does not see them, nothing that needs a script."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from fastpix.web import charts

TODAY = date(2026, 11, 24)


def days(*values):
    return [
        (TODAY - timedelta(days=ago), value) for ago, value in zip(reversed(range(len(values))), values, strict=True)
    ]


@pytest.mark.parametrize(
    ("most", "whole", "ticks"),
    [
        (0, True, [0, 1]),
        (1, True, [0, 1]),
        (3, True, [0, 1, 2, 3]),
        (7, True, [0, 2, 4, 6, 8]),
        (100, True, [0, 50, 100]),
        (12.3, False, [0, 5, 10, 15]),
        (0.3, False, [0, 0.1, 0.2, 0.3]),
    ],
)
def test_the_axis_has_round_numbers_up_to_the_most(most, whole, ticks):
    assert charts.scale(most, is_whole=whole) == pytest.approx(ticks)


@pytest.mark.parametrize("most", [1e-6, 0.999, 17, 1e4 + 1, 7.7e13])
def test_the_axis_always_holds_the_most_in_few_steps(most):
    ticks = charts.scale(most)
    assert ticks[0] == 0 and ticks[-1] >= most * (1 - 1e-6) and 2 <= len(ticks) <= charts.MOST_TICKS + 1


def test_numbers_are_told_in_units_that_fit():
    assert charts.BYTES.tell(12_340_000_000) == "12.3 GB"
    assert charts.BYTES.tell(0) == "0 kB"
    assert charts.VIEWS.tell(1) == "1 view" and charts.VIEWS.tell(1234) == "1,234 views"
    assert charts.MINUTES.tell(90) == "1.5 minutes" and charts.MINUTES.tell(72_000) == "20 hours"


def test_a_day_of_nothing_has_its_place_and_is_drawn_as_nothing():
    drawn = charts.added("v", "Views", days(4, 0, 2), charts.VIEWS)
    assert [p.value for p in drawn.points] == [4, 0, 2]
    assert [p.y for p in drawn.points] == [0, charts.HEIGHT, charts.HEIGHT / 2]
    assert drawn.points[1].x == pytest.approx(charts.WIDTH / 3)
    assert drawn.description == "6 views in 3 days. The most: 4 views, 22 Nov 2026."
    assert drawn.ticks == ("4", "3", "2", "1", "0")


def test_many_days_are_told_by_the_week_and_none_is_lost():
    many = days(*([1] * 365))
    bars, area = charts.added("v", "Views", many, charts.VIEWS), charts.held("s", "Storage", many, charts.BYTES)
    assert sum(p.value for p in bars.points) == 365 and len(bars.points) == 52
    assert bars.points[0].when.startswith("8 days to ") and bars.points[-1].when == "7 days to 24 Nov 2026"
    assert area.points[-1].when == "24 Nov 2026" and area.points[-1].value == 1


def test_of_many_minutes_the_most_is_told():
    at = datetime(2026, 11, 24, 23, 50, tzinfo=UTC)
    samples = [(at + timedelta(minutes=n), n) for n in range(250)]
    drawn = charts.minutes("a", "Viewers", samples, charts.VIEWERS)
    assert len(drawn.points) <= charts.MOST_BARS and drawn.points[0].value == 2
    assert drawn.points[0].when == "24 Nov, 23:50" and drawn.column == "3 minutes from (UTC)"
    assert "249 viewers at most, at 25 Nov, 03:59." in drawn.description


@pytest.mark.sqlite
def test_the_picture_has_words_a_table_and_no_style_of_its_own(app):
    drawn = charts.added("v", "Views", days(4, 0, 2), charts.VIEWS)
    with app.test_request_context("/"):
        html = app.jinja_env.get_template("macros/charts.html").module.chart(drawn, "Nobody.")
    assert 'role="img"' in html and 'aria-labelledby="v-title v-text"' in html
    assert '<title id="v-title">Views</title>' in html and "The most: 4 views" in html
    assert len(re.findall('class="chart-bar"', html)) == 2, "a day of nothing has no bar"
    assert re.findall(r'<th scope="row">(.*?)</th><td class="end num">(.*?)</td>', html) == [
        ("24 Nov 2026", "2 views"), ("23 Nov 2026", "0 views"), ("22 Nov 2026", "4 views"),
    ]  # fmt: skip
    assert "style=" not in html and "<script" not in html and "fill=" not in html


@pytest.mark.sqlite
def test_nothing_at_all_is_said_in_words(app):
    drawn = charts.added("v", "Views", days(0, 0), charts.VIEWS)
    with app.test_request_context("/"):
        html = app.jinja_env.get_template("macros/charts.html").module.chart(drawn, "Nobody watched.")
    assert html.strip() == '<p class="quiet">Nobody watched.</p>'
