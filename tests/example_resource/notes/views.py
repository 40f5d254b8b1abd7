"""Notes in the dashboard."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request, url_for

from fastpix.access import principal
from fastpix.resources.notes import domain
from fastpix.resources.notes.forms import NoteForm
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web.forms import EmptyForm
from fastpix.web.menu import Entry
from fastpix.web.resource import Pages, go, show

PAGE = 25
pages = Pages("notes", __name__, "/notes", menu=(Entry("Notes", "notes.index", "pencil", "notes.view"),))


@pages.page(domain.listed, "GET", "/")
def index() -> Any:
    number = max(1, min(request.args.get("page", 1, type=int), 100000))
    notes, total = domain.listed(number, PAGE)
    return show(
        "notes/index.html",
        notes=notes,
        total=total,
        newer_url=url_for(".index", page=number - 1) if number > 1 else None,
        older_url=url_for(".index", page=number + 1) if number * PAGE < total else None,
        may_create=principal.may("notes.create"),
    )


@pages.page(domain.create, "GET POST", "/new")
def create() -> Any:
    form = NoteForm()
    form.workspace.choices = workspaces.choices()
    if form.is_sent():
        with form.catching():
            made = domain.create(form.workspace.data, form.text.data or "")
            return go(".detail", "The note was saved.", note_id=made["id"])
    return show("notes/new.html", form=form)


@pages.page(domain.get, "GET", "/<uuid:note_id>")
def detail(note_id: UUID) -> Any:
    return show("notes/detail.html", note=domain.get(note_id), may_delete=principal.may("notes.delete"))


@pages.page(domain.delete, "GET POST", "/<uuid:note_id>/delete")
def delete(note_id: UUID) -> Any:
    note = domain.get(note_id)
    form = EmptyForm()
    if form.is_sent():
        with form.catching():
            domain.delete(note_id)
            return go(".index", "The note was deleted.")
    return show("notes/delete.html", form=form, note=note)
