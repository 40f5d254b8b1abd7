"""What the example resource gets by itself. Run by `tests/test_adding_a_resource.py`, in a copy that has the resource."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest

from fastpix.access_check.matrix import Proof, routes_of
from fastpix.app import create_app
from tests.stories.tables import rows
from tests.world import test_settings as settings_for

pytestmark = pytest.mark.sqlite
HELLO = {"text": "Hello"}


def test_the_menu_shows_it_to_whoever_may_see_it(ada, mel):
    for person in (ada, mel):
        assert re.search(r'href="/o/acme/notes/"[^>]*>.*Notes', person.page.get("/o/acme/").text)


def test_both_doors_let_an_admin_write_and_turn_a_member_away(ada, mel, cast):
    sent = {"workspace": str(cast.acme.workspace), **HELLO}
    assert mel.page.get("/o/acme/notes/").status_code == mel.api.get("notes").status_code == 200
    assert mel.page.post("/o/acme/notes/new", sent).status_code == 403
    refused = mel.api.post("notes", HELLO)
    assert (refused.status_code, refused.json["error"]["permission"]) == (403, "notes.create")
    assert "You need the permission to write notes" in refused.json["error"]["message"]
    assert ada.page.post("/o/acme/notes/new", sent).status_code == 303
    assert ada.api.post("notes", HELLO).status_code == 201


def test_what_a_rule_refuses_is_said_beside_the_field(ada, cast):
    answer = ada.page.post("/o/acme/notes/new", {"workspace": str(cast.acme.workspace), "text": "x" * 201})
    assert answer.status_code == 422
    assert "Write 1 to 200 characters." in answer.text
    assert "x" * 201 in answer.text


def test_another_organization_has_no_such_note(ada, rex, cast):
    note = cast.acme.note
    assert ada.api.get(f"notes/{note}").status_code == 200
    assert rex.api.get(f"notes/{note}").status_code == rex.api.delete(f"notes/{note}").status_code == 404
    assert rex.page.get(f"/o/rival/notes/{note}").status_code == 404
    assert [each["text"] for each in rex.api.get("notes").json["data"]] == ["A note of rival"]


def test_a_change_is_in_the_audit_log(world, ada):
    made = ada.api.post("notes", HELLO).json["data"]
    (row,) = rows(world, "audit_log", target_id=made["id"])
    assert (row["action"], row["target_kind"], row["after"]) == ("notes.create", "note", HELLO)
    page = ada.page.get("/o/acme/audit/")
    assert "write notes" in page.text
    assert '<option value="note"' in page.text


def test_the_documentation_of_the_api_has_it(ada):
    paths = ada.api.get("openapi.json").json["paths"]
    assert set(paths["/notes"]) == {"get", "post"}
    assert set(paths["/notes/{noteId}"]) == {"get", "delete"}
    assert "notes.create" in str(paths["/notes"]["post"])


def test_the_page_who_can_do_what_has_its_rows(mel):
    text = mel.page.get("/o/acme/access").text
    assert all(f"<code>notes.{verb}</code>" in text for verb in ("view", "create", "delete"))


def test_the_access_check_finds_nothing_wrong_with_it():
    with tempfile.TemporaryDirectory() as folder:
        given = settings_for(Path(folder) / "given")
        proof = Proof(given, Path(folder), create_app)
        mine = [route for route in routes_of(proof.app) if route.endpoint.startswith(("notes.", "notes_api."))]
        results = [result for route in mine for result in proof.results_of(route)]
        proof.close()
    assert len({route.endpoint for route in mine}) == 8
    assert [result for result in results if result.is_surprise] == []
