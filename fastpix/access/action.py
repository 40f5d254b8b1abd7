"""`@action`: ties a domain verb to its permission, checks it at every call, and sees that it is audited.

The guard at a door answers early; the check here is the wall. A verb that changes something must say what it did with
`describe(...)`, else the change is refused: so exactly one audit row exists for every change, in its transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from fastpix.access import principal, table


class ReadOnly(Exception):
    """A change was asked for by a request that may only look (its CSRF token was missing or wrong)."""


class OnlyViewing(ReadOnly):
    """A change was asked for by an admin who looks through a member's eyes (`accounts.viewing`)."""


# What a person may do all the same while they look as a member: come, go, and look with their own eyes again.
WHILE_VIEWING = frozenset({"account.sign_in", "account.sign_out", "account.view_as"})


@dataclass
class Entry:
    """What a verb says of its change. Secrets never go in `before`, `after` or `details`."""

    action: str
    target_kind: str = ""
    target_id: str = ""
    target_name: str = ""
    workspace_id: UUID | None = None
    organization_id: UUID | None = None
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    # "done", "denied" (the permission was missing) or "refused" (a rule said not now).
    result: str = "done"
    described: bool = False


@dataclass(frozen=True)
class Action:
    """A registered verb: its permission key (or personal action), and the doors it was given."""

    name: str
    key: str
    verb: Callable[..., Any]
    is_personal: bool
    changes: bool
    doors: dict[str, list[str]] = field(default_factory=lambda: {"page": [], "api": []})

    @property
    def needs_fresh(self) -> bool:
        """Whether a person must have proved afresh who they are, whatever they do with it (`table.FRESH`)."""
        return self.changes and table.FRESH.get(self.key) == table.ALWAYS

    @property
    def is_preparation(self) -> bool:
        """Whether it only reads what the form of a change shows: it needs the permission, but no door of its own."""
        return not self.changes and not self.is_personal and not table.row(self.key).is_view


F = TypeVar("F", bound=Callable[..., Any])
ACTIONS: dict[str, Action] = {}
_entries: ContextVar[tuple[Entry, ...]] = ContextVar("fastpix_audit_entries", default=())
_recorders: list[Callable[[Entry], None]] = []


def record_with(recorder: Callable[[Entry], None]) -> None:
    """Give the function that writes an audit row in the current transaction. Set once, by `fastpix.app`."""
    _recorders[:] = [recorder]


def action(key: str, *, changes: bool | None = None) -> Callable[[F], F]:
    """Mark a domain function as the verb of a permission. KeyError at import for an unknown permission.

    A verb of a `.view` permission never changes anything; another one does unless it says `changes=False`.
    """
    row = table.row(key)
    return _mark(key, is_personal=False, changes=not row.is_view if changes is None else changes)


def personal(key: str, *, changes: bool = True) -> Callable[[F], F]:
    """Mark a verb that a person does to themselves (`table.PERSONAL`); no role decides it."""
    if key not in table.PERSONAL:
        raise KeyError(f"{key} is not in PERSONAL (fastpix/access/table.py)")
    return _mark(key, is_personal=True, changes=changes)


def _mark(key: str, *, is_personal: bool, changes: bool) -> Callable[[Any], Any]:
    def decorate(verb: Any) -> Any:
        name = f"{verb.__module__}.{verb.__qualname__}"

        @wraps(verb)
        def checked(*args: Any, **kwargs: Any) -> Any:
            if not is_personal:
                principal.demand(key)
            if changes:
                if principal.current().is_read_only:
                    raise ReadOnly
                if principal.current().is_viewing and key not in WHILE_VIEWING:
                    raise OnlyViewing
                if mark.needs_fresh:
                    principal.demand_fresh()
                return _audited(key, verb, args, kwargs)
            return verb(*args, **kwargs)

        mark = Action(name, key, checked, is_personal, changes)
        checked.action = mark  # type: ignore[attr-defined]  # the mark travels with the function
        ACTIONS[name] = mark
        return checked

    return decorate


def _audited(key: str, verb: Callable[..., Any], args: Iterable[Any], kwargs: dict[str, Any]) -> Any:
    entry = Entry(key, organization_id=principal.current().organization_id)
    mark = _entries.set((*_entries.get(), entry))
    try:
        result = verb(*args, **kwargs)
    finally:
        _entries.reset(mark)
    if not entry.described:
        raise RuntimeError(f"{verb.__module__}.{verb.__qualname__} changed something without saying what (describe)")
    for recorder in _recorders or _missing():
        recorder(entry)
    return result


def _missing() -> list[Callable[[Entry], None]]:
    raise RuntimeError("no audit recorder is set: a change may not go unrecorded (see fastpix.app)")


def describe(
    target_kind: str,
    target_id: object,
    target_name: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    workspace_id: UUID | None = None,
    organization_id: UUID | None = None,
) -> None:
    """Say what the running verb changed: on what, and the values before and after, without secrets."""
    entry = _entries.get()[-1]
    entry.target_kind, entry.target_id, entry.target_name = target_kind, str(target_id), target_name
    entry.before, entry.after, entry.workspace_id = before or {}, after or {}, workspace_id
    entry.organization_id = organization_id or entry.organization_id
    entry.described = True
