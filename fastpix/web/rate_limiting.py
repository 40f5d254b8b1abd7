"""How many requests a minute are taken, by token, organization, person and address; and what an answer says of it.

Who has used a limit up is answered 429 with `Retry-After`, a minute at the longest: FastPix's published clients repeat
such requests for up to an hour, so whatever will not be better in a minute is answered otherwise (`web.errors`).
"""

from __future__ import annotations

from functools import partial

from flask import Flask, Response, g, request

from fastpix.access import principal
from fastpix.config import instance
from fastpix.config.settings import Settings
from fastpix.errors import TooMany
from fastpix.ratelimit import attempts, storage
from fastpix.ratelimit.requests import WINDOW_SECONDS, Limit, LimitState, Rates
from fastpix.web import after_answer, envelope, public_paths

# Asked by machines that must be answered, or the same for everybody and cheap.
UNCOUNTED = frozenset({"static", "healthz", "readyz"})


def install(app: Flask) -> None:
    """To be called after the identity's loader was installed: who asks is known by then."""

    def take() -> None:
        if problem := refusal():
            raise problem

    app.before_request(take)
    app.after_request(_settle)
    app.after_request(_tell)


def refusal() -> TooMany | None:
    """Count this request, once; the refusal where a limit is used up."""
    if "limit_states" in g or public_paths.is_here() or request.endpoint in UNCOUNTED:
        return None
    limits = [limit for limit in _limits(instance.settings()) if limit.most]
    g.limit_states, problem = instance.part(_rates).take(limits)
    if problem is not None:
        g.wait_seconds = problem.retry_after
    return problem


def _rates(_settings: Settings) -> Rates:
    return Rates()


def _limits(settings: Settings) -> list[Limit]:
    actor = principal.current()
    if actor.kind == "token":
        return [
            Limit("token", str(actor.token_id), settings.requests_per_token),
            Limit("organization", str(actor.organization_id), settings.requests_per_organization),
        ]
    if actor.kind == "person":
        return [Limit("person", str(actor.person_id), settings.requests_per_person)]
    return [Limit("address", attempts.network(request.remote_addr or ""), settings.requests_per_address)]


def _settle(response: Response) -> Response:
    """Tell the other processes, now and then, in a transaction of its own after the request's.

    While others write it stays untold, and is tried again a batch later.
    """
    rates = instance.part(_rates)
    counted = [state.limit for state in g.get("limit_states", ())]
    if rates.due(counted):
        settle = partial(storage.with_store, partial(rates.settle, counted))
        after_answer.drop_if_busy(settle, "the counts of requests could not be shared")
    return response


def _tell(response: Response) -> Response:
    """The fields of draft-ietf-httpapi-ratelimit-headers (-10) over the API; how long to wait on every 429."""
    states: list[LimitState] = g.get("limit_states", [])
    if states and envelope.is_api():
        policies = [f'"{s.limit.kind}";q={s.limit.most};w={WINDOW_SECONDS}' for s in states]
        response.headers["RateLimit-Policy"] = ", ".join(policies)
        response.headers["RateLimit"] = ", ".join(f'"{s.limit.kind}";r={s.left};t={s.seconds}' for s in states)
    if response.status_code == 429 and "wait_seconds" in g:
        response.headers["Retry-After"] = str(g.wait_seconds)
    return response
