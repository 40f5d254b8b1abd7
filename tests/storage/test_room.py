"""A disk without room beyond the database's reserve: uploads and jobs are told so, and everything else goes on."""

from __future__ import annotations

import io
import os
import re
import subprocess
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import set_reading
from fastpix.resources.media.creation import domain as creation
from fastpix.resources.media.models import LogLine, Media
from fastpix.resources.media.options import Options
from fastpix.web import health
from tests import world as worlds
from tests.doors import Doors
from tests.working import jobs, work

pytestmark = pytest.mark.sqlite
ALL_OF_IT = 10_000_000  # MiB: more than the disk has
MIB = 1 << 20


def without_numbers(sentence):
    """Of other tests the disk's free space changes all the time."""
    return re.sub(r"[0-9 ]+ MiB are free", "N MiB are free", sentence)


def begun(ada, total=None):
    """An upload, and a function that sends a part of it."""
    made = ada.api_with("admin").post("on-demand/upload", {"corsOrigin": "*"})
    assert made.status_code == 201, made.text
    address = urlsplit(made.json["data"]["url"])

    def send(data, at=0, whole=None):
        headers = {"Content-Range": f"bytes {at}-{at + len(data) - 1}/{whole or '*'}"}
        return ada.app.test_client().put(f"{address.path}?{address.query}", data=data, headers=headers, buffered=True)

    return send


@pytest.fixture
def ready(anonymous):
    """What `/readyz` answers: the status, and what it says of the storage."""

    def ask():
        answer = anonymous.page.get("/readyz")
        return answer.status_code, answer.json["storage"]

    return ask


def test_an_upload_hears_the_sentence_that_readyz_has_and_other_writes_go_on(world, ada, ready):
    send = begun(ada)
    assert ready() == (200, "ok")
    world.set(disk_reserve_mib=ALL_OF_IT)
    status, sentence = ready()
    assert status == 200
    assert "stay free for the database" in sentence
    created = ada.api_with("admin").post("on-demand/upload", {"corsOrigin": "*"})
    sent = send(b"x" * 100, whole=1000)
    unannounced = send(b"x" * 100)
    for answer in (created, sent, unannounced):
        assert (answer.status_code, without_numbers(answer.json["error"]["message"])) == (
            507,
            without_numbers(sentence),
        )
    assert ada.page.post(
        "/o/acme/workspaces/new", {"name": "Made on a full disk", "kind": "production"}
    ).status_code in (303, 422)
    assert ada.api.post("iam/workspaces", {"name": "Another on a full disk"}).status_code == 201
    world.set(disk_reserve_mib=0)
    assert send(b"x" * 100, whole=1000).status_code == 308


def test_the_pages_say_so_and_keep_what_was_typed(world, ada, cast):
    world.set(disk_reserve_mib=ALL_OF_IT)
    settings = {"workspace": str(cast.acme.workspace), "title": "Typed with care", "access_policy": "public"}
    started = ada.page.post("/o/acme/media/upload/start", {**settings, "file_name": "clip.mp4"})
    assert started.status_code == 507
    assert "stay free for the database" in str(started.json["errors"])
    sent = ada.page.post("/o/acme/media/upload", {**settings, "file": (io.BytesIO(b"x" * 100), "clip.mp4")})
    assert sent.status_code == 507
    assert "stay free for the database" in sent.text


def test_a_job_waits_with_its_reason_and_goes_on_afterwards(world, acting, cast):
    world.set(disk_reserve_mib=ALL_OF_IT)
    with acting("ada"):
        media = creation.from_url(cast.acme.workspace, "https://example.com/film.mp4", Options())
    work(world, "media.ingest", most=1)
    with world.session() as session, tenancy.everywhere("the test looks"):
        assert session.get(Media, media["id"]).status != "Failed"
        lines = session.scalars(sa.select(LogLine.text).where(LogLine.media_id == media["id"])).all()
    assert any("This waits." in line and "stay free for the database" in line for line in lines)
    assert jobs(world)[-1]["state"] == "queued"


@contextmanager
def small_disk(folder: Path, size: int):
    """A file system of its own. Needs the right to mount, as root has it in CI: a machine without it fails here."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "fastpix-test", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.full("mounts a small disk and fills it")
def test_a_small_disk_that_is_filled(tmp_path, monkeypatch):
    """Uploads take it up to the reserve; the database goes on writing into that; then something else takes the rest."""
    monkeypatch.setattr(health, "STORAGE_SECONDS", -1.0)  # it is asked each time
    with small_disk(tmp_path / "disk", 96 * MIB) as disk:
        world = worlds.World("sqlite", worlds.test_settings(disk / "instance", disk_reserve_mib=32))
        try:
            _fill(world, disk)
        finally:
            world.close()


def _fill(world, disk):
    ada = Doors(world.app, world.cast.people["ada"])
    anonymous = Doors(world.app, None)

    def free():
        found = os.statvfs(disk)
        return found.f_bavail * found.f_frsize

    # One that cannot fit is refused when its size is known, before its bytes come.
    send = begun(ada)
    assert send(b"x" * MIB, whole=200 * MIB).status_code == 507
    assert free() > 60 * MIB
    # One of unknown size is refused in the middle, and what came of it stays.
    at, status = 0, 308
    while status == 308 and at < 100 * MIB:
        answer = send(b"x" * 4 * MIB, at)
        status, at = answer.status_code, at + 4 * MIB
    assert status == 507
    assert 31 * MIB < free() < 38 * MIB
    ready = anonymous.page.get("/readyz")
    sentence = ready.json["storage"]
    assert ready.status_code == 200
    assert "stay free for the database" in sentence
    status, said = begun_status(ada)
    assert (status, without_numbers(said)) == (507, without_numbers(sentence))
    # Sign-in and other writes go on.
    signed_in = anonymous.page.post("/sign-in", {"email": "ada@example.com", "password": "wrong"})
    assert signed_in.status_code == 422
    for number in range(20):
        assert ada.api.post("iam/workspaces", {"name": f"Made on a full disk {number}"}).status_code == 201
    # Somebody else takes the rest: what cannot be written is said, and pages are still read.
    with (disk / "something else").open("wb") as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(b"x" * MIB)
            file.flush()
    assert anonymous.page.get("/readyz").status_code == 503
    assert begun_status(ada)[0] in (503, 507)
    assert ada.page.get("/o/acme/members/").status_code == 200
    refused = ada.api.post("iam/workspaces", {"name": "Made on a disk without a byte"})
    assert refused.status_code in (201, 503)
    assert "made a mistake" not in refused.text
    (disk / "something else").unlink()
    assert ada.api.post("iam/workspaces", {"name": "Made afterwards"}).status_code == 201
    set_reading(False)


def begun_status(ada):
    answer = ada.api_with("admin").post("on-demand/upload", {"corsOrigin": "*"})
    return answer.status_code, answer.json["error"]["message"]
