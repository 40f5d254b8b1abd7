"""`/metrics` for Prometheus, behind `FASTPIX_METRICS_KEY`: what was answered, how quickly, and what waits.

Counters come from all web processes of this server (prometheus_client's files in a folder that gunicorn's master makes);
gauges of the instance are read from its database at the moment, whichever process is asked. Rules of routes, never
paths; numbers alone, nobody's name.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable

from flask import Flask, Response, request

from fastpix.config.settings import Settings
from fastpix.errors import Missing
from fastpix.web.metrics.measure import Measure


def install(app: Flask, settings: Settings, measures: Callable[[], Iterable[Measure]]) -> None:
    """To be called before anything that answers. Without a key nothing is counted, and there is no such page."""

    @app.get("/metrics")
    def metrics() -> Response:
        if not settings.metrics_key:
            raise Missing("There is no such page.")
        if not _is_key(request.headers.get("Authorization", ""), settings.metrics_key):
            return Response("Send the key: Authorization: Bearer …\n", 401, {"WWW-Authenticate": "Bearer"})
        return registry.page(measures)

    if settings.metrics_key:
        from fastpix.web.metrics import registry  # here, for what it says at its top

        registry.install(app)


def _is_key(authorization: str, key: str) -> bool:
    scheme, _, given = authorization.partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), key.encode())
