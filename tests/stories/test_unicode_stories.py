"""The same text written in two ways, as a Mac and everybody else write it: found, equal, and the same password."""

from __future__ import annotations

import importlib.util
import unicodedata

import pytest

from fastpix.config.settings import MIGRATIONS
from fastpix.crypto import passwords
from fastpix.db import db
from tests.cast import PASSWORD
from tests.doors import PageDoor
from tests.stories.tables import change, rows

COMPOSED = unicodedata.normalize("NFC", "Ärger é 각")
MAC = unicodedata.normalize("NFD", COMPOSED)
SECRET = "Käsekuchen-№5-é"
pytestmark = pytest.mark.sqlite


def spelled(form):
    return unicodedata.normalize(form, SECRET)


@pytest.mark.parametrize(("written", "sought"), [(MAC, COMPOSED), (COMPOSED, MAC), (MAC, MAC)])
def test_a_title_is_found_however_it_was_written(world, ada, cast, written, sought):
    path = f"on-demand/{cast.acme.shelf.media}"
    assert ada.api.patch(path, {"title": written}).status_code == 200
    assert ada.api.get(path).json["data"]["title"] == COMPOSED
    found = ada.page.get("/o/acme/search/results.json", query_string={"q": sought}).text
    assert str(cast.acme.shelf.media) in found
    workspace = cast.acme.workspaces["production"]
    assert COMPOSED in ada.page.get("/o/acme/media/", query_string={"q": sought, "workspace": workspace}).text


def test_a_name_is_kept_in_one_form_at_both_doors(world, ada, mel):
    assert mel.page.post("/account", {"name": MAC}).status_code == 303
    assert rows(world, "people", id=mel.id)[0]["name"] == COMPOSED
    assert COMPOSED in ada.page.get("/o/acme/members/", query_string={"q": MAC}).text
    first = ada.api.post("iam/workspaces", {"name": MAC})
    assert first.status_code == 201 and first.json["data"]["name"] == COMPOSED
    assert ada.api.post("iam/workspaces", {"name": COMPOSED}).status_code in (409, 422), "the same name twice"


def test_escapes_in_json_are_letters_too(ada, cast):
    """Most libraries write a body so."""
    path, body = (
        f"/v1/on-demand/{cast.acme.shelf.media}",
        '{"title": "e\\u0301 \\ud83c\\udfac", "metadata": {"e\\u0301": "a\\u0308"}}',
    )
    assert ada.api.open("PATCH", path, data=body, content_type="application/json").status_code == 200
    told = ada.api.get(f"on-demand/{cast.acme.shelf.media}").json["data"]
    assert told["title"] == "é 🎬" and told["metadata"] == {"é": "ä"}


@pytest.mark.parametrize("chosen", ["NFC", "NFD"])
@pytest.mark.parametrize("typed", ["NFC", "NFD", "NFKC", "NFKD"])
def test_a_password_is_right_on_every_keyboard(world, mel, chosen, typed):
    form = {"current": PASSWORD, "new": spelled(chosen)}
    assert mel.page.post("/account/password", form).status_code == 303
    page = PageDoor(world.app)
    assert page.post("/sign-in", {"email": "mel@mel.example", "password": spelled(typed)}).status_code == 303


@pytest.mark.parametrize("kept", ["NFC", "NFD"])
@pytest.mark.parametrize("typed", ["NFC", "NFD"])
def test_a_hash_of_what_was_once_typed_still_opens_and_is_made_anew(world, mel, kept, typed):
    with world.app.app_context():
        change(
            world,
            "people",
            {"id": mel.id},
            password_hash=passwords.instance.part(passwords._hasher).hash(spelled(kept)),
        )
    sign_in = {"email": "mel@mel.example", "password": spelled(typed)}
    assert PageDoor(world.app).post("/sign-in", sign_in).status_code == 303
    stored = rows(world, "people", id=mel.id)[0]["password_hash"]
    with world.app.app_context():
        assert passwords._is(stored, spelled("NFKC")) and not passwords.is_outdated(stored, spelled(typed))
    assert PageDoor(world.app).post("/sign-in", sign_in | {"password": spelled("NFC") + "x"}).status_code == 422


