"""Backups of an instance that works, put back elsewhere; and the way from SQLite and disk to PostgreSQL and S3."""

from __future__ import annotations

import os
import threading
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from tests import nginx, object_store, postgres
from tests.nginx import Nginx
from tests.running.house import OWNER, PASSWORD, House, is_whole
from tests.running.server import ROOT, Visitor, eventually, free_port
from tests.video.clips import H264, clip, colour, tone

GUIDE = ROOT / "docs/scaling.md"


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    folder = tmp_path_factory.mktemp("film")
    return clip(folder, "film.mp4", *colour(seconds=1), *tone(1), *H264, "-c:a", "aac", "-shortest").read_bytes()


@pytest.fixture(scope="module")
def bucket():
    with object_store.bucket("safekeeping") as found:
        yield found


@pytest.fixture
def programs(monkeypatch):
    """pg_dump and pg_restore of the same version as the server."""
    monkeypatch.setenv("PATH", f"{postgres.binaries()}{os.pathsep}{os.environ['PATH']}")


class Work:
    """People who go on working while the backup is taken: films come and go, and each change is answered."""

    def __init__(self, house, film):
        self.house, self.film = house, film
        self.stop, self.done, self.wrong = threading.Event(), 0, []
        self.threads = [threading.Thread(target=self._run, args=(act,)) for act in (self._films, self._people)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def _run(self, act):
        number = 0
        while not self.stop.is_set():
            number += 1
            try:
                act(number)
                self.done += 1
            except Exception as problem:  # told by the test
                self.wrong.append(problem)
                return

    def _films(self, number):
        media_id = self.house.upload(self.film, f"passing {number}")
        assert self.house.ask("DELETE", f"on-demand/{media_id}").status_code == 200

    def _people(self, number):
        asked = {"emails": [f"person{number}@acme.example"], "role": "member"}
        assert self.house.ask("POST", "iam/invitations", asked).status_code in (200, 201)


def test_a_backup_under_load_is_whole_where_it_is_put_back(make_server, film, tmp_path):
    server = make_server()
    house = House(server)
    server.start()
    kept = [house.upload(film, f"kept {number}") for number in range(3)]
    house.ready(3)
    files = [tmp_path / f"backup-{number}.tar" for number in range(2)]
    with Work(house, film) as work:
        for file in files:
            eventually(lambda: work.done > 4 or work.wrong, 30)
            taken = server.run("backup", str(file))
            assert taken.returncode == 0, taken.stderr
            work.done = 0
    assert work.wrong == []
    assert Path(files[0]).stat().st_mode & 0o777 == 0o600

    other = make_server()
    refused = server.run("restore", str(files[1]), "--replace")
    assert refused.returncode == 1 and "Stop it first" in refused.stderr
    put = other.run("restore", str(files[1]))
    assert put.returncode == 0, put.stdout + put.stderr
    is_whole(other)
    other.start()
    there = house.media(at=other)
    assert {there[media_id]["status"] for media_id in kept} == {"Ready"}
    assert all(house.plays(media_id, other) for media_id in kept)


def as_documented(server, *command):
    """Run a command, which must stand in the guide as it is, but for names and places."""
    words = " ".join(word for word in command if "://" not in word)
    assert f"`fastpix {words}" in GUIDE.read_text(), command
    return server.run(*command)


@contextmanager
def nginx_before(server, folder):
    """nginx takes the public port, and the web server goes behind it; what to set is in the guide and in nginx.conf."""
    public, server.port = server.port, free_port()
    server.settings |= {"bind": f"127.0.0.1:{server.port}", "trusted_proxies": "1"}
    front = Nginx(folder, public, http=nginx.balancer(folder, public, [server.settings["bind"]]))
    front.start()
    try:
        yield
    finally:
        front.stop()


@pytest.mark.skipif(nginx.is_missing, reason=nginx.MISSING)
def test_from_the_default_to_postgresql_redis_s3_and_nginx_and_nothing_is_lost(
    make_server, film, postgres_server, bucket, redis, programs, tmp_path
):
    small = make_server()
    house = House(small)
    small.start()
    ada = Visitor(small)
    assert ada.sign_in(OWNER, PASSWORD).url.path == "/o/acme/"
    kept = [house.upload(film, f"kept {number}") for number in range(2)]
    house.ready(2)
    unfinished = house.ask(
        "POST", "on-demand/upload", {"corsOrigin": "*", "pushMediaSettings": {"accessPolicy": "public"}}
    )
    url = unfinished.json()["data"]["url"]
    half = len(film) // 2
    first = httpx.put(url, content=film[:half], headers={"Content-Range": f"bytes 0-{half - 1}/{len(film)}"})
    assert first.status_code == 308

    small.settings |= bucket.access
    copied = as_documented(small, "storage", "copy", "--to", bucket.url("house"))
    assert copied.returncode == 0, copied.stderr
    assert small.run("move-database", "--to", postgres_server.create("moved")).returncode == 1, "while it runs"
    small.stop()
    again = as_documented(small, "storage", "copy", "--to", bucket.url("house"))
    assert "were there already" in again.stdout and not again.stdout.startswith("9")
    moved = as_documented(small, "move-database", "--to", postgres_server.create("moved"))
    assert moved.returncode == 0, moved.stderr

    small.settings |= {
        "storage_url": bucket.url("house"),
        "database_url": postgres_server.url("moved"),
        "redis_url": redis.url,
    }
    is_whole(small)
    with nginx_before(small, tmp_path / "nginx"), closing(ada):
        small.start()
        assert as_documented(small, "doctor").returncode == 0
        assert ada.get("/o/acme/").url.path == "/o/acme/", "who was signed in still is"
        goes_on_where_it_was(small, house, film, kept, url)
        is_backed_up_and_put_back(small, house, kept, bucket, tmp_path / "grown.tar")


def goes_on_where_it_was(small, house, film, kept, url):
    half = len(film) // 2
    assert all(house.plays(media_id, small) for media_id in kept)
    rest = httpx.put(url, content=film[half:], headers={"Content-Range": f"bytes {half}-{len(film) - 1}/{len(film)}"})
    assert rest.status_code == 200, "the upload goes on where it was"
    house.ready(3)


def is_backed_up_and_put_back(small, house, kept, bucket, file):
    assert small.run("backup", str(file)).returncode == 0
    assert house.ask("DELETE", f"on-demand/{kept[0]}").status_code == 200
    eventually(lambda: not bucket.keys(kept[0]), 30, "its files were not deleted")
    small.stop()
    refused = small.run("restore", str(file))
    assert refused.returncode == 1 and "--replace" in refused.stderr
    put = small.run("restore", str(file), "--replace")
    assert "missing in the storage" in put.stdout and put.returncode == 1, "the bucket has lost what was deleted since"
    assert (next(small.folder.glob("replaced-*")) / "database.pgdump").stat().st_size > 1000
    assert small.run("audit", "verify").returncode == 0
    small.start()
    assert set(house.media()) >= set(kept)
