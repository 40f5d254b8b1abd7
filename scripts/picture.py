"""Draws docs/pictures/house.svg: the rooms of the house and what imports what, read from the code's own imports.

An arrow that follows from others is left out: who imports the rules reaches what the rules import. A module that fits
no other room is a leaf; an import that goes upwards stops the drawing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from html import escape
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "fastpix"
WIDTH, ROW, HEIGHT, SIDE = 1000, 118, 66, 20


@dataclass(frozen=True)
class Room:
    """One box: its name, what happens there, the patterns of its modules (the first room that fits has a module), and
    its left and right edge."""

    name: str
    what: str
    patterns: tuple[str, ...]
    left: int
    right: int


WORKER = ("jobs", "extras", "housekeeping", "processing", "sources", "recordings", "reminders")
# Making a backup lies lower: the doctor, which the operator's page asks too, looks for the last one.
BACKUP = ("keeping.archive", "keeping.snapshot", "keeping.files", "keeping.backup")
COMMANDS = (
    "keeping",
    *(f"keeping.{name}" for name in ("commands", "restore", "move", "upgrade")),
    "__main__",
    "cli",
    "upkeep",
    "operating",
    "supervisor",
    "programs",
    "children",
    "gunicorn_config",
    "demo*",
    "proof*",
)
DOORS = ("resources.*views", "resources.*api", "resources.*.forms", "resources.*.schemas")
WIRING = ("app", "doctor", "measures", "resources", "system*", "web.shell")
# From the top: a room imports only what lies below it.
ROWS: tuple[tuple[Room, ...], ...] = (
    (Room("commands", "fastpix …: run, keep, examine, prove", COMMANDS, 20, 980),),
    (
        Room(
            "wiring",
            "create_app, the list of resources, what the operator sees",
            (*WIRING, *BACKUP),
            20,
            830,
        ),
    ),
    (
        Room("resources: doors", "pages and API: views, api, forms, schemas", DOORS, 20, 230),
        Room("accounts", "who is it: sign-in, sessions", ("accounts*", "access.identity"), 245, 385),
        Room("intake", "uploads in pieces", ("intake*",), 400, 510),
        Room("delivery", "viewers: playlists, images", ("delivery*",), 525, 675),
        Room("resources: jobs", "processing, housekeeping", tuple(f"resources.*.{name}" for name in WORKER), 690, 840),
        Room("live", "encoders: RTMP in", ("live*",), 855, 980),
    ),
    (Room("resources: rules", "the verbs, each an @action: domain.py and beside it", ("resources.*",), 20, 640),),
    (
        Room("resources: tables", "models.py", ("resources.*.models",), 20, 215),
        Room("web", "how we answer: pages, envelope, menu", ("web*",), 230, 430),
        Room("mail", "letters and the outbox", ("mail*",), 445, 640),
    ),
    (
        Room("access", "who may: the role table, @action, tenancy", ("access*",), 20, 380),
        Room("jobs", "queue and worker", ("jobs*",), 460, 640),
    ),
    (
        Room("storage", "disk and S3", ("storage*",), 395, 540),
        Room("video", "ffmpeg as plain functions", ("video*",), 655, 980),
    ),
    (Room("leaves", "database, errors, settings, links, limits, fetching", ("*",), 20, 980),),
)
ROOMS = [room for row in ROWS for room in row]
PLACE = {room.name: number for number, row in enumerate(ROWS) for room in row}
BY_NAME = {room.name: room for room in ROOMS}
# Looked at in this order, since the last patterns are wide.
WIDE = ("*", "resources.*", "web*", "access*")
_BY_PATTERN = sorted(ROOMS, key=lambda room: max((-WIDE.index(p) for p in room.patterns if p in WIDE), default=-9))
STYLE = """
  text { font: 600 15px system-ui, sans-serif; fill: #1f2733; text-anchor: middle }
  .what { font: 400 12px system-ui, sans-serif; fill: #546072 }
  rect { fill: #f6f8fb; stroke: #9aa7b8; stroke-width: 1.2 }
  .rules { fill: #e3edfb; stroke: #2f6fc4 }
  path { fill: none; stroke: #7d8a9c; stroke-width: 1.4 }
  marker path { fill: #7d8a9c; stroke: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6ebf2 } .what { fill: #a5b1c2 }
    rect { fill: #1c232d; stroke: #5d6b7e } .rules { fill: #1d3049; stroke: #6ba5ee }
    path { stroke: #8593a6 } marker path { fill: #8593a6; stroke: none }
  }
"""


def modules() -> dict[str, Path]:
    """Every module by its name without the package."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts) or "fastpix"] = path
    return found


def room_of(module: str) -> Room:
    """The room a module lies in."""
    return next(room for room in _BY_PATTERN if any(fnmatch(module, pattern) for pattern in room.patterns))


def imports(path: Path, known: dict[str, Path]) -> Iterator[str]:
    """What of the package a module imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] == "fastpix":
            for alias in node.names:
                whole = f"{node.module}.{alias.name}".removeprefix("fastpix.")
                yield whole if whole in known else str(node.module).removeprefix("fastpix.")


def arrows() -> dict[str, set[str]]:
    """Room -> rooms it imports from. Raises ValueError for one that lies above it."""
    known = modules()
    found: dict[str, set[str]] = {room.name: set() for room in ROOMS}
    for module, path in known.items():
        here = room_of(module).name
        for imported in imports(path, known):
            there = room_of(imported).name
            if there != here and PLACE[there] <= PLACE[here]:
                raise ValueError(f"{module} imports {imported}: {there} does not lie below {here}")
            if there != here:
                found[here].add(there)
    return found


def shortest(found: dict[str, set[str]]) -> dict[str, set[str]]:
    """Without the arrows that follow from others."""

    def reach(room: str) -> set[str]:
        return found[room].union(*(reach(next_room) for next_room in found[room]))

    return {room: aims - set().union(*(reach(aim) for aim in aims)) for room, aims in found.items()}


def _top(name: str) -> int:
    return SIDE + PLACE[name] * ROW


def _way(here: Room, there: Room) -> tuple[int, int]:
    """Where an arrow leaves and where it arrives: straight down, past the boxes between, where that is possible."""
    between = [room for row in ROWS[PLACE[here.name] + 1 : PLACE[there.name]] for room in row]
    shared = range(max(here.left, there.left) + 10, min(here.right, there.right) - 9)
    free = [x for x in shared if not any(room.left - 8 < x < room.right + 8 for room in between)]
    if free:
        return free[len(free) // 2], free[len(free) // 2]
    return (here.left + 16, there.right - 16) if here.left >= there.right - 20 else (here.right - 16, there.left + 16)


def _lines(text: str, width: int) -> list[str]:
    """The words in at most two lines that fit."""
    if len(text) * 6 <= width - 8:
        return [text]
    words = text.split()
    cut = min(range(1, len(words)), key=lambda at: abs(len(" ".join(words[:at])) - len(text) / 2))
    return [" ".join(words[:cut]), " ".join(words[cut:])]


def _drawn_arrows() -> Iterator[str]:
    ends: set[tuple[str, int]] = set()
    for name, aims in shortest(arrows()).items():
        for aim in sorted(aims):
            start, end = _way(BY_NAME[name], BY_NAME[aim])
            while (aim, end) in ends:
                end -= 14
            ends.add((aim, end))
            y, to = _top(name) + HEIGHT, _top(aim) - 7
            middle = (y + to) // 2
            yield f'<path d="M{start} {y}C{start} {middle} {end} {middle} {end} {to}" marker-end="url(#tip)"/>'


def svg() -> str:
    """The picture, readable in light and dark."""
    drawn = list(_drawn_arrows())
    for room in ROOMS:
        top, middle = _top(room.name), (room.left + room.right) // 2
        mark = ' class="rules"' if room.name == "resources: rules" else ""
        drawn.append(
            f'<rect{mark} x="{room.left}" y="{top}" width="{room.right - room.left}" height="{HEIGHT}" rx="8"/>'
        )
        lines = _lines(room.what, room.right - room.left)
        first = top + (22 if len(lines) == 2 else 28)
        drawn.append(f'<text x="{middle}" y="{first}">{escape(room.name)}</text>')
        for number, line in enumerate(lines):
            drawn.append(f'<text class="what" x="{middle}" y="{first + 18 + number * 15}">{escape(line)}</text>')
    height = SIDE * 2 + ROW * (len(ROWS) - 1) + HEIGHT
    tip = '<marker id="tip" viewBox="0 0 8 8" refX="2" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="title">\n'
        f'<title id="title">The rooms of fastpix; an arrow leads from who imports to what is imported</title>\n'
        f"<style>{STYLE}</style>\n<defs>{tip}</defs>\n" + "\n".join(drawn) + "\n</svg>\n"
    )


def as_markdown() -> str:
    """The same as a table, for those who cannot see the picture, with all arrows."""
    found, lines = arrows(), ["| room | modules | imports |", "| --- | --- | --- |"]
    for room in ROOMS:
        patterns = "all others" if room.patterns == ("*",) else ", ".join(f"`{p}`" for p in room.patterns)
        below = [other.name for other in ROOMS if other.name in found[room.name]]
        lines.append(f"| {room.name} | {patterns} | {', '.join(below) or 'nothing'} |")
    return "\n".join(lines)
