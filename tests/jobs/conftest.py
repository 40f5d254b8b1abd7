"""A small application with the job table on SQLite."""

from __future__ import annotations

import pytest
from flask import Flask

import fastpix.jobs.models  # noqa: F401  # its table must exist
from fastpix.db import db, install


def make_app(path):
    app = Flask("queue_app")
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{path}"
    db.init_app(app)
    with app.app_context():
        install(db.engine)
        db.create_all()
    return app


@pytest.fixture
def queue_app(tmp_path):
    app = make_app(tmp_path / "queue.db")
    yield app
    with app.app_context():
        db.engine.dispose()
