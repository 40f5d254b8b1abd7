"""An upload's address, and a form that is half sent, end with the right of whoever asked and with what they asked with."""

from __future__ import annotations

import io
import re
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from fastpix.intake import receive
from fastpix.resources.access_tokens import domain as access_tokens
from fastpix.resources.members.offboarding import domain as offboarding
from fastpix.storage import instance as storage
from tests.access.losing import BY_SESSION, BY_TOKEN, lose_elsewhere, second_admin
from tests.cast import PASSWORD, acting_as
from tests.stories.tables import rows
from tests.working import work

pytestmark = pytest.mark.sql("what is locked, and what a transaction sees")

FILM = b"not much of a film, but enough of one to be sent in two halves"
WAYS = [("token", way) for way in BY_TOKEN] + [("session", way) for way in BY_SESSION]
SAYS = {
    "demotion": "may add no media here any more",
    "removal": "its owner left|was removed",
    "suspension": "may add no media here any more|was suspended",
    "sign-out": "signed out",
    "revocation": "the access token it was asked for with was revoked",
    "adoption": "the access token it was asked for with was revoked, adopted",
    "expiry": "has expired",
}


class Halves(io.RawIOBase):
    """A body whose second half comes after something happened."""

    def __init__(self, content, meanwhile):
        self._rest, self._meanwhile, self._half = content, meanwhile, len(content) // 2

    def readable(self):
        return True

    def readinto(self, buffer):
        if self._meanwhile is not None and len(self._rest) <= self._half:
            meanwhile, self._meanwhile = self._meanwhile, None
            meanwhile()
        piece = self._rest[: min(len(buffer), self._half if self._meanwhile is not None else len(self._rest))]
        buffer[: len(piece)] = piece
        self._rest = self._rest[len(piece) :]
        return len(piece)


def ask(ada, cast, asked_with):
    """A new address of Ada's: its id and path."""
    if asked_with == "token":
        body = {"corsOrigin": "*", "pushMediaSettings": {"accessPolicy": "public"}}
        made = ada.api.post("on-demand/upload", body).json["data"]
        upload_id, url = made["uploadId"], made["url"]
    else:
        sent = {"workspace": str(cast.acme.workspace), "policy": "public", "resolution": "1080p", "mp4": "none"}
        made = ada.page.post("/o/acme/media/upload/start", sent | {"file_name": "a.mp4"}).json
        upload_id, url = made["id"], made["url"]
    parts = urlsplit(url)
    return upload_id, f"{parts.path}?{parts.query}"


def send(world, path, body=FILM, meanwhile=None):
    client = world.app.test_client(use_cookies=False)
    if meanwhile is None:
        return client.put(path, data=body)
    stream = Halves(body, meanwhile)
    return client.put(path, environ_overrides={"wsgi.input": stream, "CONTENT_LENGTH": str(len(body))})


def check_nothing_came_of_it(world, upload_id, answer, way):
    said = answer.json["error"]["message"] if answer.is_json else answer.text
    assert answer.status_code == 410 and re.search(f"{SAYS[way]}|may add no media here", said), said
    assert not [row for row in rows(world, "media") if row["source_kind"] == "upload"]
    told = {row["result"] for row in rows(world, "audit_log", request_id=answer.headers["X-Request-Id"])}
    assert told <= {"denied"} and (told or way == "removal"), "with the membership the upload is gone, and whose it was"
    check_no_byte_is_kept(world, upload_id)


def check_no_byte_is_kept(world, upload_id):
    """Where bytes lie that are still being received, too."""
    work(world, "uploads.forget")
    with world.app.app_context():
        assert not [entry.key for entry in storage.get().list() if upload_id in entry.key]


@pytest.mark.parametrize(("asked_with", "way"), WAYS)
def test_an_address_ends_with_what_it_was_asked_with(world, ada, cast, asked_with, way):
    second_admin(world)
    upload_id, path = ask(ada, cast, asked_with)
    lose_elsewhere(world, (BY_TOKEN | BY_SESSION)[way])
    check_nothing_came_of_it(world, upload_id, send(world, path), way)


