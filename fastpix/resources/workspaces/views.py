"""Workspaces in the dashboard."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request

from fastpix.access import principal
from fastpix.resources.workspaces import domain
from fastpix.resources.workspaces.forms import NewWorkspaceForm, WorkspaceForm
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
            workspace = domain.create(form.name.data or "", form.kind.data, form.description.data or "")
            return go(".index", f"The workspace {workspace['name']} was created.")
    return show("workspaces/form.html", form=form, workspace=None)


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
    form = WorkspaceForm(data=workspace) if request.method == "GET" else WorkspaceForm()
    form.stands(**workspace)
    if form.is_sent():
        with form.catching():
            after = domain.edit(workspace_id, form.name.data, form.kind.data, form.description.data)
            return go(".index", f"The workspace {after['name']} was saved.")
    return show("workspaces/form.html", form=form, workspace=workspace)
