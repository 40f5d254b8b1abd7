"""Workspaces: list, create, edit, delete. The only writer of `workspaces`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import organization_lock, principal, tenancy
from fastpix.access.action import action, describe
from fastpix.db import db
from fastpix.errors import Invalid, Missing, Refused
from fastpix.jobs import queue
from fastpix.resources.media.uploads.models import Upload
from fastpix.resources.workspaces import unfinished
from fastpix.resources.workspaces.models import KINDS, Workspace, WorkspaceRow
from fastpix.text import naming, word_index
from fastpix.text.languages import checked_language_name
from fastpix.video.speech import check_offered

_COLUMNS = ("id", "slug", "name", "kind", "description", "captions_code", "captions_name", "created_at")
_ROWS: sa.Select[Any] = sa.select(*(getattr(Workspace, name) for name in _COLUMNS))
Captions = tuple[str, str]
NO_CAPTIONS: Captions = ("", "")
_ALL = _ROWS.order_by(Workspace.created_at, Workspace.id)
_IDS = sa.select(Workspace.id)
_ONE = sa.select(Workspace).where(Workspace.id == sa.bindparam("workspace_id"))
_COUNT = sa.select(sa.func.count(Workspace.id))


@action("workspaces.view")
def search() -> list[WorkspaceRow]:
    """All workspaces the actor sees, oldest first."""
    return _rows(_ALL)


@action("workspaces.view")
def find(text: str, most: int) -> list[WorkspaceRow]:
    """At most `most` workspaces with such words in their names, or of such an id. There are few: all are looked at."""
    beginnings, span = word_index.of(text), word_index.id_range(text)

    def fits(row: WorkspaceRow) -> bool:
        words = word_index.of(row["name"])
        has_words = all(any(word.startswith(beginning) for word in words) for beginning in beginnings)
        return bool(beginnings and has_words) or (span is not None and span[0] <= row["id"] <= span[1])

    return [row for row in search() if fits(row)][:most]


@action("workspaces.view")
def listed(offset: int, limit: int) -> tuple[list[WorkspaceRow], int]:
    """The workspaces by page number (1-based), newest first, with the total, for the API."""
    newest = _ROWS.order_by(Workspace.created_at.desc(), Workspace.id.desc())
    return _rows(newest.offset((offset - 1) * limit).limit(limit)), db.session.scalar(_COUNT) or 0


@action("workspaces.view")
def get(workspace_id: UUID) -> WorkspaceRow:
    """One workspace. Raises `Missing`."""
    return _as_row(_load(workspace_id))


@action("workspaces.create")
def create(
    name: str, kind: str = "development", description: str = "", captions: Captions = NO_CAPTIONS
) -> WorkspaceRow:
    """Add a workspace; `captions` as for `edit`. Raises `Invalid` for a bad or taken name, type or description."""
    workspace = add(name, kind, description)
    _set_captions(workspace, captions)
    describe("workspace", workspace.id, workspace.name, after=_facts(workspace), workspace_id=workspace.id)
    return _as_row(workspace)


@action("workspaces.edit")
def edit(
    workspace_id: UUID,
    name: str | None = None,
    kind: str | None = None,
    description: str | None = None,
    captions: Captions | None = None,
) -> WorkspaceRow:
    """Change name, type, description or captions; what is None stays. Raises `Missing`, `Invalid`.

    `captions`: code and name of the language in which captions are made of every upload, two empty texts for none.
    Raises `NotOffered` where this server has no speech model.
    """
    workspace = _load(workspace_id)
    before = _facts(workspace)
    if name is not None and name != workspace.name:
        workspace.name, workspace.name_folded = _checked_name(name, but=workspace_id)
    if kind is not None:
        workspace.kind = _checked_kind(kind)
    if description is not None:
        workspace.description = _checked_description(description)
    if captions is not None:
        _set_captions(workspace, captions)
    describe(
        "workspace", workspace_id, workspace.name, before=before, after=_facts(workspace), workspace_id=workspace_id
    )
    return _as_row(workspace)


@action("workspaces.delete", is_alone=True)
def delete(workspace_id: UUID) -> None:
    """Delete a workspace with everything in it. Raises `Missing`, `Refused` for the last one."""
    organization_lock.take()
    workspace = _load(workspace_id)
    with tenancy.every_workspace("the last workspace of the organization stays"):
        if (db.session.scalar(_COUNT) or 0) <= 1:
            raise Refused("An organization keeps at least one workspace. Create another one first.")
    before = _facts(workspace)
    here = tenancy.organization_id()
    queue.enqueue("storage.remove", {"folder": f"{here}/{workspace_id}"}, organization_id=here)
    unfinished.forget(Upload.workspace_id == workspace_id)
    db.session.delete(workspace)
    db.session.flush()
    describe("workspace", workspace_id, before["name"], before=before, workspace_id=workspace_id)


def add(name: str, kind: str, description: str = "") -> Workspace:
    """A new workspace in the organization in scope. Not a verb: `create` and `organizations.create` call it."""
    shown, folded = _checked_name(name)
    workspace = Workspace(
        name=shown,
        name_folded=folded,
        kind=_checked_kind(kind),
        description=_checked_description(description),
        slug=_free_slug(shown),
    )
    db.session.add(workspace)
    db.session.flush()
    return workspace


def ids() -> set[UUID]:
    """The ids of all workspaces the actor sees."""
    return set(db.session.scalars(_IDS))


def check(workspace_id: UUID) -> UUID:
    """The id, if it is a workspace the actor may enter. Raises `Invalid`."""
    reach = principal.current().workspace_ids
    if workspace_id not in ids() or (reach is not None and workspace_id not in reach):
        raise Invalid("workspaceId", "Choose a workspace of this organization that you may enter.")
    return workspace_id


def of_token() -> UUID:
    """The workspace of the acting token: all that the API shows and makes lies in it. Raises `Refused` for others."""
    workspace_id = principal.current().token_workspace_id
    if workspace_id is None:
        raise Refused("Only a token has a workspace of its own; choose one.")
    return workspace_id


def choices() -> dict[str, str]:
    """Id and name of all workspaces the actor sees, for choices in forms."""
    return {str(row.id): row.name for row in tenancy.rows(_ALL)}


def captions_of(workspace_id: UUID) -> Captions:
    """Code and name of the language in which captions are made of every upload; empty where none are. For the worker."""
    workspace = _load(workspace_id)
    return workspace.captions_code, workspace.captions_name


def _load(workspace_id: UUID) -> Workspace:
    workspace = db.session.scalar(_ONE, {"workspace_id": workspace_id})
    if workspace is None:
        raise Missing("There is no such workspace here.")
    return workspace


def _checked_name(text: str, but: UUID | None = None) -> tuple[str, str]:
    name = naming.checked(text, 80)
    taken = sa.select(Workspace.id).where(Workspace.name_folded == name.casefold())
    with tenancy.every_workspace("names are unique in the organization"):
        other = db.session.scalar(taken)
    if other is not None and other != but:
        raise Invalid("name", f"There is a workspace called {name} already. Choose another name.")
    return name, name.casefold()


def _checked_kind(text: str) -> str:
    if text not in KINDS:
        raise Invalid("type", f"Choose one of {', '.join(KINDS)}.")
    return text


def _checked_description(text: str) -> str:
    if len(text) > 500:
        raise Invalid("description", "Use at most 500 characters.")
    return text.strip()


def _free_slug(name: str) -> str:
    slug = naming.slug(name, "workspace")
    with tenancy.every_workspace("slugs are unique in the organization"):
        return naming.free(slug, set(db.session.scalars(sa.select(Workspace.slug))))


def _set_captions(workspace: Workspace, captions: Captions) -> None:
    code, name = captions
    if captions == (workspace.captions_code or "", workspace.captions_name or ""):
        return
    principal.demand("media.edit")  # it makes captions of media, which a workspace's details alone do not
    if code or name:
        check_offered(code)
        checked_language_name(name)
    workspace.captions_code, workspace.captions_name = code, name


def _facts(workspace: Workspace) -> dict[str, str]:
    facts = {"name": workspace.name, "type": workspace.kind, "description": workspace.description}
    return facts | {"captions": workspace.captions_name or ""}


def _rows(statement: sa.Select[Any]) -> list[WorkspaceRow]:
    return [_as_row(row) for row in db.session.execute(statement)]


def _as_row(workspace: Any) -> WorkspaceRow:
    """Of an entity, or of a row with the same columns."""
    return {
        "id": workspace.id,
        "slug": workspace.slug,
        "name": workspace.name,
        "kind": workspace.kind,
        "description": workspace.description,
        "captions_code": workspace.captions_code or "",
        "captions_name": workspace.captions_name or "",
        "created_at": workspace.created_at,
    }
