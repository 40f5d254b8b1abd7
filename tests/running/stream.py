"""A live stream of the running program, seen from outside: over the API, and by what viewers fetch."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import httpx

from tests.running.server import Server, eventually


@dataclass
class Playlist:
    """A media playlist as a player reads it."""

    text: str
    url: str

    @property
    def first(self) -> int:
        """The number of its first piece."""
        return int(re.search(r"MEDIA-SEQUENCE:(\d+)", self.text)[1])

    @property
    def pieces(self) -> list[str]:
        return re.findall(r"^\S+\.m4s$", self.text, re.MULTILINE)

    @property
    def last(self) -> int:
        return self.first + len(self.pieces) - 1

    @property
    def seconds(self) -> float:
        return sum(map(float, re.findall(r"#EXTINF:([\d.]+)", self.text)))

    @property
    def breaks(self) -> int:
        return self.text.count("#EXT-X-DISCONTINUITY\n")

    @property
    def is_over(self) -> bool:
        return "#EXT-X-ENDLIST" in self.text


def _of_ada(server: Server) -> tuple[str, str]:
    token = server.cast.people["ada"].tokens["people"]
    return str(token.id), token.secret


class Stream:
    """Made over the API with an admin's token; `settings` are those of the create call."""

    def __init__(
        self,
        server: Server,
        *,
        recording: bool = True,
        dvr: bool = True,
        policy: str = "public",
        auth: tuple[str, str] | None = None,
    ) -> None:
        self.server = server
        self.auth = auth or _of_ada(server)
        body = {
            "playbackSettings": {"accessPolicy": policy},
            "inputMediaSettings": {"enableRecording": recording, "enableDvrMode": dvr, "metadata": {"name": "Talk"}},
        }
        made = self.ask("POST", "/live/streams", body)
        assert made.status_code == 201, made.text
        self.id, self.key = made.json()["data"]["streamId"], made.json()["data"]["streamKey"]
        self.playback_id = made.json()["data"]["playbackIds"][0]["id"]

    def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """An operation of the API."""
        return httpx.request(method, f"{self.server.url}/v1{path}", auth=self.auth, json=body, timeout=30)

    def of(self, path: str = "", method: str = "GET", body: Any = None) -> Any:
        """The data of an operation below the stream's own path, which must work."""
        answer = self.ask(method, f"/live/streams/{self.id}{path}", body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json().get("data")

    @property
    def url(self) -> str:
        """Where an encoder publishes."""
        return f"rtmp://127.0.0.1:{self.server.live_port}/live/{self.key}"

    def told(self) -> dict[str, Any]:
        """The stream as the API tells it."""
        return self.of()

    @property
    def status(self) -> str:
        return self.told()["status"]

    def do(self, what: str, method: str = "PUT") -> None:
        self.of(f"/{what}".rstrip("/"), method)

    def until(self, status: str, seconds: float = 20) -> None:
        eventually(lambda: self.status == status, seconds, f"the stream did not become {status}")

    def playlist(self) -> Playlist | None:
        """What a player sees now; None while there is nothing."""
        address = f"{self.server.url}/stream/{self.playback_id}.m3u8"
        master = httpx.get(address, timeout=30)
        if master.status_code != 200:
            return None
        url = urljoin(address, master.text.splitlines()[-1])
        pieces = httpx.get(url, timeout=30)
        # Of two servers, the second may hear a moment later that it is on air.
        return Playlist(pieces.text, url) if pieces.status_code == 200 else None

    def until_pieces(self, count: int, seconds: float = 30) -> Playlist:
        """The playlist once it has come to that piece."""
        return eventually(
            lambda: p if (p := self.playlist()) and p.last >= count else None, seconds, f"no piece {count}"
        )

    def recordings(self, count: int = 1, seconds: float = 40) -> list[dict[str, Any]]:
        """The media that it left, once all of them are ready."""

        def ready() -> list[dict[str, Any]]:
            found = [self.ask("GET", f"/on-demand/{m}").json()["data"] for m in self.told().get("mediaIds", [])]
            assert not [media for media in found if media["status"] == "Failed"], found
            return found if len(found) >= count and all(media["status"] == "Ready" for media in found) else []

        return eventually(ready, seconds, "the recording was not ready in time")

    def rows(self, statement: str, *values: Any) -> list[Any]:
        """What the database says, asked with the stream's id as the last value; statements that write are saved."""
        with closing(sqlite3.connect(self.server.folder / "fastpix.db", timeout=10)) as database, database:
            return database.execute(statement, (*values, self.id)).fetchall()

    @property
    def is_away(self) -> bool:
        """Whether its encoder is gone and may come back."""
        return self.rows("SELECT disconnected_at FROM live_streams WHERE id = ?")[0][0] is not None

    def audit(self) -> list[dict[str, Any]]:
        """What the audit log says of its encoders: the values after."""
        kept = "SELECT after FROM audit_log WHERE action = 'live_streams.publish' AND target_id = ? ORDER BY at"
        return [json.loads(row[0]) for row in self.rows(kept)]
