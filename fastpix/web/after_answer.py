"""What is written down once the answer is made, in a transaction of its own: an answer never fails for it.

What may be dropped is: a page that only reads waits for no writer, however many there are (`drop_if_busy`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Flask, Response
from flask.globals import app_ctx
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from fastpix.db import db, impatient, set_reading, transaction

log = logging.getLogger(__name__)
# How long a write that may be dropped waits for other writers.
MOMENT_SECONDS = 0.02


def drop_if_busy(work: Callable[[], object], lost: str) -> bool:
    """Do it now, if no other writer is before us; whether it was done. To be tried again at another request."""
    try:
        with impatient(MOMENT_SECONDS):
            _write(work)
    except OperationalError:  # others write, or hold this very row
        log.info("%s: others write just now", lost)
        return False
    except SQLAlchemyError:
        log.warning(lost, exc_info=True)
        return False
    return True


def write(work: Callable[[], object], lost: str) -> None:
    """Do it now, after the request's own transaction. What the database cannot take is lost, and the log says `lost`."""
    try:
        _write(work)
    except SQLAlchemyError:
        log.warning(lost, exc_info=True)


def write_later(
    response: Response, work: Callable[[], object], lost: str, on_drop: Callable[[], object] = lambda: None
) -> None:
    """Do it once the answer is out, so that nobody waits for it; `on_drop` is called where it could not be done."""
    application = this_application()

    def later() -> None:
        with application.app_context():
            if not drop_if_busy(work, lost):
                on_drop()

    response.call_on_close(later)


def _write(work: Callable[[], object]) -> None:
    db.session.rollback()  # nothing of the request may ride along
    set_reading(False)
    with transaction():
        work()


def this_application() -> Flask:
    """The application that answers, itself: for what outlives the request."""
    return app_ctx.app
