"""A storage that fails is said to uploader and viewer, at every door, as 503 with its reason; nothing is said of the server."""

from __future__ import annotations

import io
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from fastpix.resources.media.source import domain as sources

pytestmark = pytest.mark.sqlite


@contextmanager
def gone(world):
    """The folder of the media is not there, as when its disk is not mounted."""
    folder = world.settings.storage_path
    away = folder.with_name("elsewhere")
    folder.rename(away)
    try:
        yield "its folder is not there"
    finally:
        folder.rmdir() if folder.exists() else None
        away.rename(folder)


@contextmanager
def unmounted(world):
    """Another, empty folder is in its place."""
    with gone(world) as reason:
        world.settings.storage_path.mkdir()
        yield reason
        assert (
            list(world.settings.storage_path.iterdir()) == []
        )  # nothing was written where the next mount would hide it


@contextmanager
def broken_bucket(world):
    """An S3 server that answers everything with 500."""

    class Broken(BaseHTTPRequestHandler):
        def answer(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(500)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer  # names of http.server

        def log_message(self, *_arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Broken)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    world.set(
        storage_url="s3://bucket/folder",
        storage_endpoint=f"http://127.0.0.1:{server.server_address[1]}",
        storage_access_key="key",
        storage_secret_key="secret",
    )
    try:
        yield "its server does not answer as it should"
    finally:
        server.shutdown()
        server.server_close()


def check(answer, reason, door):
    assert answer.status_code == 503, (door, answer.status_code, answer.text[:300])
    assert reason in answer.text, (door, answer.text[:300])
    for word in ("made a mistake", "127.0.0.1", "bucket/", "instance-sqlite", ".work"):
        assert word not in answer.text.partition("<main")[2] or answer.is_json, (door, word)


@pytest.mark.parametrize(
    "failing",
    [
        gone,
        unmounted,
        pytest.param(broken_bucket, marks=pytest.mark.full("S3 is asked again and again, for seconds a door")),
    ],
)
def test_everybody_is_told_the_reason(world, ada, acting, cast, cinema, viewer, failing):
    film = cinema.show(source_access=True, source_size=12)
    made = ada.api_with("admin").post("on-demand/upload", {"corsOrigin": "*"})
    address = urlsplit(made.json["data"]["url"])
    with acting("ada"):
        original = urlsplit(sources.address(film.id))
    with failing(world) as reason:
        doors = [f"{film.public}/{film.segment}", f"{film.public}/{film.version}/720p/index.m3u8"]
        doors += [door for door in film.doors if door != film.master and not door.endswith("spritesheet.json")]
        if failing is broken_bucket:
            doors = doors[:1]
        for door in (*doors, f"{original.path}?{original.query}"):
            check(viewer(door), reason, door)
        sent = world.app.test_client().put(f"{address.path}?{address.query}", data=b"x" * 100, buffered=True)
        check(sent, reason, "upload")
        settings = {"workspace": str(cast.acme.workspace), "title": "Typed with care", "access_policy": "public"}
        sent = ada.page.post("/o/acme/media/upload", {**settings, "file": (io.BytesIO(b"x" * 100), "clip.mp4")})
        check(sent, reason, "form")
        assert "Typed with care" in sent.text
    if failing is not broken_bucket:
        assert viewer(f"{film.public}/{film.segment}").status_code == 200
