"""Workspaces in the dashboard."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request

from fastpix.access import principal
from fastpix.resources.workspaces import domain
from fastpix.resources.workspaces.forms import NewWorkspaceForm, WorkspaceForm
from fastpix.video import speech
from fastpix.web.menu import Entry
from fastpix.web.pages import Pages, go, show

pages = Pages(
    "workspaces",
    __name__,
    "/workspaces",
    menu=(Entry("Workspaces", "workspaces.index", "stack", "workspaces.view", "Settings", "project environment"),),
)


@pages.page(domain.search, "GET", "/")
def index() -> Any:
    return show(
        "workspaces/index.html",
        workspaces=domain.search(),
        may=principal.may_each("workspaces", "create", "edit", "delete"),
    )


@pages.page(domain.create, "GET POST", "/new")
def create() -> Any:
    form = NewWorkspaceForm()
    if form.is_sent():
        with form.catching():
            language = domain.NO_CAPTIONS if speech.missing() else form.language()
            workspace = domain.create(form.name.data or "", form.kind.data, form.description.data or "", language)
            return go(".index", f"The workspace {workspace['name']} was created.")
    return show("workspaces/form.html", form=form, workspace=None, **_captions())


@pages.page(domain.get, "GET", "/<uuid:workspace_id>")
def detail(workspace_id: UUID) -> Any:
    return show(
        "workspaces/detail.html",
        workspace=domain.get(workspace_id),
        may=principal.may_each("workspaces", "edit", "delete"),
    )


@pages.page(domain.edit, "GET POST", "/<uuid:workspace_id>/edit")
def edit(workspace_id: UUID) -> Any:
    workspace = domain.get(workspace_id)
    stored = {**workspace, "captions": bool(workspace["captions_code"])}
    form = WorkspaceForm(data=stored) if request.method == "GET" else WorkspaceForm()
    form.stands(**stored)
    if form.is_sent():
        with form.catching():
            # Without a model the form has the switch alone, where it is on, to turn it off.
            is_kept = not principal.may("media.edit") or (speech.missing() and form.captions.data)
            language = None if is_kept else form.language()
            after = domain.edit(workspace_id, form.name.data, form.kind.data, form.description.data, language)
            return go(".index", f"The workspace {after['name']} was saved.")
    return show("workspaces/form.html", form=form, workspace=workspace, **_captions())


def _captions() -> dict[str, Any]:
    """Whether the form offers captions of every upload, and why they cannot be had."""
    return {"may_caption": principal.may("media.edit"), "missing": speech.missing()}
