"""Tenancy as a filter that fails closed: no organization in scope, no rows, an exception.

Models that belong to an organization carry `InOrganization`; those inside a workspace `InWorkspace` as well. Every ORM
statement that touches one gets the scope's condition, every new row its stamp. `everywhere(reason)` is the only way
around it, and `tests/test_architecture.py` lists who may use it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any, TypeVarTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, declared_attr, mapped_column, with_loader_criteria
from sqlalchemy.sql import visitors

from fastpix.access import principal
from fastpix.db import Base, db, id_column

Columns = TypeVarTuple("Columns")


class NoScope(RuntimeError):
    """A row of an organization was asked for while no organization was in scope: a fault in our code."""


class InOrganization:
    """Mixin of a table whose rows belong to one organization."""

    @declared_attr
    def organization_id(cls) -> Mapped[UUID]:  # noqa: N805  # a declared_attr is called with the class
        return mapped_column(sa.Uuid, sa.ForeignKey("organizations.id", ondelete="CASCADE"))


class InWorkspace(InOrganization):
    """Mixin of a table whose rows lie in one workspace of an organization."""

    @declared_attr
    def workspace_id(cls) -> Mapped[UUID]:  # noqa: N805  # a declared_attr is called with the class
        return mapped_column(sa.Uuid, sa.ForeignKey("workspaces.id", ondelete="CASCADE"))


class IsOrganization:
    """Mixin of the organizations table itself: its own id is the scope.

    `member_version` is touched first by every change of membership (`access.organization_lock`).
    """

    id: Mapped[UUID] = id_column()
    member_version: Mapped[int] = mapped_column(default=0)


class IsWorkspace(InOrganization):
    """Mixin of the workspaces table itself: only the workspaces one may enter."""

    id: Mapped[UUID] = id_column()


_everywhere: ContextVar[str] = ContextVar("fastpix_tenancy_everywhere", default="")


@contextmanager
def everywhere(reason: str) -> Iterator[None]:
    """Look across organizations, for the stated reason (finding who somebody is, an invite by its token)."""
    mark = _everywhere.set(reason)
    try:
        yield
    finally:
        _everywhere.reset(mark)


@contextmanager
def every_workspace(reason: str) -> Iterator[None]:
    """Look across all workspaces of the organization in scope, for the stated reason (a name that must be unique)."""
    with principal.acting(replace(principal.current(), workspace_ids=None)):
        yield


@contextmanager
def inside(organization: UUID) -> Iterator[None]:
    """Be in all of an organization, as the actor in force: whoever joins or founds it is not in it yet."""
    with principal.acting(replace(principal.current(), organization_id=organization, workspace_ids=None)):
        yield


def organization_id() -> UUID:
    """The organization in scope. Raises `NoScope` where there is none."""
    here = principal.current().organization_id
    if here is None:
        raise NoScope("no organization is in scope")
    return here


def install(session: Any) -> None:
    """Attach the filter and the stamp to a session factory. Called by `fastpix.app`."""
    if not event.contains(session, "do_orm_execute", _filter):
        event.listen(session, "do_orm_execute", _filter)
        event.listen(session, "before_flush", _stamp)


def _filter(state: ORMExecuteState) -> None:
    if _everywhere.get() or state.is_column_load:
        return
    scope = principal.current()
    if scope.organization_id is None or not state.is_orm_statement or state.is_insert:
        _refuse_tenant_tables(state.statement)
        return
    state.statement = _scoped(state.statement, scope.workspace_ids is None, scope.sees_all_workspaces)


def rows(statement: sa.Select[*Columns], values: Mapping[str, Any] | None = None) -> sa.CursorResult[*Columns]:
    """The rows of a statement of columns that is built once, under the same filter, without the ORM's loader.

    What loads entities costs more than the database (40 µs a statement), and there are several in every request.
    TypeError for a statement that loads entities.
    """
    if not _has_columns_alone(statement):
        raise TypeError("entities are loaded by the session, not by tenancy.rows")
    session = db.session()
    if session.new or session.deleted or session.dirty:
        session.flush()
    if not _everywhere.get():
        scope = principal.current()
        if scope.organization_id is None:
            _refuse_tenant_tables(statement)
        else:
            statement = _scoped(statement, scope.workspace_ids is None, scope.sees_all_workspaces)
    return session.connection().execute(statement, values)


def _workspaces() -> list[UUID]:
    return list(principal.current().workspace_ids or ())


# Parameters are read from the scope when a statement runs, so one prepared statement serves every organization.
_ORGANIZATION = sa.bindparam("scope_organization", callable_=organization_id, type_=sa.Uuid())
_WORKSPACES = sa.bindparam("scope_workspaces", callable_=_workspaces, type_=sa.Uuid(), expanding=True)
_BY_ORGANIZATION = (
    with_loader_criteria(InOrganization, lambda cls: cls.organization_id == _ORGANIZATION, include_aliases=True),
    with_loader_criteria(IsOrganization, lambda cls: cls.id == _ORGANIZATION, include_aliases=True),
)
_INSIDE = (with_loader_criteria(InWorkspace, lambda cls: cls.workspace_id.in_(_WORKSPACES), include_aliases=True),)
_THEMSELVES = (with_loader_criteria(IsWorkspace, lambda cls: cls.id.in_(_WORKSPACES), include_aliases=True),)


@lru_cache(maxsize=2048)
def _scoped(statement: Any, enters_all: bool, sees_all: bool) -> Any:
    """The statement with its conditions. Kept, since statements built once at import come back with every request."""
    inside = () if enters_all else _INSIDE
    themselves = () if enters_all or sees_all else _THEMSELVES
    return statement.options(*_BY_ORGANIZATION, *inside, *themselves)


def tenant_tables() -> frozenset[str]:
    """Names of all tables that belong to an organization."""
    return _tenant_tables(len(Base.metadata.tables))


@cache
def _tenant_tables(_count: int) -> frozenset[str]:
    """Kept until there is one table more."""
    kinds = (InOrganization, IsOrganization)
    mapped: list[Any] = [mapper.class_ for mapper in Base.registry.mappers]
    return frozenset(each.__tablename__ for each in mapped if issubclass(each, kinds))


@lru_cache(maxsize=512)
def _has_columns_alone(statement: sa.Select[*tuple[Any, ...]]) -> bool:
    return not any(isinstance(each["expr"], type) for each in statement.column_descriptions)


@lru_cache(maxsize=512)
def _tables_of(statement: Any) -> frozenset[str]:
    """Names of the tables in a statement. Kept, as in `_scoped`."""
    return frozenset(part.name for part in visitors.iterate(statement) if isinstance(part, sa.Table))


def _refuse_tenant_tables(statement: Any) -> None:
    """Outside a scope, and for statements the filter cannot reach, touching a tenant's table is an error."""
    touched = _tables_of(statement) & tenant_tables()
    if touched:
        raise NoScope(f"{', '.join(sorted(touched))}: no organization is in scope, or the statement is not an ORM one")


def _stamp(session: Session, _context: object, _instances: object) -> None:
    """Stamp new rows with the scope's organization; refuse a row of another organization or workspace."""
    if _everywhere.get():
        return
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, InOrganization):
            here = organization_id()
            if row in session.new and row.organization_id is None:
                row.organization_id = here
            if row.organization_id != here:
                raise NoScope(f"a {type(row).__name__} of another organization may not be written here")
        allowed = principal.current().workspace_ids
        visible = None if principal.current().sees_all_workspaces else allowed
        if isinstance(row, IsWorkspace) and row not in session.new and visible is not None and row.id not in visible:
            raise NoScope("a workspace out of reach may not be changed here")
        if isinstance(row, InWorkspace) and allowed is not None and row.workspace_id not in allowed:
            raise NoScope(f"a {type(row).__name__} of a workspace out of reach may not be written here")
