"""An instance as its owner would make it, by commands: one organization, one admin, one token, films that are real."""

from __future__ import annotations

import json

import httpx

from fastpix.accounts import operator
from fastpix.db import db, set_reading
from tests.running.server import Server, eventually

PASSWORD = "a long enough phrase"


class House:
    """Talks to a server with the token of its only admin."""

    def __init__(self, server: Server) -> None:
        self.server = server
        with server._database() as app, app.app_context():
            set_reading(False)
            operator.create_admin("ada@ada.example", "Ada Admin", "Acme", PASSWORD)
            db.session.commit()
        asked = ("create-token", "--organization", "acme", "--workspace", "production", "--role", "admin")
        made = server.run(*asked, "--owner", "ada@ada.example", "--may-manage-people", "--json")
        assert made.returncode == 0, made.stderr
        told = json.loads(made.stdout)
        self.auth = (told["id"], told["secret"])

    def ask(self, method: str, path: str, body: object = None, at: Server | None = None) -> httpx.Response:
        address = f"{(at or self.server).url}/v1/{path}"
        return httpx.request(method, address, json=body, auth=self.auth, timeout=30)

    def upload(self, data: bytes, title: str) -> str:
        """Its media id, once all bytes are taken."""
        asked = {"corsOrigin": "*", "pushMediaSettings": {"accessPolicy": "public", "title": title}}
        made = self.ask("POST", "on-demand/upload", asked).json()["data"]
        assert httpx.put(made["url"], content=data, timeout=30).status_code == 200
        return made["uploadId"]

    def media(self, at: Server | None = None) -> dict[str, dict]:
        rows = self.ask("GET", "on-demand?limit=50", at=at).json()["data"]
        return {row["id"]: row for row in rows}

    def ready(self, count: int, at: Server | None = None) -> dict[str, dict]:
        """All media, once `count` of them are Ready."""
        is_ready = lambda: sum(row["status"] == "Ready" for row in self.media(at).values()) >= count  # noqa: E731
        eventually(is_ready, 60, "the media did not become Ready")
        return self.media(at)

    def plays(self, media_id: str, at: Server) -> bool:
        """Whether the first piece of its first rendition arrives whole."""
        playback = self.media(at)[media_id]["playbackIds"][0]["id"]
        address = f"{at.url}/stream/{playback}.m3u8"
        for _ in range(2):
            text = httpx.get(address).text
            line = next(line for line in text.splitlines() if line and not line.startswith("#"))
            address = str(httpx.URL(address).join(line))
        return len(httpx.get(address).content) > 1000


def is_whole(server: Server) -> None:
    """What the operator's own checks say of an instance that does not run."""
    for command in (("audit", "verify"), ("storage", "check", "--all")):
        done = server.run(*command)
        assert done.returncode == 0, done.stdout + done.stderr
