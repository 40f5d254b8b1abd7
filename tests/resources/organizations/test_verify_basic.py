"""`POST /v1/iam/auth/verify-basic`: how FastPix's WordPress plugin finds out whether its access token is good."""

from __future__ import annotations

import base64

import pytest

pytestmark = pytest.mark.sqlite
PATH = "iam/auth/verify-basic"
BODIES = {
    "none": {},
    "an empty text": {"data": b"", "content_type": "application/json"},
    "an empty object": {"data": b"{}", "content_type": "application/json"},
    "an empty form": {"data": b"", "content_type": "application/x-www-form-urlencoded"},
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("label", ["admin", "member"])
def test_a_good_token_is_200(ada, label, body):
    headers = {"X-Client-Type": "wordpress", "User-Agent": "WordPress/6.8; https://blog.example"}
    answer = ada.api_with(label).open("POST", PATH, headers=headers, **body)
    assert (answer.status_code, answer.json) == (200, {"success": True})


@pytest.mark.parametrize("wrong", ["secret", "id", "nothing"])
def test_a_bad_one_is_401(anonymous, ada, wrong):
    token = ada.tokens["admin"]
    pair = f"{token.id}:no" if wrong == "secret" else f"no:{token.secret}"
    basic = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    answer = anonymous.api.open("POST", PATH, headers={} if wrong == "nothing" else basic)
    assert answer.status_code == 401 and answer.json["error"]["message"] == "unauthorized"


def test_asking_changes_nothing_and_is_asked_anew_with_the_same_key(world, ada):
    ada.api.post(PATH)  # notes that the token was used
    before = world.digest()
    for _ in range(2):
        answer = ada.api.post(PATH, headers={"Idempotency-Key": "one"})
        assert answer.status_code == 200 and "Idempotent-Replayed" not in answer.headers
    assert world.digest() == before


def test_an_end_is_seen_at_once(ada, cast):
    api = ada.api_with("admin")
    assert api.post(PATH).status_code == 200
    assert ada.api.delete(f"iam/access-tokens/{ada.tokens['admin'].id}").status_code == 200
    assert api.post(PATH).status_code == 401
