"""Members as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from fastpix.resources.members.models import MemberRow
from fastpix.text.cells import cell

HEAD = ("name", "address", "role", "workspaces", "joined_at", "last_seen_at", "suspended_at", "ends_on")


def as_csv(rows: Iterable[MemberRow]) -> str:
    """CSV with a line of names first, and the mark before it by which spreadsheets know UTF-8."""
    file = io.StringIO()
    lines = csv.writer(file)
    lines.writerow(HEAD)
    for row in rows:
        times = (row["joined_at"], row["last_seen_at"], row["suspended_at"], row["ends_on"])
        lines.writerow([cell(each) for each in (row["name"], row["email"], row["role"], _reach(row), *times)])
    return "\ufeff" + file.getvalue()


def _reach(row: MemberRow) -> str:
    if row["role"] == "admin" or row["workspaces"] == "all":
        return "all"
    return ", ".join(each["name"] for each in row["workspaces"])
