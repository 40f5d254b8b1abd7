"""What a benchmark is: rows with a name, a comparison and a goal, and how the one table of them is printed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa


class Unavailable(Exception):
    """Something a benchmark needs is not on this machine; the message says what, and how to get it."""


@dataclass(frozen=True)
class Goal:
    """A limit on the ratio, or on what was measured where `unit` is given (ms, s, MiB, µs)."""

    limit: float
    unit: str = ""
    is_least: bool = False

    def __str__(self) -> str:
        return f"{'≥' if self.is_least else '≤'} {self.limit:g}{' ' + self.unit if self.unit else 'x'}"


def most(limit: float, unit: str = "") -> Goal:
    return Goal(limit, unit)


def least(limit: float, unit: str = "") -> Goal:
    return Goal(limit, unit, is_least=True)


@dataclass(frozen=True)
class Found:
    """What was measured and what stood against it, in the same unit. `ratio` where it is not their quotient: the
    median of pairs, say."""

    value: float
    base: float | None = None
    ratio: float | None = None

    @property
    def over(self) -> float | None:
        """How many times the base."""
        if self.ratio is not None or not self.base:
            return self.ratio
        return self.value / self.base


@dataclass(frozen=True)
class Row:
    """A line of the table. `unit` is that of what is measured; without a goal it is told and judged by nobody."""

    name: str
    unit: str
    against: str
    goal: Goal | None = None

    def judge(self, found: Found) -> bool | None:
        """Whether the goal is met; None where there is none."""
        if self.goal is None:
            return None
        seen = found.value if self.goal.unit else found.over
        if seen is None:
            raise ValueError(f"{self.name}: the goal is a ratio, and nothing was measured to compare with")
        return seen >= self.goal.limit if self.goal.is_least else seen <= self.goal.limit


@dataclass(frozen=True)
class Options:
    """How to measure. `database` gives the address of a new empty database (empty: SQLite) for a name; `peer` is the
    folder of what is to stand beside."""

    is_quick: bool = False
    database: Callable[[str], str] = lambda _name: ""
    is_postgres: bool = False
    peer: Path | None = None

    def quick(self, short: int, whole: int) -> int:
        """How many rounds, rows or seconds: fewer when it shall be quick."""
        return short if self.is_quick else whole


@dataclass(frozen=True)
class Benchmark:
    """Rows that are measured together, in turns where that is possible. `measure` yields (name of the row, found)."""

    name: str
    about: str
    rows: tuple[Row, ...]
    measure: Callable[[Options], Iterator[tuple[str, Found]]]
    is_slow: bool = False


@dataclass(frozen=True)
class Line:
    """A row with what was found; `missing` instead says why nothing was."""

    row: Row
    found: Found | None = None
    missing: str = ""

    @property
    def verdict(self) -> str:
        if self.found is None:
            return "not here"
        return {True: "met", False: "NOT MET", None: ""}[self.row.judge(self.found)]


def run(benchmark: Benchmark, options: Options) -> list[Line]:
    """A line for every row of a benchmark, in the order of its rows."""
    lines = {row.name: Line(row, missing="nothing was measured") for row in benchmark.rows}
    try:
        for name, found in benchmark.measure(options):
            lines[name] = replace(lines[name], found=found)
    except Unavailable as problem:
        lines = {name: line if line.found else Line(line.row, missing=str(problem)) for name, line in lines.items()}
    return list(lines.values())


def table(lines: list[Line]) -> str:
    """The lines as a table, aligned for people and in the form that Markdown reads."""
    cells = [["row", "measured", "against", "ratio", "goal", "met"]]
    cells += [_cells(line) for line in lines]
    widths = [max(len(row[place]) for row in cells) for place in range(6)]
    drawn = [f"| {' | '.join(text.ljust(width) for text, width in zip(row, widths, strict=True))} |" for row in cells]
    return "\n".join([drawn[0], f"| {' | '.join('-' * width for width in widths)} |", *drawn[1:]])


def _cells(line: Line) -> list[str]:
    row, found = line.row, line.found
    goal = str(row.goal) if row.goal else ""
    if found is None:
        return [row.name, "", line.missing, "", goal, line.verdict]
    against = row.against if found.base is None else f"{row.against}: {number(found.base)} {row.unit}"
    ratio = "" if found.over is None else f"{number(found.over)}x"
    return [row.name, f"{number(found.value)} {row.unit}", against, ratio, goal, line.verdict]


def number(value: float) -> str:
    """Three digits that count."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def machine() -> str:
    """One line on where it was measured."""
    import platform

    load = os.getloadavg()[0]
    return (
        f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f} when it began, "
        f"SQLAlchemy {sa.__version__}. Ratios hold from machine to machine, other numbers do not."
    )
