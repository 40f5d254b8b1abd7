"""From the last byte of an upload until its beginning plays, and until all of it is ready: one run of the whole product."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from benchmarks import tenant
from benchmarks.tenant import Tenant
from fastpix import resources
from fastpix.db import set_reading
from fastpix.jobs import worker
from fastpix.processes import programs

LOOK_SECONDS = 0.1


def seconds(film: Path) -> tuple[float, float]:
    """Seconds until the lowest rung's first segment comes to a viewer, and until the media is Ready."""
    with tenant.application() as app:
        here = tenant.found(app, "Cinema")
        client = app.test_client(use_cookies=False)
        media_id = _uploaded(client, here, film)
        began = time.perf_counter()
        with _worker(app):
            playback_id = _told(client, here, media_id)["playbackIds"][0]["id"]
            plays = _until(lambda: _plays(client, playback_id)) - began
            ready = _until(lambda: _is_ready(_told(client, here, media_id))) - began
    return plays, ready


def _uploaded(client: FlaskClient, here: Tenant, film: Path) -> str:
    body = {"corsOrigin": "*", "pushMediaSettings": {"accessPolicy": "public"}}
    made = client.post("/v1/on-demand/upload", json=body, headers=here.api_headers()).get_json()["data"]
    with film.open("rb") as file:
        path = made["url"].removeprefix("http://localhost:8000").removeprefix("http://localhost")
        assert client.put(path, input_stream=file, content_length=film.stat().st_size).status_code == 200
    return str(made["uploadId"])


def _told(client: FlaskClient, here: Tenant, media_id: str) -> dict[str, Any]:
    answer = client.get(f"/v1/on-demand/{media_id}", headers=here.api_headers())
    return dict(answer.get_json()["data"])


def _is_ready(told: dict[str, Any]) -> bool:
    assert told["status"] != "Failed", told
    return told["status"] == "Ready"


def _plays(client: FlaskClient, playback_id: str) -> bool:
    """As a player goes: the master, the playlist of its lowest rung, the first segment of that."""
    address = _first(client, f"/stream/{playback_id}.m3u8")
    segment = address and _first(client, address)
    return bool(segment) and client.get(segment).status_code == 200


def _first(client: FlaskClient, playlist: str) -> str:
    """The first address that a playlist names; empty where there is none."""
    answer = client.get(playlist)
    if answer.status_code != 200:
        return ""
    line = next((line for line in answer.text.splitlines() if line and line[0] != "#"), "")
    return line and f"{playlist.rpartition('/')[0]}/{line}"


def _until(is_so: Any) -> float:
    """When it was so."""
    while not is_so():
        time.sleep(LOOK_SECONDS)
    return time.perf_counter()


@contextmanager
def _worker(app: Flask) -> Iterator[None]:
    """Inside, a worker does what there is to do."""
    stop = threading.Event()
    handlers = resources.INCOMING | resources.TRANSCODING

    def run() -> None:
        set_reading(False)
        while not stop.is_set():
            if not worker.run_one(app, handlers, "benchmark", scope=programs.scope, stop=stop):
                stop.wait(LOOK_SECONDS)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
