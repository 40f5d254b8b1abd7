"""The form of a track's captions: rows of times and words, as many as were sent."""

from __future__ import annotations

from typing import Any

from flask import request
from wtforms import HiddenField

from fastpix.errors import Invalid
from fastpix.resources.media.cues import rules
from fastpix.resources.media.cues.rules import Stretch, Typed
from fastpix.text import naming
from fastpix.video.cues import Cue
from fastpix.web.forms import Form


class CuesForm(Form):
    """`rows` are the captions as they stand in the form; `since` and `until` are the seconds that the page shows."""

    version = HiddenField()
    since = HiddenField()
    until = HiddenField()

    def __init__(self, *args: Any, stretch: Stretch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stretch, self.first = stretch, stretch.first
        self.rows = [rules.shown(cue) for cue in stretch.cues] or [Typed()]
        if request.method == "POST":
            self.rows = _sent()
            self.stretch = Stretch(self.first, [], _seconds(self.since.data) or 0.0, _seconds(self.until.data))
        else:
            self.since.data = f"{stretch.since:.3f}"
            self.until.data = "" if stretch.until is None else f"{stretch.until:.3f}"

    def is_sent(self) -> bool:
        """Not when a button only asked for one more row."""
        return "add" not in request.form and super().is_sent()

    def add(self) -> None:
        """One more row, below the one whose button was pressed."""
        place = request.form.get("add", type=int) or len(self.rows)
        before = self.rows[place - 1] if 0 < place <= len(self.rows) else Typed()
        self.rows.insert(place, Typed(begin=before.end))

    def cues(self) -> list[Cue]:
        """The captions. Raises `Invalid` where some are wrong, each of which says why."""
        cues, wrong = [], []
        for number, row in enumerate(self.rows, start=1):
            if row.is_removed or row.is_empty:
                continue
            try:
                cues.append(rules.checked(row))
            except Invalid as problem:
                row.problem = problem.fields["cue"]
                wrong.append(number)
        if wrong:
            raise Invalid("rows", "Nothing was saved yet: not every caption is right.")
        return cues


def _sent() -> list[Typed]:
    """The rows as a browser sends them: lists of the same length, and the numbers of those that are ticked."""
    columns = [request.form.getlist(name) for name in ("begin", "end", "text")]
    ticked, settings = set(request.form.getlist("remove")), request.form.getlist("settings")
    rows = []
    for place, (begin, end, text) in enumerate(zip(*columns, strict=False)):
        kept = settings[place] if place < len(settings) else ""
        rows.append(Typed(begin, end, naming.composed(text), kept, str(place + 1) in ticked))
    return rows


def _seconds(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None
