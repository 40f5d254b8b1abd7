"""`kill -9` of the worker, again and again, while clips are processed: every one is Ready in the end, once, and clean."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import uuid
from contextlib import closing

import httpx
import pytest

from tests.running.program import Program
from tests.running.server import eventually
from tests.video.clips import H264, clip, colour, tone

CLIPS = KILLS = 10


@pytest.fixture
def clip_bytes(tmp_path):
    made = clip(tmp_path, "clip.mkv", *colour(seconds=2), *tone(2), *H264, "-c:a", "libopus", "-shortest")
    return made.read_bytes()


def upload(server, token, data):
    auth = (str(token.id), token.secret)
    body = {"corsOrigin": "*", "pushMediaSettings": {"accessPolicy": "public"}}
    made = httpx.post(f"{server.url}/v1/on-demand/upload", json=body, auth=auth).json()["data"]
    assert httpx.put(made["url"], content=data).status_code == 200
    return made["uploadId"]


def statuses(server, token):
    auth = (str(token.id), token.secret)
    rows = httpx.get(f"{server.url}/v1/on-demand?limit=50", auth=auth).json()["data"]
    return {row["id"]: row["status"] for row in rows}


def log_texts(server, media_id):
    with closing(sqlite3.connect(server.folder / "fastpix.db")) as connection:
        found = connection.execute("SELECT text FROM media_log WHERE media_id = ?", [media_id.hex])
        return [text for (text,) in found]


def test_ten_of_ten_are_ready_after_ten_kills(make_server, clip_bytes):
    server = make_server(job_lease_seconds="2", transcode_jobs="2")
    token = server.seed().people["ada"].tokens["admin"]
    server.start_web()
    wanted = [upload(server, token, clip_bytes) for _ in range(CLIPS)]
    worker, chance = Program(server, "worker"), random.Random(7)
    for _ in range(KILLS):
        worker.start()
        # Somewhere in the middle of an ffmpeg, or shortly before or after one.
        eventually(lambda: worker.children() or is_done(server, token, wanted), 30)
        if is_done(server, token, wanted):
            break
        pause = chance.uniform(0, 0.4)
        with pytest.raises(subprocess.TimeoutExpired):
            worker.process.wait(pause)
        worker.kill()
    worker.start()
    try:
        eventually(lambda: is_done(server, token, wanted), 90, what=str(statuses(server, token)))
    finally:
        worker.stop()
    for media_id in wanted:
        assert log_texts(server, uuid.UUID(media_id)).count("The media is ready.") == 1
    checked = server.run("storage", "check", "--all")
    found = [line for line in checked.stdout.splitlines() if any(media_id in line for media_id in wanted)]
    assert not found, "\n".join(found)


def is_done(server, token, wanted):
    now = statuses(server, token)
    assert "Failed" not in [now[media_id] for media_id in wanted]
    return all(now[media_id] == "Ready" for media_id in wanted)
