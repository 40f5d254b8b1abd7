"""An operator with commands, as in `tests/test_cli.py`, whose applications are closed at the end."""

from __future__ import annotations

import pytest

from fastpix import cli, operating, upkeep
from fastpix.db import db
from fastpix.keeping import commands
from tests.test_cli import PASSWORD, Operator


@pytest.fixture
def closing(monkeypatch):
    made, create = [], cli.create_app

    def keep(*given):
        app = create(*given)
        with app.app_context():
            made.append(db.engine)
        return app

    for module in (cli, operating, commands, upkeep):
        monkeypatch.setattr(module, "create_app", keep)
    yield
    for engine in made:
        engine.dispose()


@pytest.fixture
def make_operator(tmp_path, closing):
    """`make_operator("other")`: an instance of that name, not made yet."""
    return lambda name="instance": Operator(tmp_path / name)


@pytest.fixture
def operator(make_operator):
    """An instance with Ada, admin of acme."""
    made = make_operator()
    assert made.run("upgrade").exit_code == 0
    ada = ("--email", "ada@ada.example", "--name", "Ada", "--organization", "Acme", "--password-stdin")
    assert made.run("create-admin", *ada, given=PASSWORD + "\n").exit_code == 0
    return made
