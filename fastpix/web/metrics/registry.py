"""What the processes of one web server count for `/metrics`, and how it is written for Prometheus.

prometheus_client decides as it is loaded whether processes count together (`PROMETHEUS_MULTIPROC_DIR`, which gunicorn's
master sets): so nothing but `metrics.install` loads this module, and never in a process that forks web servers.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from fastpix import __version__
from fastpix.db import db
from fastpix.web import log_context, request_gate
from fastpix.web.metrics.measure import Measure

log = logging.getLogger(__name__)
# Where the processes of one web server keep their counts; prometheus_client reads the name, `gunicorn_config` sets it.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
# Whoever asks may make words up; each would be a series of its own.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

OURS = CollectorRegistry()
REQUESTS = Counter(
    "fastpix_http_requests_total", "Requests answered, by route and class of status.", ["method", "rule", "status"],
    registry=OURS,
)  # fmt: skip
SECONDS = Histogram(
    "fastpix_http_request_duration_seconds", "Seconds until the answer was made, without sending it.", ["method", "rule"],
    buckets=BUCKETS, registry=OURS,
)  # fmt: skip
CONNECTIONS = Gauge(
    "fastpix_database_connections_in_use", "Connections taken from the pools of all web processes.",
    multiprocess_mode="livesum", registry=OURS,
)  # fmt: skip
POOL = Gauge(
    "fastpix_database_connections_most", "Connections that the pools of all web processes may open.",
    multiprocess_mode="livesum", registry=OURS,
)  # fmt: skip


def install(app: Flask) -> None:
    """Count every answer, and the connections of the database."""
    app.before_request(_begin)
    app.after_request(_count)
    with app.app_context():
        _watch(db.engine)


def page(measures: Callable[[], Iterable[Measure]]) -> Response:
    """All of it as Prometheus reads it."""
    return Response(_counted() + generate_latest(_now(measures)), content_type=CONTENT_TYPE_LATEST)


def _begin() -> None:
    g.began_at = request.environ.get(request_gate.CAME) or time.perf_counter()


def _count(response: Response) -> Response:
    method, rule = request.method if request.method in METHODS else "other", log_context.rule()
    REQUESTS.labels(method, rule, f"{response.status_code // 100}xx").inc()
    SECONDS.labels(method, rule).observe(time.perf_counter() - g.began_at)
    return response


def _watch(engine: sa.Engine) -> None:
    """Count the connections in use as the pool gives and takes them."""
    event.listen(engine, "checkout", lambda *_args: CONNECTIONS.inc())
    event.listen(engine, "checkin", lambda *_args: CONNECTIONS.dec())
    pool: Any = engine.pool
    if isinstance(pool, sa.pool.QueuePool):
        POOL.set(pool.size() + max(pool._max_overflow, 0))


def _counted() -> bytes:
    """What the processes of this web server counted, together; this one alone where there is no folder."""
    if FOLDER not in os.environ:
        return generate_latest(OURS)
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library's own
    return generate_latest(registry)


def _now(measures: Callable[[], Iterable[Measure]]) -> CollectorRegistry:
    class Present:
        def collect(self) -> Iterator[GaugeMetricFamily]:
            build = GaugeMetricFamily("fastpix_build_info", "What runs here; always 1.", labels=("version",))
            build.add_metric((__version__,), 1)
            yield build
            answered, found = True, []
            try:
                found = list(measures())
            except SQLAlchemyError:
                answered = False
                log.warning("the database could not be asked for metrics", exc_info=True)
                db.session.rollback()
            yield GaugeMetricFamily("fastpix_database_up", "Whether the database answers.", value=float(answered))
            for measure in found:
                family = GaugeMetricFamily(measure.name, measure.text, labels=measure.labels)
                for labels, value in measure.values.items():
                    family.add_metric(labels, value)
                yield family

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Present())
    return registry
