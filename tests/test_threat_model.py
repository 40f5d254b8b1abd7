"""The threat model names a test for each claim; a test that is renamed or gone must not leave its claim standing."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs/threat-model.md").read_text()


def missing(page):
    """Tests a page names that are not there."""
    gone = []
    for path, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page):
        file = ROOT / path
        names = (
            [n.name for n in ast.parse(file.read_text()).body if isinstance(n, ast.FunctionDef)]
            if file.exists()
            else []
        )
        if name not in names:
            gone.append(f"{path}::{name}")
    return gone


def test_every_test_the_page_names_exists():
    assert missing(PAGE) == []


def test_a_test_that_is_gone_would_be_seen():
    page = "`tests/test_threat_model.py::test_of_nothing` `tests/test_nowhere.py::test_a` `tests/test_threat_model.py::missing`"
    assert missing(page) == ["tests/test_threat_model.py::test_of_nothing", "tests/test_nowhere.py::test_a"]


def test_every_class_has_a_test_or_a_reason():
    rows = re.findall(r"^\| (\d+) \|[^|]+\|([^|]+)\|$", PAGE, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 33))
    assert all("::test_" in told or "does not apply: " in told for _, told in rows)


def test_every_attacker_has_a_test():
    rows = PAGE.partition("## Who attacks")[2].partition("## What is not")[0].strip().splitlines()
    attackers = [row for row in rows if row.startswith("| ") and not row.startswith(("| attacker", "| ---"))]
    assert len(attackers) >= 10 and all("::test_" in row for row in attackers)
