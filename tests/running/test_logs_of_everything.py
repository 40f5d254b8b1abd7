"""Secrets go through the real program, web server, worker and live ingest, and stand in no line of its log."""

from __future__ import annotations

import asyncio
import json
import secrets

import httpx
import pytest

from fastpix.live.rtmp.client import Client, ServerRefused
from tests.cast import PASSWORD
from tests.running.server import Visitor, eventually
from tests.running.stream import Stream

# Not the shapes of ours alone: what people type by mistake, and tokens of other people's players.
WRONG_PASSWORD, WRONG_KEY = "not-my-password-at-all", "f" * 32 + "k" + "e" * 32
JWT = f"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.{secrets.token_urlsafe(40)}"


def publish(port, key):
    async def knock():
        client = await Client.connect("127.0.0.1", port, tc_url=f"rtmp://127.0.0.1:{port}/live", app="live")
        try:
            await client.publish(key)
        finally:
            await client.close()

    asyncio.run(asyncio.wait_for(knock(), 20))


def use_every_secret(server):
    """What a day brings: links opened, people and tokens let in and turned away, encoders likewise. {name: secret}."""
    cast, token = server.cast, server.cast.people["ada"].tokens["people"]
    stream = Stream(server)
    link = f"{server.url}/i/{cast.acme.invite_secret}"
    with httpx.Client(base_url=server.url, follow_redirects=True) as someone:
        someone.get(link)
        someone.get(f"/reset/{WRONG_KEY}", headers={"Referer": link})
        someone.get(f"/stream/{stream.playback_id}.m3u8", params={"token": JWT})
        someone.get(f"/embed/{stream.playback_id}", params={"token": JWT})
        someone.get("/v1/iam/me", auth=(str(token.id), token.secret))
        someone.get("/v1/iam/me", auth=(str(token.id), WRONG_PASSWORD))
        someone.get("/v1/iam/me", headers={"Authorization": f"Bearer {JWT}"})
    visitor = Visitor(server)
    visitor.sign_in("ada@ada.example", WRONG_PASSWORD)
    assert visitor.sign_in("ada@ada.example", PASSWORD).status_code == 200
    session = [cookie.value for cookie in visitor.client.cookies.jar]
    visitor.close()
    publish(server.live_port, stream.key)
    with pytest.raises(ServerRefused):
        publish(server.live_port, WRONG_KEY)
    made = stream.ask("POST", "/on-demand/upload", {"corsOrigin": "*", "pushMediaSettings": {"accessPolicy": "public"}})
    upload = made.json()["data"]["url"]
    httpx.put(upload, content=b"this is no film")
    told = {"token": token.secret, "invite": cast.acme.invite_secret, "JWT": JWT, "stream key": stream.key}
    told |= {"password": PASSWORD, "wrong password": WRONG_PASSWORD, "wrong key": WRONG_KEY}
    told |= {f"cookie {number}": value for number, value in enumerate(session)}
    return told | {"upload": upload.rpartition("upload_id=")[2]}


@pytest.mark.parametrize("shape", ["text", "json"])
def test_no_line_of_the_log_holds_a_secret(make_server, shape):
    server = make_server(log_format=shape, log_level="debug")
    server.cast = server.seed()
    server.start()
    told = use_every_secret(server)
    assert min(map(len, told.values())) >= 12
    eventually(lambda: "live.refused" in server.log and "job." in server.log)
    server.master().kill()
    eventually(lambda: "starting it again" in server.log)
    assert server.interrupt() == 0
    assert [name for name, secret in told.items() if secret in server.log] == []
    assert "/i/<secret>" in server.log if shape == "json" else "GET /i/*** HTTP/1.1" in server.log
    if shape == "json":
        check_objects(server)


def check_objects(server):
    """All that is logged is objects, and those of requests and jobs tell whose they are."""
    # What the commands print for whoever started them goes to standard output, and stands in the same file here.
    lines = [line for line in server.log.splitlines() if not line.startswith(("fastpix 0", "  "))]
    objects = [json.loads(line) for line in lines]
    assert {"time", "level", "logger", "process", "message"} <= set.intersection(*({*each} for each in objects))
    requests = [each for each in objects if each["message"] == "request"]
    assert all({"method", "rule", "status", "duration_ms", "address"} <= set(each) for each in requests)
    mine = [each for each in requests if each["rule"] == "/v1/iam/me"]
    token = str(server.cast.people["ada"].tokens["people"].id)
    assert [(each["status"], each.get("token_id")) for each in mine] == [(200, token), (401, None), (401, None)]
    assert mine[0]["organization_id"] == str(server.cast.acme.id) and len(mine[0]["request_id"]) >= 8
    assert any(each["message"] == "live.refused" and each["address"] for each in objects)
    assert any(each["message"].startswith("job.") and each["kind"] for each in objects)
    assert any("starting it again" in each["message"] and each["level"] == "warning" for each in objects)
