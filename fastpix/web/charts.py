"""Charts as SVG drawn on the server: bars for what adds up, an area for what is held. Pure: numbers in, shapes out.

A chart takes any width: its SVG has no text and is stretched, and the words of its axes stand around it as HTML. The
template is `macros/charts.html`, which also writes the same numbers as a table.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

# What the shapes are measured in. The picture is stretched to its place, so that only their ratios count.
WIDTH, HEIGHT = 1000.0, 160.0
MOST_TICKS = 5
# More days than these are told by the week: on a small screen a bar would be thinner than a pixel.
MOST_BARS = 100
WEEK = 7
_STEPS = (1, 2, 5, 10)


@dataclass(frozen=True)
class Unit:
    """How a kind of number is told. `sizes`: (from what number on, divided by what, the words), smallest first."""

    sizes: tuple[tuple[float, float, str], ...]
    one: str = ""
    is_whole: bool = False

    def size(self, most: float) -> tuple[float, str]:
        """The divisor and words that fit a number."""
        fitting = [size for size in self.sizes if most >= size[0]] or [self.sizes[0]]
        return fitting[-1][1], fitting[-1][2]

    def tell(self, value: float) -> str:
        """The number in words, such as "12.3 GB" or "1 view"."""
        by, words = self.size(value)
        text = number(value / by)
        return f"{text} {self.one if self.one and text == '1' else words}"


VIEWS = Unit(((0, 1, "views"),), "view", is_whole=True)
VIEWERS = Unit(((0, 1, "viewers"),), "viewer", is_whole=True)
BYTES = Unit(((0, 1e3, "kB"), (1e6, 1e6, "MB"), (1e9, 1e9, "GB"), (1e12, 1e12, "TB")))
# Of seconds.
MINUTES = Unit(((0, 60, "minutes"), (36_000, 3600, "hours")))


@dataclass(frozen=True)
class Point:
    """One place on the chart: when (in words), how much, and where its part of the picture begins and how wide it is."""

    when: str
    value: float
    shown: str
    x: float
    y: float
    width: float


@dataclass(frozen=True)
class Chart:
    """All that the template draws. `ticks` go from the top down; `marks` are the words under the picture."""

    id: str
    title: str
    description: str
    column: str
    is_bars: bool
    ticks: tuple[str, ...]
    unit: str
    lines: tuple[float, ...]
    marks: tuple[str, ...]
    points: tuple[Point, ...]
    is_empty: bool

    @property
    def outline(self) -> str:
        """The upper edge of an area, as the points of a polyline."""
        return " ".join(f"{p.x + p.width / 2:.1f},{p.y:.1f}" for p in self.points)

    @property
    def shape(self) -> str:
        """The area down to zero, as the points of a polygon."""
        first, last = self.points[0], self.points[-1]
        return f"{first.x + first.width / 2:.1f},{HEIGHT:g} {self.outline} {last.x + last.width / 2:.1f},{HEIGHT:g}"


def number(value: float) -> str:
    """A number as people read it: 1,234 or 12.3 or 0.4."""
    rounded = round(value, 1)
    return f"{rounded:,.0f}" if rounded >= 100 or rounded == int(rounded) else f"{rounded:.1f}"


def scale(most: float, *, is_whole: bool = False) -> list[float]:
    """Round numbers from 0 to at least `most`, evenly apart, at most `MOST_TICKS` of them."""
    least = max(most / (MOST_TICKS - 1), 1 if is_whole else 1e-9)
    power = 10.0 ** math.floor(math.log10(least))
    step = next(power * each for each in _STEPS if power * each >= least * (1 - 1e-9))
    return [step * count for count in range(max(2, math.ceil(most / step - 1e-9) + 1))]


def told(at: date) -> str:
    """A day in words: 24 Nov 2026."""
    return f"{at.day} {at:%b %Y}"


def added(id: str, title: str, days: Sequence[tuple[date, float]], unit: Unit) -> Chart:
    """Bars of what happened on each day; of many days, of each week up to today."""
    groups = _weeks(days)
    column = "Day" if len(groups) == len(days) else "Week"
    whens = [
        told(group[-1][0]) if len(group) == 1 else f"{len(group)} days to {told(group[-1][0])}" for group in groups
    ]
    values = [sum(value for _, value in group) for group in groups]
    whole, most = sum(values), max(range(len(values)), key=lambda n: values[n])
    text = f"{unit.tell(whole)} in {len(days)} days. The most: {unit.tell(values[most])}, {whens[most]}."
    return draw(id, title, list(zip(whens, values, strict=True)), unit, text, column, _marks(days), is_bars=True)


def held(id: str, title: str, days: Sequence[tuple[date, float]], unit: Unit) -> Chart:
    """An area of what there was at the end of each day; of many days, of each week up to today."""
    groups = _weeks(days)
    column = "At the end of"
    points = [(told(group[-1][0]), group[-1][1]) for group in groups]
    text = f"{unit.tell(days[0][1])} on {told(days[0][0])}, {unit.tell(days[-1][1])} on {told(days[-1][0])}."
    return draw(id, title, points, unit, text, column, _marks(days), is_bars=False)


def minutes(id: str, title: str, samples: Sequence[tuple[datetime, float]], unit: Unit) -> Chart:
    """An area of what was seen at each moment, at most `MOST_BARS` of them: of several together, the most.

    A moment without a sample is left out: what was not looked at is not known to be nothing.
    """
    apart = math.ceil(len(samples) / MOST_BARS)
    groups = [samples[start : start + apart] for start in range(0, len(samples), apart)]
    has_days = samples[0][0].date() != samples[-1][0].date()
    points = [(_moment(group[0][0], has_days=has_days), max(value for _, value in group)) for group in groups]
    most = max(samples, key=lambda sample: sample[1])
    text = f"{unit.tell(most[1])} at most, at {_moment(most[0], has_days=True)}. Times are in UTC."
    marks = tuple(_moment(samples[place][0], has_days=has_days) for place in (0, len(samples) // 2, -1))
    column = "At (UTC)" if apart == 1 else f"{apart} minutes from (UTC)"
    return draw(id, title, points, unit, text, column, marks, is_bars=False)


def draw(
    id: str,
    title: str,
    values: Sequence[tuple[str, float]],
    unit: Unit,
    description: str,
    column: str,
    marks: tuple[str, ...],
    *,
    is_bars: bool,
) -> Chart:
    """The chart of at least one value, each with its time in words."""
    most = max(value for _, value in values)
    by, words = unit.size(most)
    ticks = [tick * by for tick in scale(most / by, is_whole=unit.is_whole)]
    slot = WIDTH / len(values)
    points = tuple(
        Point(when, value, unit.tell(value), slot * place, HEIGHT * (1 - value / ticks[-1]), slot)
        for place, (when, value) in enumerate(values)
    )
    return Chart(
        id=id,
        title=title,
        description=description,
        column=column,
        is_bars=is_bars,
        ticks=tuple(number(tick / by) for tick in reversed(ticks)),
        unit=words,
        lines=tuple(HEIGHT * (1 - tick / ticks[-1]) for tick in ticks),
        marks=marks,
        points=points,
        is_empty=not most,
    )


def _moment(at: datetime, *, has_days: bool) -> str:
    return f"{at.day} {at:%b}, {at:%H:%M}" if has_days else f"{at:%H:%M}"


def _weeks(days: Sequence[tuple[date, float]]) -> list[Sequence[tuple[date, float]]]:
    """Each day by itself, or weeks counted from the end; days that make no week go to the first one."""
    if len(days) <= MOST_BARS:
        return [[day] for day in days]
    over = len(days) % WEEK
    starts = [0, *range(over + WEEK, len(days), WEEK)]
    return [days[start:end] for start, end in zip(starts, [*starts[1:], len(days)], strict=True)]


def _marks(days: Sequence[tuple[date, float]]) -> tuple[str, ...]:
    ends = (days[0][0], days[len(days) // 2][0], days[-1][0])
    return tuple(f"{at:%b %Y}" if len(days) > MOST_BARS else f"{at.day} {at:%b}" for at in ends)
