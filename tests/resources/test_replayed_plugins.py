"""What FastPix's plugins and tools ask, request by request as their sources send it, and what they need of the answers.

WordPress 2.0.0, Moodle 1.0.0 and the migration tool, which none of our tests can run as they are.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

pytestmark = [pytest.mark.sqlite, pytest.mark.full("plugins of others, replayed request by request")]
JSON = {"Content-Type": "application/json"}
FILM = {"type": "video", "url": "https://files.example/film.mp4"}


@dataclass(frozen=True)
class Step:
    """A request, the status that the client wants, and which fields of `data` it reads.

    `keeps` names what later steps put into `{braces}` of their paths.
    """

    method: str
    path: str
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    keeps: dict[str, str] = field(default_factory=dict)


def wordpress(key: str = "") -> dict[str, str]:
    """Every request says that it is JSON, with a body or without; creates have the MD5 of something of its own."""
    return {**JSON, "User-Agent": "WordPress/6.8; https://blog.example"} | ({"Idempotency-Key": key} if key else {})


def moodle(key: str = "", **more: str) -> dict[str, str]:
    sent = {"Accept": "application/json", "User-Agent": "local_fastpix/2026052200", **more}
    return sent | ({"Idempotency-Key": key} if key else {})


WORDPRESS_SETTINGS = {
    "accessPolicy": "private",
    "maxResolution": "1080p",
    "mediaQuality": "pro",
    "optimizeAudio": True,
    "mp4Support": "audioOnly,capped_4k",
}
MOODLE_SETTINGS = {"metadata": {"owner": "a1"}, "accessPolicy": "private", "maxResolution": "1080p"}
NODE = {**JSON, "User-Agent": "fastpix-sdk/typescript 2.0.6 2.781.2 1.0.0 @fastpix/fastpix-node"}
REPLAYS = {
    "WordPress 2.0.0": [
        Step("POST", "iam/auth/verify-basic", 200, headers=wordpress() | {"X-FastPix-Integration": "wordpress"}),
        Step(
            "POST",
            "on-demand/upload",
            201,
            {"corsOrigin": "https://blog.example", "pushMediaSettings": WORDPRESS_SETTINGS},
            wordpress("0" * 32),
            ("url", "uploadId", "timeout"),
            {"upload": "uploadId"},
        ),
        Step("PUT", "on-demand/upload/{upload}/cancel", 200, headers=wordpress()),
        Step(
            "POST",
            "on-demand",
            201,
            WORDPRESS_SETTINGS | {"inputs": [FILM]},
            wordpress("1" * 32),
            ("id", "playbackIds"),
            {"media": "id"},
        ),
        Step("GET", "on-demand?limit=50&offset=1", 200, headers=wordpress()),
        Step("PATCH", "on-demand/{media}", 200, {"title": "From the batch"}, wordpress(), ("title",)),
        Step("POST", "iam/signing-keys", 201, {}, wordpress("2" * 32), ("id", "privateKey"), {"key": "id"}),
        Step("GET", "iam/signing-keys/{key}", 200, headers=wordpress(), reads=("signingKeyId",)),
        Step("DELETE", "on-demand/{media}", 200, headers=wordpress()),
        Step("GET", "on-demand/{media}", 404, headers=wordpress()),
    ],
    "Moodle 1.0.0": [
        Step("GET", "on-demand?limit=1", 200, headers=moodle()),
        Step(
            "POST",
            "on-demand/upload",
            201,
            {"corsOrigin": "*", "pushMediaSettings": MOODLE_SETTINGS},
            moodle("a" * 64, **{"X-Client-Type": "web-browser"}),
            ("url", "uploadId"),
        ),
        Step(
            "POST",
            "on-demand",
            201,
            MOODLE_SETTINGS | {"inputs": [FILM]},
            moodle("b" * 64),
            ("id", "status"),
            {"media": "id"},
        ),
        Step("GET", "on-demand/{media}", 200, headers=moodle(), reads=("status", "playbackIds")),
        Step("POST", "iam/signing-keys", 201, None, moodle("c" * 64), ("id", "privateKey", "createdAt"), {"key": "id"}),
        Step("DELETE", "iam/signing-keys/{key}", 200, headers=moodle("d" * 64)),
        Step("DELETE", "iam/signing-keys/{key}", 404, headers=moodle("d" * 64)),  # as good as done to it
        Step("DELETE", "on-demand/{media}", 200, headers=moodle("e" * 64)),
        Step("DELETE", "on-demand/{media}", 404, headers=moodle("e" * 64)),
    ],
    "migration-tool": [
        Step(
            "POST",
            "on-demand",
            201,
            {
                "metadata": {"originPlaformVideoId": "x1", "tags": '["a"]', "metaData": "[]"},
                "accessPolicy": "public",
                "maxResolution": "1080p",
                "inputs": [FILM],
                "mp4Support": "capped_4k",
            },
            NODE,
            ("id",),
        ),
    ],
}


def ask(api, step, kept):
    body = {} if step.body is None else {"json": step.body}
    headers = {name: value for name, value in step.headers.items() if not (name == "Content-Type" and body)}
    return api.open(step.method, step.path.format(**kept), headers=headers, **body)


@pytest.mark.parametrize("client", REPLAYS)
def test_every_request_is_answered_as_the_client_needs_it(api, client):
    kept: dict[str, str] = {}
    for step in REPLAYS[client]:
        answer = ask(api, step, kept)
        said = f"{step.method} {step.path}: {answer.text}"
        assert (answer.status_code, answer.json["success"]) == (step.status, step.status < 400), said
        data = answer.json.get("data", {})
        assert all(data.get(name) for name in step.reads), said
        kept |= {name: data[wire] for name, wire in step.keeps.items()}
        if step.method == "POST" and "Idempotency-Key" in step.headers:  # each repeats what was not answered
            assert ask(api, step, kept).get_data() == answer.get_data(), said


def test_wordpress_pages_until_the_count_of_pages(api, shelf):
    """It stops at `offsetCount`, or at a page that is not full; a list without them would have it begin anew."""
    step = REPLAYS["WordPress 2.0.0"][4]
    told = ask(api, step, {}).json
    assert told["pagination"]["offsetCount"] == 1 and str(shelf.media) in {row["id"] for row in told["data"]}


def test_wordpress_opens_an_upload_on_the_host_that_it_was_given(api):
    """It takes a session's address from `Location` only with `upload_id` in it, on the same host as the first."""
    upload = ask(api, REPLAYS["WordPress 2.0.0"][1], {}).json["data"]
    opened = api.client.post(upload["url"], headers={"x-goog-resumable": "start", "Origin": "https://blog.example"})
    assert opened.status_code == 201
    first, second = upload["url"].split("/upload/"), opened.headers["Location"].split("/upload/")
    assert first[0] == second[0] and "?upload_id=" in second[1]


def test_both_plugins_read_the_private_key(api):
    key = ask(api, REPLAYS["Moodle 1.0.0"][4], {}).json["data"]["privateKey"]
    assert load_pem_private_key(base64.b64decode(key), None).key_size == 2048
    assert base64.b64decode(key).startswith(b"-----BEGIN")


def test_wordpress_takes_a_403_that_names_a_permission_for_a_good_token(ada):
    answer = ada.api_with("member").post("on-demand", {"inputs": [FILM]}, headers=wordpress())
    assert answer.status_code == 403 and "permission" in answer.json["error"]["description"].lower()
