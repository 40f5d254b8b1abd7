"""docs/adding-a-resource.md, followed to the letter in a copy of the repository."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs/adding-a-resource.md"
COPIED = ("fastpix", "migrations", "tests", "docs", "scripts", "README.md", "pyproject.toml", "wsgi.py")
STEP = re.compile(
    r"^(?:Make an empty `(?P<empty>[^`]+)`\."
    r"|(?:Make `(?P<file>[^`]+)`|Add to `(?P<name>\w+)` in `(?P<where>[^`]+)`|After `(?P<line>[^`]+)` in `(?P<into>[^`]+)`, add"
    r"|(?P<run>Run)):\n\n(?:<!-- example [^\n]*\n)?```\w+\n(?P<code>.*?\n)```)$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class House:
    """A copy of the repository, and the environment of whoever works in it."""

    root: Path

    def run(self, commands: str) -> subprocess.CompletedProcess[str]:
        """The commands in a shell, as a developer with the virtual environment active."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("FASTPIX_", "PYTEST_"))},
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(self.root),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(self.root.parent),
        }
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands],
            cwd=self.root, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip


@pytest.fixture
def house(tmp_path):
    root = tmp_path / "repository"
    root.mkdir()
    skip = shutil.ignore_patterns("__pycache__", "vendor", "*.pyc")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            # The browser's scripts in `vendor` are needed only to look at pages.
            shutil.copytree(source, root / name, ignore=skip)
        else:
            shutil.copy(source, root / name)
    return House(root)


def steps() -> Iterator[dict[str, str]]:
    for found in STEP.finditer(DOCUMENT.read_text()):
        yield {name: value for name, value in found.groupdict().items() if value is not None}


def with_rows(source: str, name: str, rows: str) -> str:
    """The source with rows added at the end of the tuple or dict called `name`."""
    for node in ast.parse(source).body:
        target = node.target if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [None])[0]
        if isinstance(target, ast.Name) and target.id == name:
            lines = source.splitlines(keepends=True)
            lines.insert(node.value.end_lineno - 1, rows)
            return "".join(lines)
    raise AssertionError(f"there is no {name}")


def follow(house: House, step: dict[str, str]) -> None:
    """Do what one step of the document says."""
    path = house.root / next((step[key] for key in ("empty", "file", "where", "into") if key in step), "")
    if "empty" in step or "file" in step:
        path.parent.mkdir(parents=True, exist_ok=True)
        assert not path.exists()
        path.write_text(step.get("code", ""))
    elif "where" in step:
        path.write_text(with_rows(path.read_text(), step["name"], step["code"]))
    elif "into" in step:
        line = f"{step['line']}\n"
        assert path.read_text().count(line) == 1, step["line"]
        path.write_text(path.read_text().replace(line, line + step["code"]))
    else:
        done = house.run(step["code"])
        assert done.returncode == 0, f"{step['code']}\n{done.stdout}"


@pytest.mark.full("24 seconds: a house of its own, with a resource more")
def test_whoever_follows_the_page_has_a_whole_resource(house):
    for step in steps():
        follow(house, step)
    done = house.run("python -m pytest -n 0 -p no:cacheprovider tests/example_resource/by_itself.py")
    assert done.returncode == 0, done.stdout
    assert re.search(r"^\.{8} ", done.stdout, re.MULTILINE), done.stdout
    checks = "ruff check . && ruff format --check . && djlint --lint fastpix/resources/notes --quiet && lint-imports"
    linted = house.run(checks)
    assert linted.returncode == 0, linted.stdout


def test_the_page_is_read_whole():
    """No step is missed for being written in other words than the test knows."""
    text = DOCUMENT.read_text()
    assert text.count("```") == 2 * sum("code" in step for step in steps())
    kinds = {key for step in steps() for key in step}
    assert kinds == {"empty", "file", "name", "where", "line", "into", "run", "code"}


def test_a_resource_without_its_rows_in_the_role_table_stops_the_start(house):
    for step in steps():
        if step.get("where") != "fastpix/access/table.py" and "run" not in step:
            follow(house, step)
    done = house.run("python -c 'import fastpix.app'")
    assert done.returncode != 0
    assert "notes.view is not in the role table (fastpix/access/table.py)" in done.stdout
