"""A media's status is changed in one module."""

from __future__ import annotations

import ast

import pytest

from tests.sources import MODULES, nodes, text

pytestmark = pytest.mark.xdist_group("sources")

LIFECYCLE = "resources.media.lifecycle"


def knows_media(module):
    """Whether the module imports the table."""
    imports = [node for node in nodes(module) if isinstance(node, ast.ImportFrom)]
    return any(
        node.module == "fastpix.resources.media.models" and "Media" in [alias.name for alias in node.names]
        for node in imports
    )


def changes_of_status(module):
    """The lines that set the status of a media: of a row, of a new one, or in an UPDATE."""
    for node in nodes(module):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        targets = [each for target in targets for each in getattr(target, "elts", [target])]
        names = [each for each in targets if isinstance(each, ast.Attribute) and each.attr == "status"]
        if any(ast.unparse(each.value) not in ("track", "upload") for each in names):
            yield node.lineno
        if isinstance(node, ast.Call) and "status" in [keyword.arg for keyword in node.keywords]:
            call = ast.unparse(node.func)
            if call == "Media" or (call.endswith("values") and "update(Media)" in text(module)):
                yield node.lineno


def test_only_the_lifecycle_changes_a_medias_status():
    changes = {module: sorted(changes_of_status(module)) for module in MODULES if knows_media(module)}
    assert len(changes.pop(LIFECYCLE)) >= 6
    assert {module: lines for module, lines in changes.items() if lines} == {}
