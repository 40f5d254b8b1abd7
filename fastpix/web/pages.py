"""`Pages`: makes a verb a page of the dashboard, guarded by the verb's own permission. (For the API: `web.api`.)

A door is registered with the verb it opens and takes the flask-principal guard from it, so there is no second place
where one door could be given other access. One request is one transaction, ended here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, flash, g, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from fastpix.access import principal
from fastpix.access.action import Action, action_of
from fastpix.access.principal import PERMISSION_OBJECTS, Denied
from fastpix.db import db, now
from fastpix.errors import NotSignedIn, Refused
from fastpix.web import denied_audit
from fastpix.web.menu import Entry

View = Callable[..., Any]


class AfterCommit:
    """An answer that is made when the change is safe: it may say what happened after, such as "sent"."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


def guard(action: Action) -> None:
    """Answer early: nobody signed in, or the permission is missing. flask-principal decides, one need a permission."""
    if principal.current().kind == "nobody":
        raise NotSignedIn("Sign in to see this page.")
    if not action.is_personal and not PERMISSION_OBJECTS[action.key].can():
        raise Denied(action.key)
    # A form that was open too long comes back first, with everything typed: nothing is changed by it anyway.
    if action.needs_fresh and request.method not in ("GET", "HEAD") and not principal.current().is_read_only:
        principal.demand_fresh()


def conclude(answer: Any) -> BaseResponse:
    """End the request's transaction: saved when the answer is a success, undone when it is not."""
    if isinstance(answer, AfterCommit):
        db.session.commit()
        return make_response(answer.make())
    response = make_response(answer)
    if response.status_code < 400 and not g.get("csrf_problem"):
        db.session.commit()
    else:
        db.session.rollback()
    return response


class Pages:
    """The dashboard pages of a resource. Within an organization their addresses begin with `/o/<org>`."""

    def __init__(
        self, name: str, module: str, prefix: str = "", *, menu: tuple[Entry, ...] = (), org: bool = True
    ) -> None:
        self.blueprint = Blueprint(name, module, template_folder="templates")
        self.prefix = ("/o/<org>" if org else "") + prefix
        self.menu = menu

    def page(
        self, verb: View, methods: str, rule: str, endpoint: str | None = None, *, takes_files: bool = False
    ) -> Callable[[View], View]:
        """Register a page of a verb. `methods` is "GET", "POST" or "GET POST"; a verb that only reads takes no POST.

        `takes_files`: its form may carry files as large as an upload (`web.files`).
        """
        action = action_of(verb)
        if "POST" in methods and not action.changes:
            raise TypeError(f"{action.name} only reads; a page of it may not take POST")

        def decorate(view: View) -> View:
            @wraps(view)
            def guarded(**values: Any) -> BaseResponse:
                guard(action)
                return conclude(view(**values))

            vars(guarded).update(
                action=action, takes_files=takes_files
            )  # marks, for `web.startup_checks` and `web.files`
            action.doors["page"].extend(f"{method} {self.prefix}{rule}" for method in methods.split())
            self.blueprint.add_url_rule(self.prefix + rule, endpoint or view.__name__, guarded, methods=methods.split())
            return guarded

        return decorate

    def public(self, methods: str, rule: str, endpoint: str | None = None) -> Callable[[View], View]:
        """Register a page for everybody. Its name must stand, with the reason, in `fastpix.app.PUBLIC`."""

        def decorate(view: View) -> View:
            @wraps(view)
            def opened(**values: Any) -> BaseResponse:
                return conclude(view(**values))

            vars(opened)["is_public"] = True
            self.blueprint.add_url_rule(self.prefix + rule, endpoint or view.__name__, opened, methods=methods.split())
            return opened

        return decorate


def show(template: str, status: int | None = None, **context: Any) -> tuple[str, int]:
    """A rendered page. A form that comes back is 422, a refused one 409, one that came too often 429, a stale one 400,
    and 503 or 507 is one that the storage did not take."""
    if status is None:
        status = 200
        if request.method == "POST":
            status = 400 if g.get("csrf_problem") else 409 if g.get("refused") else 429 if "wait_seconds" in g else 422
            status = g.get("unavailable", status)
    return render_template(template, **context), status


def go(
    endpoint: str, message: str = "", category: str = "success", *, undo: dict[str, Any] | None = None, **values: Any
) -> BaseResponse:
    """After a change: say what happened on the page one lands on. `undo` offers a button there that sends its `fields`
    (pairs of a name and a value) to its `url`, and says its `label`, else "Undo"."""
    if message:
        # A dict in the cookie, which Flask hands to the page as it is; its own type speaks of texts alone.
        flash({"text": message, "undo": undo} if undo else message, category)  # type: ignore[arg-type]
    return redirect(url_for(endpoint, **values), 303)


def turn_back(problem: Refused, endpoint: str, **values: Any) -> BaseResponse:
    """Where a rule said no and there is no form that could come back: what it had begun is undone, and the page one lands on
    says why."""
    db.session.rollback()
    denied_audit.refused(problem)
    return go(endpoint, str(problem), "warning", **values)


def attachment(what: str, ending: str) -> dict[str, str]:
    """The header that saves an answer as a file, named so that those of other organizations and days stay apart."""
    name = f"{g.organization_slug}-{what}-{now():%Y-%m-%d}.{ending}"
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def signed_in() -> Any:
    """The signed-in person (`accounts.sessions.SignedIn`), carried by flask-login. Raises `NotSignedIn`."""
    if not current_user.is_authenticated:
        raise NotSignedIn("Sign in to see this page.")
    return current_user