@pytest.mark.parametrize(("asked_with", "way"), WAYS)
def test_a_file_on_its_way_is_not_taken_when_the_right_to_it_ends(world, ada, cast, asked_with, way):
    second_admin(world)
    upload_id, path = ask(ada, cast, asked_with)
    answer = send(world, path, meanwhile=lambda: lose_elsewhere(world, (BY_TOKEN | BY_SESSION)[way]))
    check_nothing_came_of_it(world, upload_id, answer, way)


@pytest.mark.parametrize(("asked_with", "way"), WAYS)
def test_what_came_before_the_right_ended_is_forgotten(world, ada, cast, asked_with, way):
    second_admin(world)
    upload_id, path = ask(ada, cast, asked_with)
    client = world.app.test_client(use_cookies=False)
    first = {"Content-Range": f"bytes 0-9/{len(FILM)}"}
    assert client.put(path, data=FILM[:10], headers=first).status_code == 308
    lose_elsewhere(world, (BY_TOKEN | BY_SESSION)[way])
    rest = {"Content-Range": f"bytes 10-{len(FILM) - 1}/{len(FILM)}"}
    check_nothing_came_of_it(world, upload_id, client.put(path, data=FILM[10:], headers=rest), way)


@pytest.mark.parametrize(("asked_with", "way"), [pair for pair in WAYS if pair[1] != "removal"])
def test_a_long_body_is_not_read_to_its_end_when_the_right_to_it_ends(world, ada, cast, monkeypatch, asked_with, way):
    second_admin(world)
    monkeypatch.setattr(receive, "LOOK_SECONDS", 0)
    monkeypatch.setattr(receive, "READ_BYTES", 8)
    monkeypatch.setattr(receive, "_settled", lambda *_: pytest.fail("it was taken to its end"))
    upload_id, path = ask(ada, cast, asked_with)
    answer = send(world, path, meanwhile=lambda: lose_elsewhere(world, (BY_TOKEN | BY_SESSION)[way]))
    check_nothing_came_of_it(world, upload_id, answer, way)


def remove_many(ada, cast):
    return ada.api.post("iam/members/bulk/remove", {"memberIds": [str(cast.acme.members["mel"])]})


def remove_one(ada, cast):
    return ada.api.delete(f"iam/members/{cast.acme.members['mel']}")


def delete_workspace(ada, cast):
    return ada.api.delete(f"iam/workspaces/{cast.acme.workspace}")


def delete_organization(ada, cast):
    return ada.page.post("/o/acme/settings/delete", {"name": cast.acme.name, "password": PASSWORD})


@pytest.mark.parametrize("end", [remove_many, remove_one, delete_workspace, delete_organization])
def test_half_a_file_goes_with_what_its_upload_hung_on(world, ada, mel, cast, end):
    second_admin(world)
    upload_id, path = ask(mel, cast, "session")
    part = {"Content-Range": f"bytes 0-9/{len(FILM)}"}
    client = world.app.test_client(use_cookies=False)
    assert client.put(path, data=FILM[:10], headers=part).status_code == 308
    with world.app.app_context():
        assert [entry.key for entry in storage.get().list() if upload_id in entry.key]
    assert end(ada, cast).status_code in (200, 204, 303)
    assert not rows(world, "uploads", id=UUID(upload_id))
    check_no_byte_is_kept(world, upload_id)


def test_another_token_of_the_same_person_is_no_reason_to_end(world, ada, cast):
    _, path = ask(ada, cast, "token")
    lose_elsewhere(world, lambda world: access_tokens.revoke(cast.people["ada"].tokens["member"].id))
    assert send(world, path).status_code == 200


def test_the_media_is_made_by_whoever_asked_with_what_they_asked_with(world, ada, cast):
    upload_id, path = ask(ada, cast, "token")
    assert send(world, path).status_code == 200
    (row,) = rows(world, "audit_log", target_id=upload_id, action="media.create", target_kind="media")
    assert (row["actor_kind"], row["actor_id"]) == ("token", str(ada.tokens["people"].id))


