"""CHANGELOG.md keeps the form of keepachangelog.com, so that people and programs find what a version brings them."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "CHANGELOG.md").read_text()
KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


def sections(text, mark):
    """What stands below each heading of one level, in order: (heading, text)."""
    parts = re.split(rf"^{mark} (.*)$", text, flags=re.M)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def released(heading):
    """The version and the day of a heading such as `[0.1.0] - 2026-12-01`."""
    match = re.fullmatch(r"\[(\d+)\.(\d+)\.(\d+)\] - (\d{4}-\d\d-\d\d)", heading)
    return match and (tuple(int(part) for part in match.groups()[:3]), date.fromisoformat(match[4]))


def faults(text):
    """What a reader of the form would stumble over, in words."""
    versions = sections(text, "##")
    headings = [heading for heading, _ in versions]
    if not text.startswith("# Changelog\n") or headings[:1] != ["[Unreleased]"]:
        yield "it begins with `# Changelog` and `## [Unreleased]`"
    releases = [released(heading) for heading in headings[1:]]
    if None in releases:
        yield f"a version is `## [1.2.3] - 2026-12-31`: {headings[1 + releases.index(None)]}"
    elif any(not (newer[0] > older[0] and newer[1] >= older[1]) for newer, older in pairwise(releases)):
        yield "the newest version stands first"
    for heading, below in versions:
        kinds = [kind for kind, _ in sections(below, "###")]
        if kinds != sorted(set(kinds) & set(KINDS), key=KINDS.index):
            yield f"{heading}: {kinds} is not {KINDS}, each once and in this order"
        for kind, entries in sections(below, "###"):
            lines = [line for line in entries.splitlines() if line]
            wrong = [line for line in lines if not line.startswith(("- ", "  ", "#### "))]
            if wrong or not any(line.startswith("- ") for line in lines):
                yield f"{heading} {kind}: entries are a list: {wrong}"


def test_it_keeps_the_form():
    assert list(faults(TEXT)) == []


def test_the_version_of_the_package_is_in_it():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    newest = next((heading for heading, _ in sections(TEXT, "##") if released(heading)), None)
    assert newest.startswith(f"[{version}]") if newest else f"this becomes {version}" in TEXT


FINE = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A.\n\n## [0.2.0] - 2026-12-02\n\n### Fixed\n\n- B.\n\n## [0.1.0] - 2026-12-01\n"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("## [Unreleased]", "## Unreleased"),
        ("## [0.2.0] - 2026-12-02", "## 0.2.0"),
        ("## [0.2.0]", "## [0.0.9]"),
        ("### Added", "### Quick."),
        ("### Added\n\n- A.", "### Fixed\n\n- B.\n\n### Added\n\n- A."),
        ("- A.", "Quick."),
        ("- A.", ""),
    ],
)
def test_another_form_is_seen(right, wrong):
    assert list(faults(FINE)) == []
    assert list(faults(FINE.replace(right, wrong)))
