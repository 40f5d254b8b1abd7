"""The two lanes hold all tests: whatever the quick one does without has its reason, and `.ci/run` leaves out nothing."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from tests.lanes import ESSENTIAL, LEFT_OUT, is_left_out

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
OPTIONS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
MARKS = {line.partition(":")[0].partition("(")[0]: line for line in OPTIONS["markers"]}
# Marks of pytest and its plugins that choose nothing, or say why themselves.
FOREIGN = {"parametrize", "usefixtures", "skipif", "filterwarnings", "xdist_group"}
# What would leave out tests.
DESELECTING = re.compile(r"^(-k|-x|--(ignore|deselect|lf|ff|last-failed|exitfirst|maxfail|stepwise|sw|co)\b|tests/)")


def marks(code):
    """Every `pytest.mark.x` in a module, with its arguments: name, arguments or None, line."""
    tree = ast.parse(code)
    called = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "pytest.mark":
            call = called.get(id(node))
            yield node.attr, call.args if call else None, node.lineno


def without_reason(code):
    for name, arguments, line in marks(code):
        if name in FOREIGN:
            continue
        reason = ast.literal_eval(arguments[0]) if arguments else ""
        if name not in MARKS or ("(" in MARKS[name] and len(reason) < 8):
            yield f"line {line}: {name}"


def test_no_two_modules_have_one_name():
    """pytest imports them by their names: where both are collected, one of two is an error, and its tests do not run."""
    names = Counter(path.name for path in TESTS.rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []


def test_every_mark_has_its_reason():
    """In pyproject.toml where it is always the same, beside the test where each has its own."""
    assert all(len(line.partition(": ")[2]) > 30 for line in OPTIONS["markers"])
    bare = {str(path.relative_to(ROOT)): list(without_reason(path.read_text())) for path in TESTS.rglob("test_*.py")}
    assert {name: lines for name, lines in bare.items() if lines} == {}
    assert all(len(reason) > 30 for reason in LEFT_OUT.values())


@pytest.mark.parametrize(
    "code", ["@pytest.mark.full", "@pytest.mark.full('slow')", "@pytest.mark.nightly('every night')"]
)
def test_a_mark_without_a_reason_is_seen(code):
    assert list(without_reason(f"{code}\ndef test_it(): pass"))
    assert not list(without_reason("@pytest.mark.full('starts a server')\n@pytest.mark.sqlite\ndef test_it(): pass"))


def test_what_is_left_out_and_what_is_essential_is_there(pytestconfig):
    assert all((TESTS / place).exists() for place in (*LEFT_OUT, *ESSENTIAL))
    if "not full" not in pytestconfig.option.markexpr:
        return
    assert is_left_out(TESTS / "browser/test_forms.py", pytestconfig)
    assert not any(is_left_out(TESTS / place, pytestconfig) for place in (*ESSENTIAL, "test_architecture.py"))


def runs_of_pytest(script):
    """The arguments of every pytest of a shell script; the README's second line ends in one without any."""
    for line in script.splitlines():
        if run := re.match(r'\s*bash -c "\$\(readme_line 2.*\)([^"]*)"', line) or re.search(
            r'bin/pytest"?(?= |$)(.*)', line
        ):
            yield run[1]


def is_everything(arguments):
    words = shlex.split(arguments.rstrip("\\"))
    return "-m" in words and words[words.index("-m") + 1] == "" and not [w for w in words if DESELECTING.match(w)]


def test_ci_leaves_out_nothing():
    ci = (ROOT / ".ci/run").read_text()
    assert [arguments for arguments in runs_of_pytest(ci) if is_everything(arguments)], "no run of everything"
    assert re.search(r"skipped.*exit 1", ci), "a skipped test fails"
    assert "not full" in shlex.split(OPTIONS["addopts"])


@pytest.mark.parametrize("arguments", ["", "-m 'not full'", "-m '' -k 'not browser'", "-m '' --ignore tests/scale"])
def test_a_run_that_leaves_out_something_is_seen(arguments):
    assert not is_everything(arguments)
    assert is_everything("-m '' --cov")


@pytest.fixture(scope="module")
def server_of_this_module():
    """Stands for one that takes seconds to start."""
    return None


def test_a_module_with_a_server_of_its_own_stays_in_one_process(request, server_of_this_module):
    """xdist writes the group behind the name that it sends a test by: without it every process starts that server."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        assert request.node.nodeid.endswith("@tests/test_lanes.py")


FAILS_ONCE = """
from pathlib import Path
def test_it():
    tried = Path(__file__).with_suffix(".tried")
    assert tried.exists() or tried.touch()
"""


def test_what_real_time_decides_has_a_second_try_and_nothing_else(tmp_path):
    for room in ("browser", "access"):
        (tmp_path / room).mkdir()
        (tmp_path / room / f"test_in_{room}.py").write_text(FAILS_ONCE)
    (tmp_path / "conftest.py").write_text(
        "from pathlib import Path\nfrom tests import lanes\n"
        "def pytest_collection_modifyitems(items):\n    lanes.try_twice(items, Path(__file__).parent)\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    options = ["-p", "no:cacheprovider", "-c", str(tmp_path / "pytest.ini")]
    command = [sys.executable, "-m", "pytest", *options, str(tmp_path)]
    # From here, where what measures the whole run finds the program's files, too.
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert re.search("1 failed, 1 passed, 1 rerun ", ran.stdout), ran.stdout
    assert re.search("FAILED .*access/", ran.stdout)
