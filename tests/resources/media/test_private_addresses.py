"""Files at addresses that are not public are refused when they are asked for, as webhooks are, and not fetched in vain."""

from __future__ import annotations

import socket

import pytest

pytestmark = pytest.mark.sqlite
TOLD = "is not on the public internet"
PRIVATE = [
    "http://127.0.0.1/a.mp4",
    "http://[::1]:8000/a.mp4",
    "http://169.254.169.254/latest/meta-data",
    "https://10.1.2.3/a.mp4",
    "http://2130706433/a.mp4",
    "http://0x7f.1/a.mp4",
    "http://[::ffff:192.168.0.1]/a.mp4",
    "http://[fe80::1%25eth0]/a.mp4",
    "http://LOCALHOST:8000/a.mp4",
]


def body(url):
    return {"inputs": [{"type": "video", "url": url}], "accessPolicy": "public"}


@pytest.mark.parametrize("url", PRIVATE)
def test_both_doors_refuse_them_at_once(world, ada, cast, url):
    answer = ada.api.post("/v1/on-demand", body(url))
    assert answer.status_code == 422 and TOLD in answer.json["error"]["fields"][0]["message"], answer.json
    form = {"workspace": str(cast.acme.workspace), "url": url, "policy": "public", "resolution": "1080p"}
    page = ada.page.post("/o/acme/media/from-url", data=form)
    assert page.status_code == 422 and TOLD in page.get_data(as_text=True)
    track = {"tracks": {"url": url, "type": "subtitle", "languageCode": "en", "languageName": "English"}}
    added = ada.api.post(f"/v1/on-demand/{cast.acme.shelf.media}/tracks", track)
    assert added.status_code == 422 and TOLD in added.json["error"]["fields"][0]["message"], added.json


@pytest.mark.parametrize("url", ["https://files.example/a.mp4", "http://8.8.8.8/a.mp4", "http://[2606:4700::1]/a.mp4"])
def test_public_ones_and_names_are_taken_and_no_name_is_looked_up(world, ada, url, monkeypatch):
    asked_of_system = []
    real = socket.getaddrinfo

    def look(host, *args, flags=0, **kwargs):
        asked_of_system.append((host, flags))
        return real(host, *args, flags=flags, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look)
    assert ada.api.post("/v1/on-demand", body(url)).status_code == 201
    assert all(flags & socket.AI_NUMERICHOST for _, flags in asked_of_system)


def test_an_operator_may_allow_them(world, ada):
    world.set(fetch_allow_private=True)
    assert ada.api.post("/v1/on-demand", body("http://127.0.0.1/a.mp4")).status_code == 201
