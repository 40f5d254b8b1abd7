"""The program's own code, parsed once for every test that reads it.

Tests that read it are marked `xdist_group("sources")`: one process runs them all, and parses once.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "fastpix"


def name_of(path: Path) -> str:
    """A module's name without the package: `resources.members.domain`; `fastpix` for the package itself."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    return ".".join(parts) or "fastpix"


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def text(module: str) -> str:
    return MODULES[module].read_text()


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(text(module))


@cache
def nodes(module: str) -> tuple[ast.AST, ...]:
    """All nodes of a module, as `ast.walk` finds them: walking costs as much as parsing."""
    return tuple(ast.walk(tree(module)))


def every_node(*kinds: type[ast.AST]) -> Iterator[tuple[str, ast.AST]]:
    """All nodes of these kinds in the package, each with its module."""
    for module in MODULES:
        for node in nodes(module):
            if isinstance(node, kinds):
                yield module, node
