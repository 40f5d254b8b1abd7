"""What one request costs: guarded page and API list against a bare Flask view; token and permission check by themselves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from unittest.mock import patch
from uuid import UUID

from benchmarks import filling, tenant, turns
from benchmarks.frame import Benchmark, Found, Options, Row, most
from fastpix.access import principal
from fastpix.accounts import identity
from fastpix.resources.access_tokens import authentication

FILLED = 100
HELLO = "bare Flask view"
KNOWN = "the same, token known before"
ROWS = (
    Row("members page, 25 rows", "µs", HELLO, most(26)),
    Row("media library page, 24 cards", "µs", HELLO, most(51)),
    Row("overview", "µs", HELLO, most(95)),
    Row("API list of 25 media", "µs", HELLO, most(25)),
    Row("API list of 25 members", "µs", HELLO, most(25)),
    Row("API call alone (/iam/me)", "µs", HELLO),
    Row("token check, in API list of 25 media", "µs", KNOWN, most(1.5)),
    Row("permission check", "µs", "a call of an empty function", most(2, "µs")),
)


def measure(options: Options) -> Iterator[tuple[str, Found]]:
    with tenant.application(options.database("pages")) as app:
        here = tenant.found(app, "Organization")
        filling.fill(app, here, FILLED, filling.members)
        filling.fill(app, here, FILLED, filling.media_with_tracks)
        page, basic = here.page_headers(), here.api_headers()
        calls = {
            HELLO: turns.hello(),
            ROWS[0].name: turns.caller(app, f"/o/{here.slug}/members/", page),
            ROWS[1].name: turns.caller(app, f"/o/{here.slug}/media/", page),
            ROWS[2].name: turns.caller(app, f"/o/{here.slug}/", page),
            ROWS[3].name: turns.caller(app, "/v1/on-demand?limit=25", basic),
            ROWS[4].name: turns.caller(app, "/v1/iam/members?limit=25", basic),
            ROWS[5].name: turns.caller(app, "/v1/iam/me", basic),
            KNOWN: _with_token_known(app, here),
        }
        taken = turns.microseconds(calls, options.quick(40, 400), with_others=options.is_postgres)
    for row in ROWS[:6]:
        yield row.name, Found(taken[row.name], taken[HELLO])
    yield ROWS[6].name, Found(taken[ROWS[3].name], taken[KNOWN])
    yield ROWS[7].name, _permission_check(options.quick(20_000, 200_000))


def _with_token_known(app, here):  # type: ignore[no-untyped-def]
    """The API list where nobody looks the token up: what the token check adds is the difference."""
    call = turns.caller(app, "/v1/on-demand?limit=25", here.api_headers())
    kept: list[authentication.Authority | None] = []
    prove = authentication.prove

    def remember(token_id: str, secret: str) -> authentication.Authority | None:
        if not kept:
            kept.append(prove(token_id, secret))
        return kept[0]

    def known() -> int:
        with patch.object(identity.authentication, "prove", remember):
            return call()

    return known


def _permission_check(times: int) -> Found:
    """Of an admin with every permission, the way `principal.may` and every verb ask."""

    def nothing(_permission: str) -> None:
        return None

    with principal.acting(principal.system("benchmark", UUID(int=1))):
        return Found(_each(principal.may, times), _each(nothing, times))


def _each(call, times: int) -> float:  # type: ignore[no-untyped-def]
    began = time.thread_time_ns()
    for _ in range(times):
        call("members.edit")
    return (time.thread_time_ns() - began) / times / 1000


BENCHMARKS = (Benchmark("pages", "one request in-process, in turns with a bare Flask view", ROWS, measure),)
