"""How rows of the audit log are shown: in words on the page, and as CSV and JSON Lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TypedDict

from fastpix.access import table
from fastpix.resources.audit import sentences
from fastpix.resources.audit.models import CLOCK, AuditEntry
from fastpix.resources.audit.queries import COLUMNS
from fastpix.text.cells import cell

RESULTS = {"done": "Done", "denied": "Denied", "refused": "Refused"}
TONES = {"done": "good", "denied": "bad", "refused": "warn"}
DOORS = {"dashboard": "Dashboard", "api": "API", "cli": "Command line", "job": "Worker", "ingest": "Live ingest"}
# Kinds of things that have no permissions of their own.
PARTS = {"audit_log", "invitation", "playlist", "upload"}
# Characters of a value on the page.
MOST_SHOWN = 500


def actions() -> dict[str, str]:
    """What can be filtered by: every area, then every action, in words."""
    areas = {row.key.partition(".")[0]: f"{row.area}: everything" for row in table.PERMISSIONS}
    return areas | {row.key: f"{row.area}: {row.does}" for row in table.PERMISSIONS} | sentences.OWN


def kinds() -> set[str]:
    """Kinds of things that can be filtered by: a resource's name without the plural, and its parts."""
    resources = (row.key.partition(".")[0] for row in table.PERMISSIONS if row.key.endswith((".create", ".edit")))
    return PARTS | {name.removesuffix("s") for name in resources}


class Change(TypedDict):
    """A value that differs, as text."""

    name: str
    before: str
    after: str


class ShownEntry(AuditEntry):
    sentence: sentences.Sentence
    result_name: str
    tone: str
    door_name: str
    workspace: str
    clock: datetime | None
    changes: list[Change]


def shown(row: AuditEntry, workspaces: Mapping[str, str]) -> ShownEntry:
    """A row as the page shows it."""
    workspace = str(row["workspace_id"] or "")
    return {
        **row,
        "sentence": sentences.of(row),
        "result_name": RESULTS.get(row["result"], row["result"]),
        "tone": TONES.get(row["result"], ""),
        "door_name": DOORS.get(row["door"], row["door"]),
        "workspace": workspaces.get(workspace, workspace),
        "clock": datetime.fromisoformat(str(row["after"][CLOCK])) if CLOCK in row["after"] else None,
        "changes": list(_changes(row["before"], row["after"])),
    }


def _changes(before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[Change]:
    """What differs; the files and the API hold what stayed too."""
    for name in sorted({*before, *after} - {CLOCK}):
        old, new = (_text(values[name]) if name in values else "" for values in (before, after))
        if old != new:
            yield {"name": name.replace("_", " "), "before": _shown(old), "after": _shown(new)}


def _shown(text: str) -> str:
    """A page of rows stays light: of a very long value the beginning; the files and the API hold all of it."""
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}… (the export holds all {len(text)} characters)"


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def as_csv(rows: Iterable[AuditEntry]) -> Iterator[str]:
    """CSV with a line of names first, and the mark before it by which spreadsheets know UTF-8."""
    yield "\ufeff" + _line(COLUMNS)
    for row in rows:
        values: Mapping[str, object] = row
        yield _line([cell(values[name]) for name in COLUMNS])


def as_json_lines(rows: Iterable[AuditEntry]) -> Iterator[str]:
    """One JSON object a line."""
    for row in rows:
        yield json.dumps({**row, "at": row["at"].isoformat()}, ensure_ascii=False, default=str) + "\n"


def _line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
