"""`Idempotency-Key`: a create that is sent again is answered again, and happens once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fastpix.db import now
from fastpix.web import idempotency
from tests.stories.tables import change, rows

pytestmark = pytest.mark.sql("keys are taken by an upsert")

KEY = {"Idempotency-Key": "a key of mine"}


def workspaces(world):
    return len(rows(world, "workspaces"))


def test_the_first_answer_is_given_again(world, ada):
    before = workspaces(world)
    first = ada.api.post("iam/workspaces", {"name": "New"}, headers=KEY)
    again = ada.api.post("iam/workspaces", {"name": "New"}, headers=KEY)
    assert (first.status_code, again.status_code) == (201, 201) and first.data == again.data
    assert "Idempotent-Replayed" not in first.headers and again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert workspaces(world) == before + 1


def test_a_secret_is_given_again_too(ada):
    first, again = (ada.api.post("iam/signing-keys", headers=KEY).json["data"] for _ in range(2))
    assert first["privateKey"] == again["privateKey"]


def test_another_body_under_the_same_key_is_refused(world, ada):
    ada.api.post("iam/workspaces", {"name": "New"}, headers=KEY)
    before = world.digest()
    other = ada.api.post("iam/workspaces", {"name": "Other"}, headers=KEY)
    assert other.status_code == 422 and other.json["error"]["fields"][0]["field"] == "Idempotency-Key"
    assert world.digest() == before


def test_a_key_is_the_tokens_own_and_the_operations_own(world, ada, rex):
    ada.api.post("iam/workspaces", {"name": "New"}, headers=KEY)
    theirs = rex.api.post("iam/workspaces", {"name": "New"}, headers=KEY)
    mine = ada.api_with("admin").post("iam/access-tokens", {"name": "x", "role": "member",
                                      "workspaceId": str(world.cast.acme.workspace)}, headers=KEY)  # fmt: skip
    key = ada.api.post("iam/signing-keys", headers=KEY)
    for answer in (theirs, mine, key):
        assert answer.status_code == 201 and "Idempotent-Replayed" not in answer.headers


def test_a_refusal_is_not_kept(world, ada):
    assert ada.api.post("iam/workspaces", {"name": "production"}, headers=KEY).status_code == 422
    assert rows(world, "kept_answers") == []
    assert ada.api.post("iam/workspaces", {"name": "New"}, headers=KEY).status_code == 201


def test_without_a_key_two_creates_are_two(world, ada):
    before = len(rows(world, "signing_keys"))
    for _ in range(2):
        assert ada.api.post("iam/signing-keys").status_code == 201
    assert len(rows(world, "signing_keys")) == before + 2


@pytest.mark.parametrize("length", [200, 201])
def test_a_key_has_an_end(ada, length):
    answer = ada.api.post("iam/workspaces", {"name": "New"}, headers={"Idempotency-Key": "k" * length})
    assert answer.status_code == (201 if length == 200 else 422)


def test_an_old_answer_is_not_given_again(world, ada):
    first = ada.api.post("iam/signing-keys", headers=KEY).json["data"]["id"]
    change(
        world,
        "kept_answers",
        {"key": KEY["Idempotency-Key"]},
        at=now() - idempotency.ANSWER_LIFE - timedelta(seconds=1),
    )
    again = ada.api.post("iam/signing-keys", headers=KEY)
    assert again.status_code == 201 and again.json["data"]["id"] != first
    assert len(rows(world, "kept_answers")) == 1


def test_who_lost_the_permission_gets_no_replay(world, ada, dana, mel, cast):
    """The guard comes first: a kept answer may hold a secret."""
    change(world, "members", {"id": cast.acme.members["mel"]}, role="admin")
    assert mel.api.post("iam/signing-keys", headers=KEY).status_code == 201
    change(world, "members", {"id": cast.acme.members["mel"]}, role="member")
    refused = mel.api.post("iam/signing-keys", headers=KEY)
    assert refused.status_code == 403 and b"privateKey" not in refused.data


def test_a_replay_is_audited_once(world, ada):
    before = len(rows(world, "audit_log"))
    for _ in range(3):
        ada.api.post("iam/workspaces", {"name": "New"}, headers=KEY)
    assert len(rows(world, "audit_log")) == before + 1


def test_old_keys_are_pruned(world, ada):
    ada.api.post("iam/workspaces", {"name": "New"}, headers=KEY)
    with world.session():
        assert idempotency.prune() == 0
    change(world, "kept_answers", {"key": KEY["Idempotency-Key"]}, at=now() - timedelta(days=1))
    with world.session():
        assert idempotency.prune() == 1
    assert rows(world, "kept_answers") == []
