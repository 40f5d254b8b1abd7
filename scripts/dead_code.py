"""Code that nothing uses, as vulture finds it. `[tool.vulture]` in pyproject.toml says where it looks, and what frameworks use.

What vulture cannot see: names that templates or strings hold (`row["name"]`), and the fields of wire shapes and tables,
which are written out whole. Tests are not looked at: what only they use is dead.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import vulture

ROOT = Path(__file__).resolve().parent.parent
OPTIONS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["vulture"]
SHAPES = {"schemas.py", "shapes.py", "models.py"}


def unused() -> list[str]:
    """Each with its place, in words."""
    searched = vulture.Vulture(ignore_names=OPTIONS["ignore_names"], ignore_decorators=OPTIONS["ignore_decorators"])
    searched.scavenge([str(ROOT / path) for path in OPTIONS["paths"]])
    elsewhere = _words_of_templates() | _words_of_strings()
    return [
        item.get_report().removeprefix(f"{ROOT}/")
        for item in searched.get_unused_code(min_confidence=OPTIONS["min_confidence"])
        if item.name not in elsewhere and not (item.typ == "variable" and item.filename.name in SHAPES)
    ]


def _words_of_templates() -> set[str]:
    pages = [path for ending in ("html", "txt") for path in (ROOT / "fastpix").rglob(f"*.{ending}")]
    return {word for page in pages for word in re.findall(r"\w+", page.read_text())}


def _words_of_strings() -> set[str]:
    trees = (ast.parse(path.read_text()) for path in (ROOT / "fastpix").rglob("*.py"))
    constants = (node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {value for value in constants if isinstance(value, str) and value.isidentifier()}


if __name__ == "__main__":
    found = unused()
    print("\n".join(found))
    sys.exit(1 if found else 0)
