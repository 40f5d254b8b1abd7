"""An instance as its owner would make it, by commands: one organization, one admin, one token, films that are real."""

from __future__ import annotations

import json

import httpx

from tests.running.server import Server, eventually

OWNER, PASSWORD = "ada@ada.example", "a long enough phrase"


class House:
    """Talks to a server with the token of its only admin."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._by("upgrade")
        who = ("--email", OWNER, "--name", "Ada Admin", "--organization", "Acme")
        self._by("create-admin", *who, "--password-stdin", typed=PASSWORD + "\n")
        asked = ("create-token", "--organization", "acme", "--workspace", "production", "--role", "admin")
        told = json.loads(self._by(*asked, "--owner", OWNER, "--may-manage-people", "--json"))
        self.auth = (told["id"], told["secret"])

    def _by(self, *command: str, typed: str = "") -> str:
        done = self.server.run(*command, typed=typed)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, method: str, path: str, body: object = None, at: Server | None = None) -> httpx.Response:
        address = f"{(at or self.server).url}/v1/{path}"
        return httpx.request(method, address, json=body, auth=self.auth, timeout=30)

    def address(self, title: str, policy: str = "public") -> tuple[str, str]:
        """A new upload: the id of the media it becomes, and where its bytes go."""
        asked = {"corsOrigin": "*", "pushMediaSettings": {"accessPolicy": policy, "title": title}}
        made = self.ask("POST", "on-demand/upload", asked).json()["data"]
        return made["uploadId"], made["url"]

    def upload(self, data: bytes, title: str, policy: str = "public") -> str:
        """Its media id, once all bytes are taken."""
        media_id, url = self.address(title, policy)
        assert httpx.put(url, content=data, timeout=30).status_code == 200
        return media_id

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
        return len(httpx.get(first_piece(f"{at.url}/stream/{playback}.m3u8")).content) > 1000


def first_piece(master: str) -> str:
    """The address of the first piece of the first rendition of a film."""
    address = master
    for _ in range(2):
        answer = httpx.get(address, timeout=30)
        assert answer.status_code == 200, answer.text
        line = next(line for line in answer.text.splitlines() if line and not line.startswith("#"))
        address = str(httpx.URL(address).join(line))
    return address


def is_whole(server: Server) -> None:
    """What the operator's own checks say of an instance that does not run."""
    for command in (("audit", "verify"), ("storage", "check", "--all")):
        done = server.run(*command)
        assert done.returncode == 0, done.stdout + done.stderr