@pytest.mark.parametrize("way", BY_SESSION)
@pytest.mark.parametrize("form", ["film", "track"])
def test_a_form_that_is_half_sent_changes_nothing_when_the_right_to_it_ends(world, ada, cast, form, way):
    second_admin(world)
    fields, path = {
        "film": (
            {"workspace": str(cast.acme.workspace), "policy": "public", "resolution": "1080p", "mp4": "none"},
            "upload",
        ),
        "track": (
            {"kind": "subtitle", "language_code": "de", "language_name": "German"},
            f"{cast.acme.shelf.media}/tracks/new",
        ),
    }[form]
    before = {name: len(rows(world, name)) for name in ("media", "tracks", "jobs")}
    sent = fields | {"file": FileStorage(io.BytesIO(FILM * 1000), "a.vtt"), "csrf_token": ada.page.csrf_token()}
    boundary, body = encode_multipart(sent)
    stream = Halves(body, lambda: lose_elsewhere(world, BY_SESSION[way]))
    answer = ada.page.client.post(
        f"/o/acme/media/{path}",
        environ_overrides={
            "wsgi.input": stream,
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": f"multipart/form-data; boundary={boundary}",
        },
    )
    assert answer.status_code == (302 if way == "sign-out" else 403), answer.text
    told = [row["result"] for row in rows(world, "audit_log", request_id=answer.headers["X-Request-Id"])]
    assert told == ["denied"]
    assert {name: len(rows(world, name)) for name in before} | {"jobs": 0} == before | {"jobs": 0}
    with world.app.app_context():
        assert list(storage.get().list("uploads")) == []


def test_pages_and_api_count_what_ends_alike(world, ada, cast):
    token = ada.tokens["people"]
    for _ in range(3):
        ask(ada, cast, "token")
    _, done = ask(ada, cast, "token")
    assert send(world, done).status_code == 200, "one that is done ends with nothing"
    assert ada.api.get(f"iam/access-tokens/{token.id}").json["data"]["openUploads"] == 3
    for page in ("revoke", "adopt"):
        assert "3 asked for with it, which end" in ada.page.get(f"/o/acme/access-tokens/{token.id}/{page}").text
    me = cast.acme.members["ada"]
    second_admin(world)
    ask(ada, cast, "session")
    waiting = [row for row in rows(world, "uploads", by_member_id=me) if row["status"] == "waiting"]
    with world.session(), acting_as(cast, "mel"):
        assert offboarding.preview(me)["uploads"] == len(waiting)
    lose_elsewhere(world, lambda world: access_tokens.revoke(token.id))
    with world.session(), acting_as(cast, "mel"):
        assert offboarding.preview(me)["uploads"] == len(waiting) - 3, "what has ended already ends with nothing"


def test_a_token_and_an_organization_ask_for_so_many_addresses_and_no_more(world, ada, cast):
    body = {"corsOrigin": "*", "pushMediaSettings": {"accessPolicy": "public"}}
    world.set(waiting_uploads_per_token=2)
    first, _ = ask(ada, cast, "token")
    ask(ada, cast, "token")
    refused = ada.api.post("on-demand/upload", body)
    assert refused.status_code == 409 and "Send or cancel some" in refused.json["error"]["message"]
    assert ada.api_with("admin").post("on-demand/upload", body).status_code == 201, "another token has its own"
    assert ada.api.open("PUT", f"on-demand/upload/{first}/cancel").status_code == 200
    assert ada.api.post("on-demand/upload", body).status_code == 201
    waiting = len(rows(world, "uploads", organization_id=cast.acme.id, status="waiting"))
    world.set(waiting_uploads_per_token=0, waiting_uploads_per_organization=waiting + 1)
    ask(ada, cast, "session")
    sent = {"workspace": str(cast.acme.workspace), "policy": "public", "resolution": "1080p", "mp4": "none"}
    refused = ada.page.post("/o/acme/media/upload/start", sent | {"file_name": "a.mp4"})
    assert refused.status_code == 422 and "of this organization wait for their files" in refused.text
    lose_elsewhere(world, lambda world: access_tokens.revoke(ada.tokens["people"].id))
    assert ada.page.post("/o/acme/media/upload/start", sent).status_code == 201, "those that ended make room"
