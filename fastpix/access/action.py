"""`@action`: ties a domain verb to its permission, checks it at every call, and sees that it is audited.

The guard at a door answers early; the check here is the wall: before a change, who acts is looked up once more in the
transaction that will be saved (`access.authority`). A verb that changes something must say what it did with
`describe(...)` (or `describe_each`), else the change is refused: so exactly one audit row exists for every change, in its
transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from fastpix.access import authority, principal, table


class ReadOnly(Exception):
    """A change was asked for by a request that may only look (its CSRF token was missing or wrong)."""


class OnlyViewing(ReadOnly):
    """A change was asked for by an admin who looks through a member's eyes (`accounts.view_as`)."""


# What a person may do all the same while they look as a member: come, go, and look with their own eyes again.
WHILE_VIEWING = frozenset({"account.sign_in", "account.sign_out", "account.view_as"})
# What is proved by itself, with a password, a mailed link or the set-up's token: a session that one has beside it counts
# for nothing, and need not go on.
PROVED_BY_ITSELF = frozenset({"account.sign_in", "account.reset", "instance.set_up"})


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
    # Where one verb changes several things, each is a row of its own.
    changes: tuple[Change, ...] = ()

    def each(self) -> list[Entry]:
        """What is recorded: itself, or one entry for each of its changes."""
        return [replace(self, **vars(change), changes=()) for change in self.changes] or [self]


@dataclass
class Change:
    """One of several changes of a verb: on what, and the values before and after, without secrets."""

    target_kind: str
    target_id: str
    target_name: str
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    workspace_id: UUID | None = None


@dataclass(frozen=True)
class Action:
    """A registered verb: its permission key (or personal action), and the doors it was given."""

    name: str
    key: str
    verb: Callable[..., Any]
    is_personal: bool
    changes: bool
    # It ends rights (of others or one's own), or must be the only change of its organization while it runs.
    is_alone: bool = False
    doors: dict[str, list[str]] = field(default_factory=lambda: {"page": [], "api": []})

    @property
    def needs_fresh(self) -> bool:
        """Whether a person must have proved afresh who they are, whatever they do with it (`table.FRESH`)."""
        return self.changes and table.FRESH.get(self.key) == table.ALWAYS


F = TypeVar("F", bound=Callable[..., Any])
ACTIONS: dict[str, Action] = {}
_entries: ContextVar[tuple[Entry, ...]] = ContextVar("fastpix_audit_entries", default=())
_running: ContextVar[tuple[Action, ...]] = ContextVar("fastpix_running_verbs", default=())
_recorders: list[Callable[[Entry], None]] = []


def record_with(recorder: Callable[[Entry], None]) -> None:
    """Give the function that writes an audit row in the current transaction. Set once, by `fastpix.app`."""
    _recorders[:] = [recorder]


def action(key: str, *, changes: bool | None = None, is_alone: bool = False) -> Callable[[F], F]:
    """Mark a domain function as the verb of a permission. KeyError at import for an unknown permission.

    A verb of a `.view` permission never changes anything; another one does unless it says `changes=False`. `is_alone`:
    it ends somebody's rights, or nothing else may be changed in the organization while it runs.
    """
    row = table.row(key)
    return _mark(key, is_personal=False, changes=not row.is_view if changes is None else changes, is_alone=is_alone)


def personal(key: str, *, changes: bool = True, is_alone: bool = False) -> Callable[[F], F]:
    """Mark a verb that a person does to themselves (`table.PERSONAL`); no role decides it. `is_alone`: it ends sessions
    of theirs."""
    if key not in table.PERSONAL:
        raise KeyError(f"{key} is not in PERSONAL (fastpix/access/table.py)")
    return _mark(key, is_personal=True, changes=changes, is_alone=is_alone)


def action_of(verb: Callable[..., Any]) -> Action:
    """The mark of a verb. TypeError for a function that is none, whose page or operation nobody would guard."""
    mark = getattr(verb, "action", None)
    if not isinstance(mark, Action):
        raise TypeError(f"{verb.__module__}.{verb.__qualname__} is no verb: it lacks @action")
    return mark


def read_again() -> None:
    """Look up again who acts: for a verb whose transaction has ended in the middle, before it goes on to change things."""
    mark = _running.get()[-1]
    if mark.key not in PROVED_BY_ITSELF:
        authority.read(mark.key, is_personal=mark.is_personal, is_alone=mark.is_alone)
    if not mark.is_personal:
        principal.demand(mark.key)


def _mark(key: str, *, is_personal: bool, changes: bool, is_alone: bool) -> Callable[[Any], Any]:
    def decorate(verb: Any) -> Any:
        name = f"{verb.__module__}.{verb.__qualname__}"

        def checked(*args: Any, **kwargs: Any) -> Any:
            if not is_personal:
                principal.demand(key)
            if changes:
                if principal.current().is_read_only:
                    raise ReadOnly
                if principal.current().is_viewing and key not in WHILE_VIEWING:
                    raise OnlyViewing
                return _changed(mark, verb, args, kwargs)
            return verb(*args, **kwargs)

        marked: Any = wraps(verb)(checked)
        mark = marked.action = ACTIONS[name] = Action(
            name, key, marked, is_personal, changes, is_alone
        )  # travels with the function
        return marked

    return decorate


def _changed(mark: Action, verb: Callable[..., Any], args: Iterable[Any], kwargs: dict[str, Any]) -> Any:
    """Run a verb that changes something, as who has the right to it in the very transaction that is saved."""
    running = _running.set((*_running.get(), mark))
    try:
        read_again()
        if mark.needs_fresh:
            principal.demand_fresh()
        actor = principal.current()
        result = _audited(mark.key, verb, args, kwargs)
        if mark.key not in PROVED_BY_ITSELF and not authority.is_read(actor):
            raise RuntimeError(f"{mark.name}: its transaction ended in the middle, and nobody's right was `read_again`")
    finally:
        _running.reset(running)
    return result


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
        for each in entry.each():
            recorder(each)
    return result


def _missing() -> list[Callable[[Entry], None]]:
    raise RuntimeError("no audit recorder is set: a change may not go unrecorded (see fastpix.app)")


def describe_each(changes: Iterable[Change]) -> None:
    """Say what the running verb changed where it changed several things at once: each gets a row of its own."""
    entry = _entries.get()[-1]
    entry.changes = tuple(changes)
    entry.described = bool(entry.changes)


def describe(
    target_kind: str,
    target_id: object,
    target_name: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    workspace_id: UUID | None = None,
    organization_id: UUID | None = None,
) -> None:
    """Say what the running verb changed: on what, and the values before and after, without secrets."""
    entry = _entries.get()[-1]
    entry.target_kind, entry.target_id, entry.target_name = target_kind, str(target_id), target_name
    entry.before, entry.after, entry.workspace_id = dict(before or {}), dict(after or {}), workspace_id
    entry.organization_id = organization_id or entry.organization_id
    entry.described = True
