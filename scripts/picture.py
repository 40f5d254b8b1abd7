"""Draws docs/pictures/house.svg from the import contract in pyproject.toml: a package imports only from rows below its own.

What each is for is the first sentence of its docstring; what it imports, in the table, is read from the code.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "fastpix"
WIDTH, SIDE, GAP, HEIGHT, LINE = 1000, 16, 10, 30, 15
LETTER = 6.6  # width of a letter of the small text, on the safe side
# What lies inside the resources, as the contracts for their files have it: from the top.
INSIDE = ("views api forms schemas", "jobs", "domain queries rules lifecycle events", "models")
STYLE = """
  text { font: 600 14px system-ui, sans-serif; fill: #1f2733; text-anchor: middle }
  .what { font: 400 12px system-ui, sans-serif; fill: #546072 }
  rect { fill: #f6f8fb; stroke: #9aa7b8; stroke-width: 1.2 }
  .capital { fill: #e3edfb; stroke: #2f6fc4 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6ebf2 } .what { fill: #a5b1c2 }
    rect { fill: #1c232d; stroke: #5d6b7e } .capital { fill: #1d3049; stroke: #6ba5ee }
  }
"""
# The four that carry the rest: who may, how we answer, what there is, and what people see of all of it.
CAPITALS = frozenset({"access", "web", "resources", "overview"})


def layers() -> list[list[str]]:
    """The packages of each row, from the top, as the contract lists them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    contract = next(each for each in contracts if each["id"] == "layers")
    return [[name.strip() for name in row.split("|")] for row in contract["layers"]]


def purpose(package: str) -> str:
    """What a package or module is for: the first sentence of its docstring."""
    path = PACKAGE / package / "__init__.py" if (PACKAGE / package).is_dir() else PACKAGE / f"{package}.py"
    sentence = (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n")[0]
    return sentence.partition(". ")[0].removesuffix(".").replace("`", "")


def imports(package: str) -> set[str]:
    """The packages of fastpix that one imports from."""
    folder = PACKAGE / package
    names: set[str] = set()
    for path in folder.rglob("*.py") if folder.is_dir() else [folder.with_suffix(".py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "fastpix":
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and str(node.module).startswith("fastpix."):
                names.add(str(node.module).split(".")[1])
    return names & {name for row in layers() for name in row} - {package}


def _lines(text: str, width: float) -> list[str]:
    """The words in lines that fit."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if len(longer) * LETTER > width - 12 and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _texts(package: str, width: float) -> list[str]:
    inside = [f"{row}" for row in INSIDE] if package == "resources" else []
    return [*_lines(purpose(package), width), *inside]


def _box(package: str, left: float, top: float, width: float, height: float) -> Iterator[str]:
    mark = ' class="capital"' if package in CAPITALS else ""
    yield f'<rect{mark} x="{left:.0f}" y="{top:.0f}" width="{width:.0f}" height="{height:.0f}" rx="7"/>'
    middle = left + width / 2
    yield f'<text x="{middle:.0f}" y="{top + 20:.0f}">{escape(package)}</text>'
    for number, line in enumerate(_texts(package, width)):
        yield f'<text class="what" x="{middle:.0f}" y="{top + 38 + number * LINE:.0f}">{escape(line)}</text>'


def svg() -> str:
    """The picture, readable in light and dark."""
    boxes, top = [], float(SIDE)
    for row in layers():
        width = (WIDTH - 2 * SIDE - GAP * (len(row) - 1)) / len(row)
        height = HEIGHT + LINE * max(len(_texts(package, width)) for package in row)
        for number, package in enumerate(row):
            boxes += _box(package, SIDE + number * (width + GAP), top, width, height)
        top += height + GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top + SIDE - GAP:.0f}" role="img" aria-labelledby="title">\n'
        f'<title id="title">The packages of fastpix in rows; each imports only from rows below its own</title>\n'
        f"<style>{STYLE}</style>\n" + "\n".join(boxes) + "\n</svg>\n"
    )


def as_markdown() -> str:
    """The same as a table, with what each imports."""
    names = [name for row in layers() for name in row]
    lines = ["| package | what it is for | imports |", "| --- | --- | --- |"]
    for name in names:
        below = imports(name)
        lines.append(f"| `{name}` | {purpose(name)} | {', '.join(n for n in names if n in below) or 'nothing'} |")
    return "\n".join(lines)
