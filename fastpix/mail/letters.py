"""Renders the mails: `templates/<kind>.txt`, whose first line is the subject, and `templates/<kind>.html`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape


@dataclass(frozen=True)
class Rendered:
    """One mail, ready to be sealed."""

    subject: str
    text: str
    html: str


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["moment"] = moment
    return environment


def moment(value: datetime | str) -> str:
    """A time for reading, always in UTC; text passes as it is."""
    if isinstance(value, str):
        return value
    at = value.astimezone(UTC)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def render(kind: str, context: Mapping[str, Any]) -> Rendered:
    """Both bodies and the subject. Every text in `context` becomes one line, so a name cannot add headers or lines."""
    values = {name: " ".join(value.split()) if isinstance(value, str) else value for name, value in context.items()}
    subject, _, text = _environment().get_template(f"{kind}.txt").render(values).partition("\n")
    html = _environment().get_template(f"{kind}.html").render(values)
    return Rendered(subject.removeprefix("Subject:").strip(), text.strip() + "\n", html)
