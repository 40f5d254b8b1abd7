"""The commands of docs/api.md and docs/operating.md, run as they are written against a real server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running.server import Server
from tests.video.clips import H264, clip, colour

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
# Of the operator's guide: installing takes minutes (.ci/run does it), and there is no mail server here.
NOT_RUN = ("pip install", "test-mail")


def blocks(page, language):
    found = re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(), re.S)
    assert found, f"{page} has no blocks of {language}"
    return found


@pytest.fixture(scope="module")
def guided(tmp_path_factory):
    """A server with one admin, a film in the folder in which commands are run, and `backups` beside it."""
    made = Server(tmp_path_factory.mktemp("guided"))
    made.desk = tmp_path_factory.mktemp("desk")
    (made.desk / "backups").mkdir()
    film = clip(made.desk, "film.mp4", *colour(seconds=1), *H264).read_bytes()
    (made.desk / "film.mp4").write_bytes(film)
    made.migrate()
    who = "--email you@example.com --name Ada --organization Acme"
    assert shell(made, f"echo 'a long password' | fastpix create-admin {who} --password-stdin").returncode == 0
    made.start_web()
    token = json.loads(shell(made, blocks("api.md", "sh")[0]).stdout)
    made.token = {"TOKEN_ID": token["id"], "TOKEN_SECRET": token["secret"], "API": f"{made.url}/v1"}
    yield made
    made.stop()


def shell(server, text, **environ):
    """Run a block as a reader would, who puts their own names in."""
    mine = {
        "http://localhost:8000": server.url,
        "/backups": str(server.desk / "backups"),
        "TOKEN_ID=… TOKEN_SECRET=… API": "API",
    }
    for theirs, own in mine.items():
        text = text.replace(theirs, own)
    path = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(DOCS.parent)}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text], cwd=server.desk, env=server.environ | path | environ,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120,
    )  # fmt: skip


def test_every_command_of_the_api_guide_does_what_it_says(guided):
    for block in blocks("api.md", "sh"):
        done = shell(guided, block, **guided.token)
        assert done.returncode == 0, f"{block}\n{done.stdout}"
        said = done.stdout.replace(" ", "")
        if "Idempotency-Key" in block:
            first, second = re.findall(r'"data":\{"id":"([^"]+)"', said)
            assert first == second
        elif "curl" in block and "-T film.mp4" not in block:
            assert '"success":true' in said, said


def test_the_python_of_the_api_guide_lists_media(guided):
    (program,) = blocks("api.md", "python")
    (guided.desk / "program.py").write_text(program.replace("http://localhost:8000", guided.url))
    asked = 'curl -fsS -u "$TOKEN_ID:$TOKEN_SECRET" "$API/on-demand" -H "Content-Type: application/json" -d '
    body = '{"inputs": [{"type": "video", "url": "https://example.com/film.mp4"}], "accessPolicy": "public"}'
    made = json.loads(shell(guided, f"{asked}'{body}'", **guided.token).stdout)
    done = shell(guided, f"{sys.executable} program.py", **guided.token)
    assert done.returncode == 0, done.stdout
    assert made["data"]["id"] in done.stdout


def test_every_command_of_the_operators_guide_works(guided):
    for block in blocks("operating.md", "sh"):
        if any(word in block for word in NOT_RUN):
            continue
        done = shell(guided, block, TMPDIR=str(guided.desk))
        if "doctor" in block:  # only the web server runs here, so that it has something to say
            assert done.returncode in (0, 1), done.stdout
            assert "public address" in done.stdout
        else:
            assert done.returncode == 0, f"{block}\n{done.stdout}"
        if "list-users" in block:
            assert "you@example.com" in done.stdout, "the people of the instance are in its backup"
