"""The form of a page: keeps what was typed, shows what a verb refused, and is sent once."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal
from uuid import UUID

from flask import g, request
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, RadioField, SelectMultipleField, StringField
from wtforms.validators import ValidationError

from fastpix.access import principal
from fastpix.db import db
from fastpix.errors import Invalid, NoRoom, Refused, StorageFailed, TooMany
from fastpix.text import naming
from fastpix.web import denied_audit, idempotency

log = logging.getLogger(__name__)
STALE = (
    "This page was open for too long, or cookies are off. Nothing was changed; what you typed is kept. Send it again."
)
VIEWING = "You look as a member, and nothing can be changed meanwhile. End the view at the top of the page, and send it again."


def as_uuid(value: object) -> UUID:
    """`coerce` of fields whose choices are ids. Raises ValueError, which the field says."""
    return value if isinstance(value, UUID) else UUID(str(value))


def as_uuids(texts: Iterable[str]) -> list[UUID]:
    """The ids in an address that one may have shortened: what is none is left out."""
    ids = []
    for text in texts:
        try:
            ids.append(as_uuid(text))
        except ValueError:
            continue
    return ids


def _composed(text: object) -> object:
    return naming.composed(text) if isinstance(text, str) else text


class Form(FlaskForm):  # type: ignore[misc]  # flask-wtf ships no types
    """Base of all forms. `wire_names` maps a verb's field names to the form's where they differ."""

    wire_names: Mapping[str, str] = {}
    # Whether it may be sent by an admin who looks through a member's eyes.
    while_viewing = False

    class Meta:
        csrf = False  # checked once for every unsafe request, in web.security

        def bind_field(self, form: Any, unbound_field: Any, options: Any) -> Any:
            """Every text in one form of Unicode, but for passwords: `crypto.passwords` has a rule of its own."""
            field = super().bind_field(form, unbound_field, options)  # type: ignore[misc]  # of wtforms' own Meta
            if isinstance(field, StringField) and not isinstance(field, PasswordField):
                field.filters = (_composed, *field.filters)
            return field

    def is_sent(self) -> bool:
        """Whether the form was sent, is valid, and may be acted on."""
        if request.method != "POST":
            return False
        if g.get("csrf_problem"):
            self.form_errors.append(STALE)
            return False
        if principal.current().is_viewing and not self.while_viewing:
            self.form_errors.append(VIEWING)
            g.refused = True
            return False
        return bool(self.validate())

    @contextmanager
    def catching(self) -> Iterator[None]:
        """Around a verb: `Invalid`, `Refused`, `TooMany` and `StorageFailed` become errors of the form; what it had begun is undone."""
        try:
            yield
        except Invalid as problem:
            db.session.rollback()
            self.blame(problem)
        except Refused as problem:
            db.session.rollback()
            self.form_errors.append(str(problem))
            g.refused = True
            denied_audit.refused(problem)
        except TooMany as problem:
            db.session.rollback()
            self.form_errors.append(str(problem))
            g.wait_seconds = problem.retry_after
        except StorageFailed as problem:
            db.session.rollback()
            log.error("the storage does not work: %s", problem.__cause__ or problem)
            self.form_errors.append(str(problem))
            g.unavailable = 507 if isinstance(problem, NoRoom) else 503

    def answer(self, act: Callable[[], Any]) -> Any:
        """What `act` answers once the form is sent; None while its page is to be shown, also with what was refused."""
        if self.is_sent():
            with self.catching():
                return act()
        return None

    def blame(self, problem: Invalid) -> None:
        """Show a verb's complaint at the fields it names, or above the form."""
        for name, message in problem.fields.items():
            field: Any = self._fields.get(self.wire_names.get(name, name))
            if field is None:
                self.form_errors.append(message)
            else:
                field.errors = [*field.errors, message]


class WorkspaceAccess:
    """What forms with the fields `access` ("all" or "these") and `workspaces` share."""

    access: RadioField
    workspaces: SelectMultipleField

    def validate_access(self, field: RadioField) -> None:
        """Refuse what contradicts itself: the ticks would be ignored, and somebody see more than was meant."""
        if field.data == "all" and self.workspaces.data:
            raise ValidationError("You ticked workspaces below: choose “Only these”, or untick them.")

    def offer(self, names: dict[str, str]) -> None:
        """Set the workspaces one can choose from."""
        self.workspaces.choices = names

    @property
    def workspace_access(self) -> Literal["all"] | list[UUID]:
        return "all" if self.access.data == "all" else list(self.workspaces.data or [])


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
            idempotency.use(str(self.once_key.data))
        except Refused as problem:
            self.form_errors.append(str(problem))
            g.refused = True
            return False
        return True


class SeenForm(Form):
    """The form of an edit. It is not sent past what somebody else changed after it was opened, unless it is sent again.

    Views call `stands` before `is_sent`. Two that are sent in the same instant are not told apart: the last one wins.
    """

    seen = HiddenField()
    _stored: Mapping[str, Any] = {}
    _stamp = ""

    def stands(self, *, also: object = None, **stored: Any) -> None:
        """Tell what is stored now, by field; names of no field are left out, and `also` is what no field holds."""
        self._stored = {name: value for name, value in stored.items() if name in self._fields}
        said = json.dumps([self._stored, also], sort_keys=True, default=str)
        self._stamp = hashlib.sha256(said.encode()).hexdigest()[:32]
        if request.method == "GET":
            self.seen.data = self._stamp

    def is_sent(self) -> bool:
        """As of every form; and nobody changed meanwhile what it shows. A form that says nothing of that is trusted."""
        if not super().is_sent():
            return False
        if not self._stamp or self.seen.data in (None, "", self._stamp):
            return True
        self.seen.data = self._stamp
        now_stored = "; ".join(self._worded(name) for name in self._stored if self._differs(name))
        self.form_errors.append(
            f"Somebody changed this after you had opened it. Stored is now: {now_stored or 'what you typed'}. "
            "What you typed is kept: send it again to replace that."
        )
        g.refused = True
        return False

    def _differs(self, name: str) -> bool:
        return str(self._fields[name].data or "") != str(self._stored[name] or "")

    def _worded(self, name: str) -> str:
        field, value = self._fields[name], self._stored[name]
        if isinstance(value, bool):
            return f"{field.label.text} {'on' if value else 'off'}"
        stored = [str(each) for each in (value if isinstance(value, list) else [value])]
        if getattr(field, "choices", None):
            stored = [str(label) for key, label, *_ in field.iter_choices() if str(key) in stored]
        said = ", ".join(stored) if value else ""
        return f"{field.label.text} “{said}”" if said else f"{field.label.text} empty"


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
