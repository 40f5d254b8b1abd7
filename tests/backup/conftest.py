"""An operator with commands, as in `tests/cli/test_cli.py`, whose applications are closed at the end."""

from __future__ import annotations

import shutil

import pytest

from fastpix.cli import backup, context, maintenance, serving
from tests.cli.test_cli import PASSWORD, Operator, closed_at_the_end


@pytest.fixture
def closing(monkeypatch):
    with closed_at_the_end(monkeypatch, serving, context, backup, maintenance):
        yield


@pytest.fixture
def make_operator(tmp_path, closing):
    """`make_operator("other")`: an instance of that name, not made yet."""
    return lambda name="instance": Operator(tmp_path / name)


@pytest.fixture
def operator(make_operator, tmp_path_factory):
    """An instance with Ada, admin of acme: made once a process, and copied."""
    made, kept = make_operator(), tmp_path_factory.getbasetemp() / "operator-of-acme"
    if kept.exists():
        shutil.copytree(kept, made.folder)
        return made
    assert made.run("upgrade").exit_code == 0
    ada = ("--email", "ada@ada.example", "--name", "Ada", "--organization", "Acme", "--password-stdin")
    assert made.run("create-admin", *ada, given=PASSWORD + "\n").exit_code == 0
    shutil.copytree(made.folder, kept)
    return made
