"""The page that deletes a workspace: it shows what goes with it, which is of many resources."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastpix.overview import workspace_contents
from fastpix.resources.workspaces import domain
from fastpix.resources.workspaces.views import pages as workspaces
from fastpix.web.forms import TypedNameForm
from fastpix.web.pages import go, show


@workspaces.page(domain.delete, "GET POST", "/<uuid:workspace_id>/delete")
def delete(workspace_id: UUID) -> Any:
    workspace = domain.get(workspace_id)
    form = TypedNameForm(expected=workspace["name"])
    if form.is_sent():
        with form.catching():
            domain.delete(workspace_id)
            return go(".index", f"The workspace {workspace['name']} was deleted, with everything in it.")
    return show(
        "overview/delete_workspace.html",
        form=form,
        workspace=workspace,
        goes_with_it=workspace_contents.of(workspace_id),
        is_last=len(domain.search()) == 1,
    )
