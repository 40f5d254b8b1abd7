"""Which status a refusal is, and how it is said: JSON under `/v1`, a page elsewhere, decided by the path alone."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import sqlalchemy.exc
from flask import Flask, Response, current_app, flash, g, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from fastpix import urls
from fastpix.access import principal, table
from fastpix.access.action import OnlyViewing, ReadOnly
from fastpix.access.authority import Ended
from fastpix.access.principal import Denied
from fastpix.config.settings import Settings
from fastpix.db import db
from fastpix.errors import (
    FastpixError,
    Gone,
    Invalid,
    Misconfigured,
    Missing,
    Moved,
    NoRoom,
    NotOffered,
    NotSignedIn,
    Refused,
    SecondFactorMissing,
    StorageFailed,
    Suspended,
    TooMany,
    WrongState,
    for_people,
)
from fastpix.storage.interface import READ_BYTES
from fastpix.web import database_restarts, denied_audit, envelope, forms, rate_limiting, security
from fastpix.web.security import UntrustedHost

log = logging.getLogger(__name__)
# How much is still read of a body that cannot be kept.
MOST_DRAINED = 64 << 20
# The first that fits counts.
STATUSES: dict[type[FastpixError], int] = {
    Missing: 404,
    Suspended: 403,
    WrongState: 400,
    Refused: 409,
    Gone: 410,
    TooMany: 429,
    NotOffered: 501,
    NoRoom: 507,
    StorageFailed: 503,
}
# In seconds. Published clients repeat what was answered 429 for up to an hour, so that a script seems to hang: over the
# API only short waits are 429, and the longer ones 409, which says how long in words.
LONGEST_WAIT = 60
TITLES = {
    400: "That did not work",
    403: "You may not do this",
    404: "Not found",
    405: "Not possible here",
    409: "Not now",
    410: "This link does not work any more",
    413: "Too large",
    415: "Not understood",
    422: "Not understood",
    429: "Too many for the moment",
    500: "Something broke",
    501: "Not offered here",
    503: "Not available just now",
    507: "No room",
}

# In place of werkzeug's, which speak of URLs and spelling.
SENTENCES = {
    404: "There is nothing here, or it is not yours to see.",
    405: "This address does not take this method.",
    413: "What was sent is larger than this server takes.",
}


def install(app: Flask, settings: Settings, admins: Callable[[], list[str]]) -> None:
    """Register the handlers. `admins` gives the names of the admins of the organization in scope."""

    def denied(problem: Denied) -> Response:
        db.session.rollback()
        denied_audit.denied(problem.permission)
        return _forbidden(problem.permission, admins())

    def untrusted(_problem: UntrustedHost) -> Response:
        way_out = "Open that address, or set FASTPIX_PUBLIC_URL to the one you used."
        return answer(400, f"This server answers as {settings.public_url}. {way_out}")

    handlers: dict[type[Exception], Callable[[Any], Any]] = {
        Denied: denied,
        NotSignedIn: _not_signed_in,
        Moved: _moved,
        SecondFactorMissing: _second_factor_missing,
        Invalid: _invalid,
        StorageFailed: _storage_failed,
        FastpixError: _refused,
        ReadOnly: _stale,
        OnlyViewing: _only_viewing,
        UntrustedHost: untrusted,
        HTTPException: _http,
        sqlalchemy.exc.IntegrityError: _collided,
        sqlalchemy.exc.DatabaseError: _unavailable,
        sqlalchemy.exc.TimeoutError: _unavailable,  # all connections are in use
        sqlalchemy.exc.ProgrammingError: _broken,  # a statement of ours is wrong
        sqlalchemy.exc.DataError: _unkeepable,
        Exception: _broken,
    }
    for kind, handler in handlers.items():
        app.register_error_handler(kind, handler)


def _not_signed_in(problem: NotSignedIn) -> Any:
    db.session.rollback()
    if isinstance(problem, Ended):  # known who it was: it ended while the request was under way
        denied_audit.denied(problem.permission)
    if wait := rate_limiting.refusal():  # the identity's loader may raise before anybody was counted
        return _refused(wait)
    if envelope.is_api():
        text = "No access token was given, or it is unknown, wrong, expired, suspended or revoked."
        response = envelope.failure(401, "unauthorized", text)
        response.headers["WWW-Authenticate"] = 'Basic realm="fastpix", charset="UTF-8"'
        return response
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("accounts.sign_in", next=back))


def _second_factor_missing(problem: SecondFactorMissing) -> Any:
    db.session.rollback()
    if wait := rate_limiting.refusal():  # the identity's loader may raise before anybody was counted
        return _refused(wait)
    if envelope.is_api():
        return envelope.failure(403, str(problem))
    flash(str(problem), "warning")
    return redirect(url_for("second_factor.index"))


def _moved(problem: Moved) -> Any:
    db.session.rollback()
    if wait := rate_limiting.refusal():  # the identity's loader may raise before anybody was counted
        return _refused(wait)
    there = url_for(str(request.endpoint), **(request.view_args or {}), org=problem.slug)
    query = request.query_string.decode()
    return redirect(f"{there}?{query}" if query else there, 307)  # not for good: the address may come back


def _invalid(problem: Invalid) -> Response:
    db.session.rollback()
    return envelope.invalid(problem.fields) if envelope.is_wanted() else answer(422, str(problem))


def _refused(problem: FastpixError) -> Response:
    db.session.rollback()
    if wait := rate_limiting.refusal():  # the identity's loader may raise before anybody was counted
        return _refused(wait)
    if isinstance(problem, Refused):
        denied_audit.refused(problem)
    status = next((s for kind, s in STATUSES.items() if isinstance(problem, kind)), 500)
    if isinstance(problem, TooMany) and envelope.is_api() and problem.retry_after > LONGEST_WAIT:
        status = 409
    if isinstance(problem, WrongState) and problem.wire and envelope.is_wanted():
        return envelope.failure(status, problem.wire, str(problem))
    if isinstance(problem, Misconfigured):
        log.error("the server is not set up as it must be: %s", problem)
    response = answer(status, for_people(problem))
    if status == 429 and isinstance(problem, TooMany):
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def _storage_failed(problem: StorageFailed) -> Response:
    log.error("the storage does not work: %s", problem.__cause__ or problem)
    response = _refused(problem)
    with suppress(OSError, HTTPException):  # a browser hears no answer before it has sent all
        for _ in range(MOST_DRAINED // READ_BYTES):
            if not request.stream.read(READ_BYTES):
                break
    if response.status_code == 503:
        response.headers["Retry-After"] = str(LONGEST_WAIT)
    return response


def _stale(_problem: ReadOnly) -> Response:
    db.session.rollback()
    return answer(400, f"{forms.STALE} ({g.get('csrf_problem', '')})")


def _only_viewing(_problem: OnlyViewing) -> Response:
    db.session.rollback()
    return answer(409, forms.VIEWING)


def _http(problem: HTTPException) -> Any:
    db.session.rollback()
    status = problem.code or 500
    if status < 400:
        return problem
    is_unknown = status == 404 and envelope.is_api() and request.url_rule is None
    sentence = f"There is no operation at this address. {urls.to('/docs')} lists them all." if is_unknown else ""
    response = answer(status, sentence or SENTENCES.get(status) or str(problem.description or ""))
    for name, value in problem.get_response().headers:
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def answer(status: int, message: str) -> Response:
    """An error as this path answers it."""
    if envelope.is_wanted():
        return envelope.failure(status, message)
    title = TITLES.get(status, "That did not work")
    html = render_template("errors/error.html", status=status, title=title, message=message)
    return Response(html, status, mimetype="text/html")


def _forbidden(permission: str, admins: list[str]) -> Response:
    row = table.row(permission)
    actor = principal.current()
    role = actor.role or "none"
    who = _listed(admins) or "An admin"
    message = f"You need the permission to {row.does} ({permission}), and your role here is {role}"
    if actor.kind == "token" and row.manages_people and not actor.may_manage_people:
        message += f"; a token needs the tick “may manage people” for it as well. {who} can make one that has both."
    else:
        message += f". {who} can grant it."
    if envelope.is_api():
        return envelope.failure(403, message, message, permission=permission, role=role, grantedBy=admins)
    html = render_template(
        "errors/forbidden.html", permission=permission, does=row.does, role=role, admins=admins, message=message
    )
    return Response(html, 403, mimetype="text/html")


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}" if names else ""


def _collided(problem: Exception) -> Any:
    db.session.rollback()
    log.warning("a change collided with another one", exc_info=problem)
    return answer(409, "Somebody changed the same thing at the same moment. Look again, and repeat if it is needed.")


def _unkeepable(problem: Exception) -> Any:
    db.session.rollback()
    log.warning("the database cannot keep what was sent", exc_info=problem)
    return answer(422, "This holds characters or numbers that cannot be kept, such as NUL. Leave them out.")


def _unavailable(problem: Exception) -> Any:
    db.session.rollback()
    if database_restarts.is_repeated(problem, body=security.received_body):
        log.warning("the connection to the database broke; asking once more", exc_info=problem)
        return Response(status=503)  # nobody sees it
    log.error("the database does not answer", exc_info=problem)
    if database_restarts.is_saving():
        return plain(
            503, "The database went away while it saved this. Look whether it is there before you send it again."
        )
    way_out = "try again in a minute"
    if request.method == "POST" and not envelope.is_wanted():
        way_out = "load this page again in a minute, and what you typed is sent once more"
    return plain(503, f"The database does not answer just now. Nothing was changed; {way_out}.")


def _broken(problem: Exception) -> Any:
    log.exception("unhandled error", exc_info=problem)
    try:
        db.session.rollback()
    except sqlalchemy.exc.SQLAlchemyError:
        log.warning("roll-back failed", exc_info=True)
    return plain(500, "The server made a mistake. Nothing was changed. The request id helps the operator find it.")


def plain(status: int, message: str) -> Response:
    """An error page that needs neither database nor session."""
    if envelope.is_wanted():
        return envelope.failure(status, message)
    # Not by render_template, which asks the database who looks.
    page = current_app.jinja_env.get_template("errors/plain.html")
    html = page.render(status=status, title=TITLES[status], message=message)
    return Response(html, status, mimetype="text/html")