def test_a_wrong_password_costs_the_same_whether_or_not_there_is_an_account(world, monkeypatch):
    asked = []
    monkeypatch.setattr(passwords, "_is", lambda stored, password: bool(asked.append(password)))
    with world.app.app_context():
        stored = passwords.hashed("another one")
        counts = []
        for hashed in (stored, ""):
            asked.clear()
            assert not passwords.matches(hashed, spelled("NFD"))
            counts.append(len(asked))
    assert counts[0] == counts[1] > 1


def migrate_by(world, name, monkeypatch):
    specification = importlib.util.spec_from_file_location("step", MIGRATIONS / f"versions/{name}.py")
    step = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(step)
    with world.app.app_context():
        monkeypatch.setattr(step.op, "get_bind", lambda: db.session.connection(), raising=False)
        step.upgrade()
        db.session.commit()


def test_what_was_kept_before_is_brought_into_the_same_form(world, ada, mel, cast, monkeypatch):
    """By the migration, as an upgrade runs it."""
    change(world, "media", {"id": cast.acme.shelf.media}, title=MAC, title_folded=MAC.casefold())
    change(world, "people", {"id": mel.id}, name=MAC, name_folded=MAC.lower())
    migrate_by(world, "20261130_0956_one_form_of_unicode", monkeypatch)
    (media,), (person,) = rows(world, "media", id=cast.acme.shelf.media), rows(world, "people", id=mel.id)
    assert (media["title"], media["title_folded"]) == (COMPOSED, COMPOSED.casefold())
    assert (person["name"], person["name_folded"]) == (COMPOSED, COMPOSED.lower())
    assert str(cast.acme.shelf.media) in found_by_search(ada, COMPOSED)


def found_by_search(ada, text):
    return ada.page.get("/o/acme/search/results.json", query_string={"q": text}).text


def test_things_kept_before_are_brought_into_the_same_form_and_found(world, ada, cast, monkeypatch):
    stream, token = cast.acme.shelf.active_stream, ada.person.tokens["people"].id
    change(world, "access_tokens", {"id": token}, name=MAC)
    change(world, "live_streams", {"id": stream}, metadata={"name": MAC, MAC: "a key"})
    change(world, "playlists", {"id": cast.acme.playlist}, name=MAC)
    change(world, "organizations", {"id": cast.acme.id}, name=MAC)
    before = found_by_search(ada, COMPOSED)
    assert stream not in before
    migrate_by(world, "20261130_1400_things_in_one_form_of_unicode", monkeypatch)
    assert rows(world, "live_streams", id=stream)[0]["metadata"] == {"name": COMPOSED, COMPOSED: "a key"}
    assert [rows(world, table, id=id)[0]["name"] for table, id in (
        ("access_tokens", token), ("playlists", cast.acme.playlist), ("organizations", cast.acme.id)
    )] == [COMPOSED] * 3  # fmt: skip
    found = found_by_search(ada, COMPOSED)
    assert stream in found
    assert str(token) in found


def test_workspaces_that_would_have_one_name_keep_two(world, ada, cast, monkeypatch):
    """They are unique, and nobody is to lose one in an upgrade."""
    kept, alone = cast.acme.workspace, next(id for id in cast.acme.workspaces.values() if id != cast.acme.workspace)
    assert ada.api.post("iam/workspaces", {"name": COMPOSED}).status_code == 201
    change(world, "workspaces", {"id": kept}, name=MAC, name_folded=MAC.casefold(), description=MAC)
    change(world, "workspaces", {"id": alone}, name=f"{MAC} 2", name_folded=f"{MAC} 2".casefold())
    migrate_by(world, "20261130_1400_things_in_one_form_of_unicode", monkeypatch)
    (first,), (second,) = rows(world, "workspaces", id=kept), rows(world, "workspaces", id=alone)
    assert (first["name"], first["name_folded"], first["description"]) == (MAC, MAC.casefold(), COMPOSED)
    assert (second["name"], second["name_folded"]) == (f"{COMPOSED} 2", f"{COMPOSED} 2".casefold())
