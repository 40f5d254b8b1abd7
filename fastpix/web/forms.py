"""The form of a page: keeps what was typed, shows what a verb refused, and is sent once."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import g, request
from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField
from wtforms.validators import ValidationError

from fastpix import once
from fastpix.access import principal
from fastpix.db import db
from fastpix.errors import Invalid, Refused, TooMany
from fastpix.web import attempts

STALE = (
    "This page was open for too long, or cookies are off. Nothing was changed; what you typed is kept. Send it again."
)
VIEWING = "You look as a member, and nothing can be changed meanwhile. End the view at the top of the page, and send it again."


def as_uuid(value: object) -> UUID:
    """`coerce` of fields whose choices are ids. Raises ValueError, which the field says."""
    return value if isinstance(value, UUID) else UUID(str(value))


class Form(FlaskForm):  # type: ignore[misc]  # flask-wtf ships no types
    """Base of all forms. `wire_names` maps a verb's field names to the form's where they differ."""

    wire_names: Mapping[str, str] = {}
    # Whether it may be sent by an admin who looks through a member's eyes.
    while_viewing = False

    class Meta:
        csrf = False  # checked once for every unsafe request, in web.security

    def is_sent(self) -> bool:
        """Whether the form was sent, is valid, and may be acted on."""
        if request.method != "POST":
            return False
        if g.get("csrf_problem"):
            self.form_errors.append(STALE)
            g.csrf_answered = True
            return False
        if principal.current().is_viewing and not self.while_viewing:
            self.form_errors.append(VIEWING)
            g.refused = True
            return False
        return bool(self.validate())

    @contextmanager
    def catching(self) -> Iterator[None]:
        """Around a verb: `Invalid`, `Refused` and `TooMany` become errors of the form; what it had begun is undone."""
        try:
            yield
        except Invalid as problem:
            db.session.rollback()
            self.blame(problem)
        except Refused as problem:
            db.session.rollback()
            self.form_errors.append(str(problem))
            g.refused = True
            attempts.refused(problem)
        except TooMany as problem:
            db.session.rollback()
            self.form_errors.append(str(problem))
            g.wait_seconds = problem.retry_after

    def blame(self, problem: Invalid) -> None:
        """Show a verb's complaint at the fields it names, or above the form."""
        for name, message in problem.fields.items():
            field: Any = self._fields.get(self.wire_names.get(name, name))
            if field is None:
                self.form_errors.append(message)
            else:
                field.errors = [*field.errors, message]


class OnceForm(Form):
    """The form of a change that must not happen twice when it is sent twice."""

    once_key = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.once_key.data:
            self.once_key.data = secrets.token_urlsafe(24)

    def is_sent(self) -> bool:
        """As of every form; and not sent before: its key is used up in the transaction of the change."""
        if not super().is_sent():
            return False
        try:
            once.use(str(self.once_key.data))
        except Refused as problem:
            self.form_errors.append(str(problem))
            g.refused = True
            return False
        return True


class EmptyForm(Form):
    """A button: nothing is typed, the CSRF token is all."""


class AnywayForm(EmptyForm):
    """A button that works also while an admin looks through a member's eyes: ending that, and signing out."""

    while_viewing = True


class TypedNameForm(Form):
    """The form of a deletion that takes much with it: the name must be typed."""

    name = StringField("Name", render_kw={"autocomplete": "off", "spellcheck": "false"})

    def __init__(self, *args: Any, expected: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = expected

    def validate_name(self, field: Any) -> None:
        if (field.data or "").strip() != self.expected:
            raise ValidationError(f"Type {self.expected} exactly, to show that you mean it.")
