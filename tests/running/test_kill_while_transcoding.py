"""`kill -9` of the worker while clips are processed: every one is Ready in the end, once, and clean, and what viewers get
meanwhile is of one attempt."""

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
from tests.video.clips import H264, clip, colour, picture, tone

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


def test_what_played_before_a_kill_is_never_mixed_with_what_plays_after_it(make_server, tmp_path):
    """Players that hold addresses of the first attempt are refused, and the second one has others."""
    film = clip(tmp_path, "film.avi", *picture("854x480", 5, 60), "-c:v", "mpeg4", "-g", "10").read_bytes()
    server = make_server(job_lease_seconds="2", transcode_jobs="1")
    token = server.seed().people["ada"].tokens["admin"]
    server.start_web()
    media_id = upload(server, token, film)
    told = httpx.get(f"{server.url}/v1/on-demand/{media_id}", auth=(str(token.id), token.secret)).json()["data"]
    master = f"{server.url}/stream/{told['playbackIds'][0]['id']}.m3u8"

    def rungs():
        return [f"{server.url}/stream/{line}" for line in httpx.get(master).text.splitlines() if line.startswith("m/")]

    worker = Program(server, "worker")
    worker.start()
    before = eventually(rungs, 60)
    worker.kill()
    assert statuses(server, token)[media_id] == "Processing"
    worker.start()
    try:
        after = eventually(lambda: [rung for rung in rungs() if rung not in before], 60)
        assert len(after) == len(before) == 2
        for rung in before:
            eventually(lambda rung=rung: httpx.get(rung).status_code == 404, 10)
            assert httpx.get(rung.replace("index.m3u8", "s00000.m4s")).status_code == 404
        eventually(lambda: is_done(server, token, [media_id]), 90)
    finally:
        worker.stop()
    assert rungs() == after
    assert all(httpx.get(rung).text.endswith("#EXT-X-ENDLIST\n") for rung in after)
    checked = server.run("storage", "check", "--all")
    assert not [line for line in checked.stdout.splitlines() if media_id in line]
