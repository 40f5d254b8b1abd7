"""How many requests a minute are taken, by token, organization, person and address; and what an answer says of it.

Who has used a limit up is answered 429 with `Retry-After`, a minute at the longest: FastPix's published clients repeat
such requests for up to an hour, so whatever will not be better in a minute is answered otherwise (`web.errors`).
"""

from __future__ import annotations

import logging
from functools import partial

from flask import Flask, Response, current_app, g, request
from sqlalchemy.exc import SQLAlchemyError

from fastpix import counts, limits
from fastpix import db as database
from fastpix.access import principal
from fastpix.db import db
from fastpix.errors import TooMany
from fastpix.rates import WINDOW_SECONDS, Limit, Rates, Standing
from fastpix.settings import Settings
from fastpix.web import envelope, viewers

log = logging.getLogger(__name__)
# Asked by machines that must be answered, or the same for everybody and cheap.
UNCOUNTED = frozenset({"static", "healthz", "readyz"})


def install(app: Flask, settings: Settings) -> None:
    """To be called after the identity's loader was installed: who asks is known by then."""
    app.extensions["fastpix_rates"] = (Rates(), settings)

    def take() -> None:
        if problem := refusal():
            raise problem

    app.before_request(take)
    app.after_request(_settle)
    app.after_request(_tell)


def refusal() -> TooMany | None:
    """Count this request, once; the refusal where a limit is used up."""
    if "standings_of_limits" in g or viewers.is_here() or request.endpoint in UNCOUNTED:
        return None
    rates, settings = current_app.extensions["fastpix_rates"]
    g.standings_of_limits, problem = rates.take([limit for limit in _limits(settings) if limit.most])
    if problem is not None:
        g.wait_seconds = problem.retry_after
    return problem  # type: ignore[no-any-return]  # extensions hold anything


def _limits(settings: Settings) -> list[Limit]:
    actor = principal.current()
    if actor.kind == "token":
        return [
            Limit("token", str(actor.token_id), settings.requests_per_token),
            Limit("organization", str(actor.organization_id), settings.requests_per_organization),
        ]
    if actor.kind == "person":
        return [Limit("person", str(actor.person_id), settings.requests_per_person)]
    return [Limit("address", limits.network(request.remote_addr or ""), settings.requests_per_address)]


def _settle(response: Response) -> Response:
    """Tell the other processes, now and then, in a transaction of its own after the request's."""
    rates, _settings = current_app.extensions["fastpix_rates"]
    counted = [standing.limit for standing in g.get("standings_of_limits", ())]
    if not rates.due(counted):
        return response
    db.session.rollback()  # nothing of the request may ride along
    database.set_reading(False)
    try:
        with database.transaction():
            counts.with_store(partial(rates.settle, counted))
    except SQLAlchemyError:  # the answer is made already, and a limit is not worth it
        log.warning("the counts of requests could not be shared", exc_info=True)
    return response


def _tell(response: Response) -> Response:
    """The fields of draft-ietf-httpapi-ratelimit-headers (-10) over the API; how long to wait on every 429."""
    standings: list[Standing] = g.get("standings_of_limits", [])
    if standings and envelope.is_api():
        policies = [f'"{s.limit.kind}";q={s.limit.most};w={WINDOW_SECONDS}' for s in standings]
        response.headers["RateLimit-Policy"] = ", ".join(policies)
        response.headers["RateLimit"] = ", ".join(f'"{s.limit.kind}";r={s.left};t={s.seconds}' for s in standings)
    if response.status_code == 429 and "wait_seconds" in g:
        response.headers["Retry-After"] = str(g.wait_seconds)
    return response
