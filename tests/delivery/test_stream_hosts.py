"""Playlists and pictures on hosts of their own: the same addresses at the root, and nothing of the dashboard."""

from __future__ import annotations

import dataclasses

import pytest

from fastpix.config.settings import Settings
from fastpix.delivery import stream_hosts
from fastpix.errors import Misconfigured
from tests import world as worlds
from tests.delivery.screening import Cinema

STREAM, IMAGES = "stream.localhost", "images.localhost:8443"


@pytest.fixture(scope="module")
def divided(tmp_path_factory):
    """A world whose viewers have hosts of their own."""
    folder = tmp_path_factory.mktemp("divided")
    made = worlds.World(
        "sqlite", worlds.test_settings(folder, stream_url=f"http://{STREAM}", images_url=f"http://{IMAGES}")
    )
    yield made
    made.close()


@pytest.fixture
def get(divided):
    divided.reset()
    client = divided.app.test_client()
    return lambda host, path, **more: client.get(path, base_url=f"http://{host}", buffered=True, **more)


def test_the_same_addresses_stand_at_the_root_of_their_host(divided, get):
    film = Cinema(divided).show()
    master = get(STREAM, f"/{film.playback_id}.m3u8")
    assert master.status_code == 200
    variant = next(line for line in master.text.splitlines() if line.startswith("m/"))
    assert get(STREAM, f"/{variant}").status_code == 200
    assert get(STREAM, f"/{film.playback_id}/audio.m4a").status_code == 200
    assert get(IMAGES, f"/{film.playback_id}/spritesheet.json").status_code == 200
    assert get("localhost", f"/stream/{film.playback_id}.m3u8").status_code == 200


def test_nothing_else_is_reachable_there(get):
    for host in (STREAM, IMAGES, STREAM.upper(), f"{STREAM}:8080", f"{STREAM}."):
        for path in (
            "/",
            "/sign-in",
            "/healthz",
            "/readyz",
            "/v1/iam/me",
            "/docs",
            "/static/app.css",
            "/embed/x",
            "//sign-in",
        ):
            answer = get(host, path)
            assert answer.status_code in (308, 400, 404, 422), (host, path)
            assert "Set-Cookie" not in answer.headers
            assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_the_path_of_the_public_host_means_nothing_there(divided, get):
    film = Cinema(divided).show()
    assert get(STREAM, f"/stream/{film.playback_id}.m3u8").status_code in (404, 422)
    assert get(IMAGES, f"/{film.playback_id}.m3u8").status_code == 404


def test_their_hosts_do_not_open_the_dashboard_and_unknown_hosts_open_nothing(get):
    assert get("evil.net", "/stream/x.m3u8").status_code == 400
    assert get("evil.net", "/sign-in").status_code == 400


@pytest.mark.parametrize(
    ("stream", "images"),
    [
        ("https://videos.example", ""),
        ("https://videos.example:8443", ""),
        ("", "https://VIDEOS.example"),
        ("https://cdn.example", "https://cdn.example:444"),
    ],
)
def test_one_host_is_one_thing(tmp_path, stream, images):
    known = Settings(instance_path=tmp_path, public_url="https://videos.example")
    with pytest.raises(Misconfigured, match="host name"):
        stream_hosts.names(dataclasses.replace(known, stream_url=stream, images_url=images))
