"""The architecture, held by a test: what may import what, who may look across organizations, and how long things get.

The tables are in `rooms.py`.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

from tests.rooms import (
    ACROSS,
    DOORS,
    EVERY_WORKSPACE,
    EXCEPTIONS,
    MAY_IMPORT,
    MAY_USE_FLASK,
    RULES,
    USES_FLASK,
    WEB_ONLY,
)

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "fastpix"

LONG_FUNCTIONS: dict[tuple[str, str], str] = {}
LONGEST_FILE, LONGEST_FUNCTION = 300, 40


def name_of(path: Path) -> str:
    """A module's name without the package: `resources.members.domain`; `fastpix` for the package itself."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    return ".".join(parts) or "fastpix"


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
every_module = pytest.mark.parametrize("module", list(MODULES))


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text())


def imports(module: str) -> Iterator[str]:
    """Full names of all that a module imports, anywhere in it."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative imports hide where things come from"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                is_module = whole.removeprefix("fastpix.") in MODULES and whole.startswith("fastpix.")
                yield whole if is_module else str(node.module)


def of_fastpix(module: str) -> set[str]:
    return {name.removeprefix("fastpix.") for name in imports(module) if name.partition(".")[0] == "fastpix"}


def allowed(module: str) -> list[str]:
    own = ".".join(module.split(".")[:2])
    fits = next((patterns for pattern, patterns in MAY_IMPORT.items() if fnmatch(module, pattern)), None)
    assert fits is not None, f"{module} has no row in MAY_IMPORT: where does it belong?"
    return [pattern.replace("own.", f"{own}.") for pattern in fits]


@every_module
def test_a_module_imports_only_what_its_layer_may(module):
    patterns = allowed(module)
    wrong = {
        name
        for name in of_fastpix(module)
        if not any(fnmatch(name, pattern) for pattern in patterns) and (module, name) not in EXCEPTIONS
    }
    assert not wrong, f"{module} imports {sorted(wrong)}"


@every_module
def test_frameworks_of_the_web_stay_in_the_web(module):
    used = {name.partition(".")[0] for name in imports(module)} & WEB_ONLY
    if any(fnmatch(module, pattern) for pattern in MAY_USE_FLASK):
        return
    assert used <= USES_FLASK.get(module, (set(), ""))[0]


def test_the_exceptions_are_needed():
    assert {(m, n) for m, n in EXCEPTIONS if n in of_fastpix(m)} == set(EXCEPTIONS)
    assert set(USES_FLASK) <= set(MODULES)


def test_a_forbidden_import_is_seen(monkeypatch):
    """The test of the test: a view that imports the database, a model of another resource."""
    for module, foreign in (
        ("resources.members.views", "db"),
        ("resources.members.models", "resources.people.models"),
        ("web.forms", "resources.members.domain"),
    ):
        assert not any(fnmatch(foreign, pattern) for pattern in allowed(module))


def _calls(module: str, name: str) -> bool:
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called == name:
                return True
    return False


@pytest.mark.parametrize(("name", "named"), [("everywhere", ACROSS), ("every_workspace", EVERY_WORKSPACE)])
def test_only_the_named_look_beyond_the_scope(name, named):
    found = {module for module in MODULES if _calls(module, name)} | {"access.tenancy"}
    assert found == set(named)


@every_module
def test_looking_across_is_given_a_reason(module):
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("everywhere", "every_workspace"):
            assert isinstance(node.args[0], ast.Constant) and len(str(node.args[0].value)) > 20


def _tenant_models() -> set[str]:
    import fastpix.app  # noqa: F401  # registers all models
    from fastpix.access.tenancy import InOrganization, IsOrganization
    from fastpix.db import Base

    return {m.class_.__name__ for m in Base.registry.mappers if issubclass(m.class_, InOrganization | IsOrganization)}


@every_module
def test_tenants_rows_are_selected_never_fetched_by_key_or_by_raw_sql(module):
    """`session.get` may answer from the identity map, without the filter; text and tables go around it."""
    if not module.startswith(("resources.", "accounts.")):
        return
    tenants = _tenant_models()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "get" and ast.unparse(node.func.value).endswith("session"):
                assert ast.unparse(node.args[0]) not in tenants, f"line {node.lineno}"
            if not module.endswith(".models"):
                assert node.func.attr not in ("text", "exec_driver_sql"), f"line {node.lineno}"
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("__table__", "no_autoflush"), f"line {node.lineno}"


@every_module
def test_nothing_commits_but_the_named(module):
    """One request, one transaction, ended in one place."""
    commits = {
        "web.resource": "ends every request",
        "access.identity": "last seen, after the request's own transaction",
        "accounts.confirm_views": "a fresh proof stands, whatever becomes of the change",
        "accounts.domain": "a failed try of a password must count",
        "accounts.second_factor": "a failed try of a code must count",
        "accounts.views": "the set-up, before its token's file goes",
        "mail.outbox": "what became of a mail",
        "jobs.queue": "jobs have transactions of their own",
        "jobs.worker": "jobs have transactions of their own",
        "cli": "a command is its own transaction",
        "demo": "a command is its own transaction",
        "db": "defines a transaction of its own, for the steps of long work",
        "operating": "a command is its own transaction",
        "proof.cast": "its people are stored before anybody comes to a door",
    }
    if module not in commits:
        assert not _calls(module, "commit")


@every_module
def test_files_and_functions_stay_short(module):
    assert len(MODULES[module].read_text().splitlines()) <= LONGEST_FILE
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (module, node.name) not in LONG_FUNCTIONS:
            assert (node.end_lineno or 0) - node.lineno + 1 <= LONGEST_FUNCTION, f"{node.name} in line {node.lineno}"


ELSEWHERE = [path for room in ("tests", "scripts", "benchmarks") for path in sorted((ROOT / room).rglob("*.py"))]
# Tests and tools may be longer; migrations are what the models were, written by Alembic.
LONGEST_FILE_ELSEWHERE, LONGEST_FUNCTION_ELSEWHERE = 400, 60


@pytest.mark.parametrize("path", ELSEWHERE, ids=lambda path: str(path.relative_to(ROOT)))
def test_tests_and_tools_stay_readable_too(path):
    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST_FILE_ELSEWHERE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= LONGEST_FUNCTION_ELSEWHERE, f"{node.name} in line {node.lineno}"


@pytest.mark.parametrize("kind", ["css", "js"])
def test_styles_and_scripts_stay_readable_too(kind):
    found = (PACKAGE / "web/static").rglob(f"*.{kind}")
    long = [
        p.name for p in found if "vendor" not in p.parts and len(p.read_text().splitlines()) > LONGEST_FILE_ELSEWHERE
    ]
    assert long == []


@every_module
def test_no_room_is_called_after_nothing(module):
    assert not set(module.split(".")) & {
        "utils",
        "util",
        "helpers",
        "helper",
        "common",
        "misc",
        "manager",
        "service",
        "base",
    }


@every_module
def test_a_module_says_what_it_is_for(module):
    text = MODULES[module].read_text().strip()
    assert ast.get_docstring(tree(module)) or not text, f"{module} has no docstring"


def test_every_resource_has_its_rooms():
    for folder in sorted(p for p in (PACKAGE / "resources").iterdir() if (p / "models.py").exists()):
        rooms = {path.stem for path in folder.glob("*.py")}
        # people have no pages: they are the accounts' to show
        wanted = (
            {"__init__", "models", "domain"}
            if folder.name == "people"
            else {"__init__", "models", "domain", "views", "api"}
        )
        assert wanted <= rooms, folder.name


def test_every_verb_of_a_resource_is_marked():
    """A public function of a domain module that a door calls is an action, or says in its docstring that it is none."""
    for module in MODULES:
        if not module.startswith("resources.") or module.split(".")[-1] not in DOORS:
            continue
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("page", "operation") and node.args:
                verb = ast.unparse(node.args[0])
                assert verb.partition(".")[0] in (*RULES, "creation"), f"{module}: {verb}"


def test_importing_the_package_imports_nothing():
    source = (PACKAGE / "__init__.py").read_text()
    assert not [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Import | ast.ImportFrom)]
    assert importlib.util.find_spec("fastpix") is not None


@every_module
def test_sql_is_never_put_together_from_text(module):
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("text", "exec_driver_sql", "execute"):
            assert not (node.args and isinstance(node.args[0], ast.JoinedStr) and module != "db"), f"line {node.lineno}"
