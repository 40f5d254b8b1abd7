"""Signing keys: the private half leaves once, in the shape FastPix's clients parse, and is stored nowhere."""

from __future__ import annotations

import base64
import html
import re

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from tests.stories.tables import everything, rows


def private_of(text):
    pem = base64.b64decode(text, validate=True)
    assert pem.startswith(b"-----BEGIN PRIVATE KEY-----"), "PKCS#8"
    return serialization.load_pem_private_key(pem, None)


def test_the_answer_has_the_shape_of_the_contract(world, ada, cast):
    answer = ada.api.post("iam/signing-keys")
    assert answer.status_code == 201
    assert set(answer.json) == {"success", "data"} and set(answer.json["data"]) == {"id", "privateKey", "createdAt"}
    made = answer.json["data"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", made["createdAt"])
    key = private_of(made["privateKey"])
    assert key.key_size == 2048
    told = ada.api.get(f"iam/signing-keys/{made['id']}").json["data"]
    assert set(told) == {"workspaceId", "signingKeyId", "publicKey"}
    assert (told["workspaceId"], told["signingKeyId"]) == (str(cast.acme.workspace), made["id"])
    public = serialization.load_pem_public_key(told["publicKey"].encode())
    signature = key.sign(b"a token", padding.PKCS1v15(), hashes.SHA256())
    public.verify(signature, b"a token", padding.PKCS1v15(), hashes.SHA256())


def test_only_the_public_half_is_stored(world, ada):
    made = ada.api.post("iam/signing-keys").json["data"]
    pem = base64.b64decode(made["privateKey"]).decode()
    stored = repr(everything(world))
    body = pem.splitlines()[1]
    assert made["privateKey"] not in stored and body not in stored and "PRIVATE KEY" not in stored
    assert "BEGIN PUBLIC KEY" in rows(world, "signing_keys")[-1]["public_key"]


def test_a_replay_store_holds_the_key_sealed(world, ada):
    made = ada.api.post("iam/signing-keys", headers={"Idempotency-Key": "one"}).json["data"]
    kept = rows(world, "kept_answers")
    assert len(kept) == 1 and made["privateKey"] not in repr(kept)


def test_the_list_has_the_shape_of_the_contract(ada):
    answer = ada.api.get("iam/signing-keys").json
    assert answer["pagination"] == {"totalRecords": 1, "currentOffset": 1, "offsetCount": 1}
    assert [set(row) for row in answer["data"]] == [{"id", "createdAt"}]


def test_the_newest_is_first(ada, cast):
    made = ada.api.post("iam/signing-keys").json["data"]["id"]
    assert [row["id"] for row in ada.api.get("iam/signing-keys").json["data"]] == [made, str(cast.acme.signing_key)]


def test_the_page_shows_the_key_once_and_keeps_it_nowhere(world, ada, cast):
    form = {"workspace": str(cast.acme.workspace), "once_key": "k" * 32}
    page = ada.page.post("/o/acme/signing-keys/new", form)
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    assert private_of(html.unescape(re.search(r"x-pem-file;base64,([^\"]+)", text)[1])).key_size == 2048
    assert page.headers["Cache-Control"] == "no-store"
    before = world.digest()
    again = ada.page.post("/o/acme/signing-keys/new", form)
    assert again.status_code == 409 and "base64," not in again.get_data(as_text=True), "reloading makes no second key"
    assert world.digest() == before


def test_a_key_of_a_foreign_workspace_cannot_be_made(world, ada, cast):
    before = world.digest()
    assert ada.page.post("/o/acme/signing-keys/new", {"workspace": str(cast.rival.workspace)}).status_code == 422
    assert world.digest() == before


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_key_is_deleted(world, ada, cast, door):
    if door == "api":
        answer = ada.api.delete(f"iam/signing-keys/{cast.acme.signing_key}")
        assert answer.json == {"success": True, "data": {"message": "signing key deleted successfully"}}
    else:
        assert ada.page.post(f"/o/acme/signing-keys/{cast.acme.signing_key}/delete").status_code == 303
    assert rows(world, "signing_keys", id=cast.acme.signing_key) == []
    assert ada.api.get(f"iam/signing-keys/{cast.acme.signing_key}").status_code == 404


@pytest.mark.parametrize("who", ["mel", "dana"])
def test_members_cannot_see_keys_at_all(doors, cast, who):
    """The collection, a real id and a made-up one answer alike."""
    person = doors(who)
    said = set()
    for path in (
        "",
        f"/{cast.acme.signing_key}",
        f"/{cast.rival.signing_key}",
        "/00000000-0000-4000-8000-000000000000",
    ):
        answer = person.api.get(f"iam/signing-keys{path}")
        said.add((answer.status_code, answer.json["error"]["message"]))
    assert len(said) == 1 and next(iter(said))[0] == 403
    assert person.api.post("iam/signing-keys").status_code == 403
    assert person.api.delete(f"iam/signing-keys/{cast.acme.signing_key}").status_code == 403


def test_a_token_sees_keys_of_its_workspace_only(world, ada, acting, cast):
    from fastpix.resources.signing_keys import domain

    with acting("ada"):
        other = domain.create(cast.acme.workspaces["development"])["id"]
    assert ada.api.get(f"iam/signing-keys/{other}").status_code == 404
    assert [row["id"] for row in ada.api.get("iam/signing-keys").json["data"]] == [str(cast.acme.signing_key)]
    assert b"development" in ada.page.get("/o/acme/signing-keys/").data
