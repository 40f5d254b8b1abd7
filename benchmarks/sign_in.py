"""A sign-in storm: many people sign in at once, each check of a password costing what argon2id shall cost.

Asked is how much of argon2's own speed on these cores is left, and how long everybody else waits for a page meanwhile.
"""

from __future__ import annotations

import http.client
import os
import re
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from benchmarks import serving, tenant
from benchmarks.frame import Benchmark, Found, Options, Row, least, most
from fastpix.app import create_app
from fastpix.config.instance import Instance
from fastpix.config.settings import Settings
from fastpix.crypto import passwords
from fastpix.db import db, set_reading
from fastpix.resources.people import domain as people

PEOPLE = 32
RATE = Row("sign-ins a second, 32 people at once", "a second", "argon2id alone, one thread a core", least(0.5))
PAGE = Row("members page during it, 95th percentile", "ms", "before it", most(1000, "ms"))
UNLIMITED = {"sign_in_attempts": 0, "requests_per_address": 0, "requests_per_person": 0}


def measure(options: Options) -> Iterator[tuple[str, Found]]:
    seconds = options.quick(4, 15)
    with tempfile.TemporaryDirectory() as folder:
        instance = Path(folder)
        here = _people(instance)
        with serving.gunicorn(instance, workers=Settings.web_workers, **UNLIMITED) as (port, _):
            before = _pages(port, here, 3)
            storm = [threading.Thread(target=_sign_in, args=(port, number, seconds)) for number in range(PEOPLE)]
            _done.clear()
            for thread in storm:
                thread.start()
            time.sleep(1)  # all have the form
            began, first = time.monotonic(), len(_done)
            during = _pages(port, here, seconds - 2)
            rate = (len(_done) - first) / (time.monotonic() - began)
            for thread in storm:
                thread.join()
        alone = _argon2(4)
        yield RATE.name, Found(rate, alone)
        yield PAGE.name, Found(during, before)


def _people(instance: Path) -> tenant.Tenant:
    """An instance with real passwords, and an admin with a session who looks at pages meanwhile."""
    app = create_app(Settings(instance_path=instance))
    tenant.migrate(app)
    here = tenant.found(app, "Organization")
    with app.app_context():
        set_reading(False)
        for number in range(PEOPLE):
            people.add(f"p{number}@example.com", f"Person {number}", tenant.PASSWORD, is_verified=True)
        db.session.commit()
        db.engine.dispose()
    return here


_done: list[float] = []


def _sign_in(port: int, number: int, seconds: float) -> None:
    """Sign in again and again, each time as a browser that has the form and no session."""
    end = time.monotonic() + seconds
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", "/sign-in")
    answer = connection.getresponse()
    form = answer.read().decode()
    cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
    assert token is not None, form[:500]
    body = urlencode({"csrf_token": token[1], "email": f"p{number}@example.com", "password": tenant.PASSWORD})
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    while time.monotonic() < end:
        connection.request("POST", "/sign-in", body, headers)
        answer = connection.getresponse()
        said = answer.read()
        assert answer.status == 303, (answer.status, said[:300])
        _done.append(time.monotonic())


def _pages(port: int, here: tenant.Tenant, seconds: float) -> float:
    """The 95th percentile of the members page's milliseconds, one asked after the other."""
    taken, end = [], time.monotonic() + seconds
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    while time.monotonic() < end or len(taken) < 5:
        began = time.perf_counter()
        connection.request("GET", f"/o/{here.slug}/members/", headers=here.page_headers(f"127.0.0.1:{port}"))
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.quantiles(taken, n=20)[-1]


def _argon2(seconds: float) -> float:
    """Password checks a second with nothing around them, in as many threads as there are cores."""
    Instance(Settings()).begin()
    stored = passwords.hashed(tenant.PASSWORD)
    counts, end = [0] * (os.cpu_count() or 1), time.monotonic() + seconds

    def check(number: int) -> None:
        while time.monotonic() < end:
            assert passwords.matches(stored, tenant.PASSWORD)
            counts[number] += 1

    threads = [threading.Thread(target=check, args=(number,)) for number in range(len(counts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


BENCHMARKS = (Benchmark("sign-in", "a sign-in storm on the whole web server", (RATE, PAGE), measure),)
