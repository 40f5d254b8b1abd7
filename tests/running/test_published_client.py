"""FastPix's own client, `fastpix-python` from PyPI, against the running server: only its address is changed."""

from __future__ import annotations

import base64
import uuid

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from fastpix_python import Fastpix, errors, models
from fastpix_python.utils import BackoffStrategy, RetryConfig

IMPATIENT = RetryConfig("backoff", BackoffStrategy(10, 20, 1.5, 100), False)


@pytest.fixture
def client_of(server):
    """`client_of(token)`: the client with that token's id and secret."""
    made = []

    def client(token_id, secret):
        security = models.Security(username=str(token_id), password=secret)
        made.append(Fastpix(security=security, server_url=f"{server.url}/v1/", retry_config=IMPATIENT))
        return made[-1].__enter__()

    yield client
    for each in made:
        each.__exit__(None, None, None)


@pytest.fixture
def keys(server, client_of):
    """The client's signing keys, with the token of an admin."""
    token = server.cast.people["ada"].tokens["admin"]
    return client_of(token.id, token.secret).signing_keys


def test_creates_gets_and_deletes_a_signing_key(server, keys):
    made = keys.create_signing_key().data
    private = load_pem_private_key(base64.b64decode(made.private_key), password=None)
    assert private.key_size == 2048
    assert made.created_at is not None

    got = keys.get_signing_key_by_id(signing_key_id=made.id).data
    assert got.signing_key_id == made.id
    assert got.workspace_id == str(server.cast.acme.workspace)
    public = load_pem_public_key(got.public_key.encode())
    assert public.public_numbers() == private.public_key().public_numbers()

    deleted = keys.delete_signing_key(signing_key_id=made.id)
    assert deleted.success
    assert deleted.data.message == "signing key deleted successfully"
    with pytest.raises(errors.SigningKeyNotFoundError):
        keys.get_signing_key_by_id(signing_key_id=made.id)


def test_lists_by_pages_newest_first(keys):
    made = [keys.create_signing_key().data.id for _ in range(3)]
    everything = keys.list_signing_keys(limit=50)
    total = everything.pagination.total_records
    assert [row.id for row in everything.data[:3]] == made[::-1]
    assert total == len(everything.data)

    first, second = (keys.list_signing_keys(limit=2, offset=page) for page in (1, 2))
    assert [row.id for row in first.data + second.data[:1]] == made[::-1]
    assert (second.pagination.current_offset, second.pagination.offset_count) == (2, -(-total // 2))
    assert keys.list_signing_keys(limit=2, offset=total + 1).data == []


def test_a_key_of_elsewhere_is_the_clients_not_found(server, keys):
    for unknown in (uuid.uuid4(), server.cast.rival.signing_key):
        for call in (keys.get_signing_key_by_id, keys.delete_signing_key):
            with pytest.raises(errors.SigningKeyNotFoundError) as caught:
                call(signing_key_id=str(unknown))
            assert caught.value.status_code == 404
            assert caught.value.data.error.code == 404


def test_a_mistake_is_the_clients_validation_error(keys):
    with pytest.raises(errors.ValidationErrorResponse) as caught:
        keys.get_signing_key_by_id(signing_key_id="not-an-id")
    assert caught.value.code == 422
    assert caught.value.fields == [{"field": "signingKeyId", "message": "is invalid"}]
    with pytest.raises(errors.ValidationErrorResponse) as caught:
        keys.list_signing_keys(limit=51, offset=0)
    assert {field["field"] for field in caught.value.fields} == {"limit", "offset"}


@pytest.mark.parametrize("wrong", ["secret", "id"])
def test_a_wrong_token_is_the_clients_unauthorized(server, client_of, wrong):
    token = server.cast.people["ada"].tokens["admin"]
    pair = (token.id, "wrong") if wrong == "secret" else (uuid.uuid4(), token.secret)
    keys = client_of(*pair).signing_keys
    for call in (keys.list_signing_keys, keys.create_signing_key):
        with pytest.raises(errors.UnAuthorizedResponseError) as caught:
            call()
        assert caught.value.status_code == 401


@pytest.mark.parametrize(("person", "label"), [("ada", "member"), ("mel", "people")])
def test_a_member_is_told_which_permission_is_missing_and_who_can_grant_it(server, client_of, person, label):
    """Of the role member by its own choice, or because its owner is a member now."""
    token = server.cast.people[person].tokens[label]
    keys = client_of(token.id, token.secret).signing_keys
    calls = {
        "signing_keys.view": keys.list_signing_keys,
        "signing_keys.create": keys.create_signing_key,
        "signing_keys.delete": lambda: keys.delete_signing_key(signing_key_id=str(server.cast.acme.signing_key)),
    }
    for permission, call in calls.items():
        with pytest.raises(errors.ForbiddenResponseError) as caught:
            call()
        said = str(caught.value)
        assert permission in said
        assert "your role here is member" in said
        assert f"{server.cast.people['ada'].name} can grant it" in said
        assert "permission" in caught.value.raw_response.json()["error"]["description"]  # clients look for the word
