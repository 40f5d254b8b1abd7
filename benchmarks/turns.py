"""Requests in-process (through the WSGI application, no sockets), taking turns so that other load falls on all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

from flask import Flask
from werkzeug.test import Client

WARM_UP = 10


def caller(app: Flask, path: str, headers: Mapping[str, str]) -> Callable[[], int]:
    """One GET of the application; it gives the status."""
    client = Client(app, use_cookies=False)
    return lambda: client.get(path, headers=headers, buffered=True).status_code


def hello() -> Callable[[], int]:
    """The floor: a bare Flask view that says hello."""
    app = Flask("hello")
    app.add_url_rule("/", "hello", lambda: "hello")
    return caller(app, "/", {})


def microseconds(calls: Mapping[str, Callable[[], int]], rounds: int, *, with_others: bool = False) -> dict[str, float]:
    """The lower quartile of what each call takes, since a busy machine only ever adds.

    Counted is this thread's processor time, or the clock where others work for it too (`with_others`: PostgreSQL does).
    Raises `AssertionError` for an answer that is not 200.
    """
    clock = time.perf_counter_ns if with_others else time.thread_time_ns
    for name, call in calls.items():
        for _ in range(min(WARM_UP, rounds)):
            status = call()
            assert status == 200, f"{name}: {status}"
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            began = clock()
            status = call()
            taken[name].append((clock() - began) / 1000)
            assert status == 200, f"{name}: {status}"
    return {name: statistics.quantiles(values, n=4)[0] for name, values in taken.items()}
