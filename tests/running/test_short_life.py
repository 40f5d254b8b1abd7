"""The short life of one `fastpix up`, in every run of the tests: an upload plays, all power is lost, and it plays again."""

from __future__ import annotations

import httpx

from tests.running.house import first_piece
from tests.running.server import eventually
from tests.video.clips import H264, clip, colour, tone

SECONDS = 2


class Owner:
    """Whoever holds a token of the running server."""

    def __init__(self, server, token) -> None:
        self.server = server
        self.client = httpx.Client(
            base_url=f"{server.url}/v1/on-demand", auth=(str(token.id), token.secret), timeout=30
        )

    def upload(self, data: bytes) -> str:
        body = {"corsOrigin": "*", "pushMediaSettings": {"accessPolicy": "public"}}
        made = self.client.post("/upload", json=body).json()["data"]
        assert httpx.put(made["url"], content=data, timeout=30).status_code == 200
        return made["uploadId"]

    def media(self, media_id: str) -> dict:
        return self.client.get(f"/{media_id}").json()["data"]

    def plays(self, media_id: str) -> bool:
        """Whether it becomes ready, and the first piece of its first rendition arrives whole."""
        eventually(lambda: self.media(media_id)["status"] == "Ready", 60, self.server.log)
        playback = self.media(media_id)["playbackIds"][0]["id"]
        return len(httpx.get(first_piece(f"{self.server.url}/stream/{playback}.m3u8")).content) > 1000


def test_an_upload_plays_and_plays_again_after_kill_9_of_everything(make_server, tmp_path):
    film = clip(tmp_path, "clip.mp4", *colour(seconds=SECONDS), *tone(SECONDS), *H264, "-c:a", "aac", "-shortest")
    server = make_server()
    owner = Owner(server, server.seed().people["ada"].tokens["admin"])
    server.start()
    first = owner.upload(film.read_bytes())
    assert owner.plays(first)
    second = owner.upload(film.read_bytes())  # answered, and hardly begun

    server.kill_everything()
    server.start()
    assert owner.plays(first)
    assert owner.plays(second)
    owner.client.close()
    assert server.interrupt() == 0
    eventually(server.is_gone, what="something still runs after Ctrl-C")
    assert "Traceback" not in server.log
