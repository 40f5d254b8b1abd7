"""docs/decisions/: one file a decision, and an index, newest first, that names each of them once by its title."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "docs/decisions"
INDEX = (FOLDER / "README.md").read_text()
TITLES = {path.name: path.read_text().partition("\n")[0] for path in FOLDER.glob("*.md") if path.name != "README.md"}
MOST_LINES = 40


def faults(index, titles):
    """Where the index and the files (name: first line) do not agree, in words."""
    rows = re.findall(r"^- (\S+) · \[(.+)\]\((\S+)\)$", index, re.M)
    if len(rows) != sum(line.startswith("- ") for line in index.splitlines()):
        yield "a line is `- 2026-12-31 · [Title](2026-12-31-short-title.md)`"
    names = [name for _, _, name in rows]
    if sorted(names) != sorted(titles):
        yield f"each file stands in the index once: {set(names) ^ set(titles) or 'one stands there twice'}"
    dates = [date for date, _, _ in rows]
    if dates != sorted(dates, reverse=True):
        yield "the newest stand first"
    for date, title, name in rows:
        if not re.fullmatch(rf"{date}-[a-z0-9-]+\.md", name):
            yield f"{name}: its name begins with its date {date}, and is of small letters"
        if titles.get(name) != f"# {title}":
            yield f"{name}: begins with `# {title}`"


def test_the_index_and_the_files_agree():
    assert list(faults(INDEX, TITLES)) == []


def test_a_decision_is_short():
    assert [name for name in TITLES if len((FOLDER / name).read_text().splitlines()) > MOST_LINES] == []


TWO = "- 2026-12-02 · [New](2026-12-02-new.md)\n- 2026-12-01 · [Old](2026-12-01-old.md)\n"
FILES = {"2026-12-02-new.md": "# New", "2026-12-01-old.md": "# Old"}


@pytest.mark.parametrize(
    "index",
    [
        TWO.splitlines()[0],
        TWO + TWO.splitlines()[1],
        "\n".join(reversed(TWO.splitlines())),
        TWO.replace("[Old]", "[Older]"),
        TWO.replace("- 2026-12-01", "- 2026-11-30"),
        TWO + "- something else\n",
    ],
)
def test_another_index_is_seen(index):
    assert list(faults(TWO, FILES)) == []
    assert list(faults(index, FILES))
