"""Notes in the dashboard."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastpix.access import principal
from fastpix.resources.notes import domain
from fastpix.resources.notes.forms import NoteForm
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web.confirm import confirm
from fastpix.web.list_pages import numbered
from fastpix.web.menu import Entry
from fastpix.web.pages import Pages, go, show

pages = Pages("notes", __name__, "/notes", menu=(Entry("Notes", "notes.index", "pencil", "notes.view"),))


@pages.page(domain.listed, "GET", "/")
def index() -> Any:
    may_create = principal.may("notes.create")
    return numbered("notes/index.html", domain.listed, workspaces.choices(), may_create=may_create)


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
    message = "The note was deleted."
    return confirm("notes/delete.html", lambda: domain.delete(note_id), message, note=note)
