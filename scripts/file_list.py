"""Writes docs/files.md: every file of the program with what it is for, as its own first lines say it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/files.md"
HEAD = """# Every file, in one line

For whoever looks for the place of a change by its name, or met a name and wonders. Written by `scripts/documents.py` from the
first sentences of the files themselves: what reads badly here is mended there. How the folders fit together, and a table of
the commonest changes, is in [architecture.md](architecture.md); the names `models.py`, `domain.py`, `views.py` and so on mean
the same in every resource and are explained there once.
"""
# In the order in which a reader meets them.
TOPS = ("fastpix", "scripts", "benchmarks")


def _words(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def purpose(path: Path) -> str:
    """The first paragraph of a module's docstring, or the first sentence of the comment that a script begins with."""
    text = path.read_text()
    if path.suffix == ".py":
        return _words((ast.get_docstring(ast.parse(text)) or "").split("\n\n")[0])
    comment = re.match(r"(?:#!.*\n)?((?:(?://|#).*\n)+|/\*[^*]*)", text)
    sentence = _words(re.sub(r"^(?://|#|/\*) ?", "", comment[1], flags=re.M)) if comment else ""
    return re.sub(r"(?<=[.!?]) [A-Z`].*", "", sentence).replace("<", "\\<")


def _folders() -> Iterator[Path]:
    for top in TOPS:
        yield from sorted({path.parent for path in (ROOT / top).rglob("*.*") if _is_ours(path)})


def _is_ours(path: Path) -> bool:
    return (
        path.suffix in (".py", ".js", ".css", ".sh") and "vendor" not in path.parts and "__pycache__" not in path.parts
    )


def _section(folder: Path) -> Iterator[str]:
    name = folder.relative_to(ROOT).as_posix()
    init = folder / "__init__.py"
    yield f"## {name}/\n"
    if init.exists() and (sentence := purpose(init)):
        yield f"{sentence}\n"
    files = [path for path in sorted(folder.iterdir()) if _is_ours(path) and path.name != "__init__.py"]
    if files:
        yield "| file | what it is for |\n| --- | --- |"
        yield from (f"| [`{path.name}`](../{name}/{path.name}) | {purpose(path)} |" for path in files)
        yield ""


def as_markdown() -> str:
    return "\n".join([HEAD, *(line for folder in _folders() for line in _section(folder))]).rstrip() + "\n"
