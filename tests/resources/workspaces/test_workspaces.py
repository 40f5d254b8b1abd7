"""Workspaces: unique names even beyond what one sees, the last one stays, details members may edit."""

from __future__ import annotations

import pytest

from fastpix.errors import Invalid, Missing, Refused
from fastpix.resources.workspaces import domain
from tests.stories.tables import change, rows


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_workspace_is_added(world, ada, door):
    if door == "api":
        answer = ada.api.post("iam/workspaces", {"name": "Quality", "type": "qa", "description": "for tests"})
        assert answer.status_code == 201
        told = answer.json["data"]
        assert (told["name"], told["slug"], told["type"], told["description"]) == (
            "Quality",
            "quality",
            "qa",
            "for tests",
        )
    else:
        form = {"name": "Quality", "kind": "qa", "description": "for tests"}
        assert ada.page.post("/o/acme/workspaces/new", form).status_code == 303
        assert b"Quality" in ada.page.get("/o/acme/workspaces/").data
    row = rows(world, "workspaces", name="Quality")[0]
    assert (row["slug"], row["kind"], row["organization_id"]) == ("quality", "qa", world.cast.acme.id)


@pytest.mark.parametrize("name", ["production", "PRODUCTION", "  Production ", "pro\tduction".replace("\t", "")])
def test_a_name_is_taken_whatever_its_letters_case(world, ada, acting, name):
    before = world.digest()
    assert ada.api.post("iam/workspaces", {"name": name}).status_code == 422
    page = ada.page.post("/o/acme/workspaces/new", {"name": name, "kind": "qa", "description": "kept words"})
    assert page.status_code == 422 and b"kept words" in page.data
    with pytest.raises(Invalid, match="already"), acting("ada"):
        domain.create(name)
    assert world.digest() == before


def test_a_name_is_taken_by_a_workspace_one_cannot_see(world, mel, acting, cast):
    """Unique in the organization, not among those a member may enter."""
    change(world, "members", {"id": cast.acme.members["mel"]}, all_workspaces=False)
    with acting("ada"):
        from fastpix.resources.members import domain as members

        members.edit(cast.acme.members["mel"], workspace_access=[cast.acme.workspaces["development"]])
    assert [w["name"] for w in mel.api_with("member").get("iam/workspaces").json["data"]] == []
    path = f"/o/acme/workspaces/{cast.acme.workspaces['development']}/edit"
    before = world.digest()
    answer = mel.page.post(path, {"name": "Production", "kind": "qa"})
    assert answer.status_code == 422 and b"already" in answer.data
    assert world.digest() == before


def test_the_same_name_in_another_organization_is_free(rex):
    assert rex.api.post("iam/workspaces", {"name": "Quality"}).status_code == 201


def test_names_that_make_the_same_address_get_a_number(ada):
    slugs = [ada.api.post("iam/workspaces", {"name": name}).json["data"]["slug"] for name in ("A B", "a-b", "A  b!")]
    assert slugs == ["a-b", "a-b-2", "a-b-3"]
    assert ada.api.post("iam/workspaces", {"name": "日本"}).json["data"]["slug"] == "workspace"


def test_a_name_may_keep_itself_and_change_its_case(ada, cast):
    path = f"iam/workspaces/{cast.acme.workspace}"
    assert ada.api.patch(path, {"name": "production"}).status_code == 200
    after = ada.api.patch(path, {"name": "Production"})
    assert (after.status_code, after.json["data"]["name"], after.json["data"]["slug"]) == (
        200,
        "Production",
        "production",
    )


@pytest.mark.parametrize(
    "body", [{"name": ""}, {"name": "x" * 81}, {"type": "live"}, {"description": "x" * 501}, {"name": 7}]
)
def test_bad_details_are_refused(world, ada, cast, body):
    before = world.digest()
    answer = ada.api.patch(f"iam/workspaces/{cast.acme.workspace}", body)
    assert answer.status_code == 422 and answer.json["error"]["fields"][0]["field"] == next(iter(body))
    assert world.digest() == before


def test_the_last_workspace_stays(world, ada, acting, cast):
    acme = cast.acme
    form = {"name": "development"}
    assert ada.page.post(f"/o/acme/workspaces/{acme.workspaces['development']}/delete", form).status_code == 303
    before = world.digest()
    answer = ada.api.delete(f"iam/workspaces/{acme.workspace}")
    assert answer.status_code == 409 and "at least one workspace" in answer.json["error"]["message"]
    page = ada.page.post(f"/o/acme/workspaces/{acme.workspace}/delete", {"name": "production"})
    assert page.status_code == 409
    with pytest.raises(Refused), acting("ada"):
        domain.delete(acme.workspace)
    assert world.digest() == before


def test_deleting_takes_keys_and_tokens_of_that_workspace_only(world, ada, cast):
    page = ada.page.get(f"/o/acme/workspaces/{cast.acme.workspace}/delete").get_data(as_text=True)
    assert "access tokens" in page and "signing key" in page
    assert ada.page.post(f"/o/acme/workspaces/{cast.acme.workspace}/delete", {"name": "production"}).status_code == 303
    assert rows(world, "signing_keys", workspace_id=cast.acme.workspace) == []
    assert rows(world, "access_tokens", workspace_id=cast.acme.workspace) == []
    assert rows(world, "access_tokens", workspace_id=cast.rival.workspace)
    assert ada.api.get("iam/me").status_code == 401


@pytest.mark.parametrize("typed", ["", "Production", "production2", "development"])
def test_the_name_must_be_typed_to_delete(world, ada, cast, typed):
    before = world.digest()
    assert ada.page.post(f"/o/acme/workspaces/{cast.acme.workspace}/delete", {"name": typed}).status_code == 422
    assert world.digest() == before


def test_members_edit_details_unless_the_organization_says_no(world, ada, mel, cast):
    page, api = f"/o/acme/workspaces/{cast.acme.workspace}/edit", f"iam/workspaces/{cast.acme.workspace}"
    form = {"name": "production", "kind": "production", "description": "by Mel"}
    assert mel.page.post(page, form).status_code == 303
    assert mel.api.patch(api, {"description": "by Mel's token"}).status_code == 200
    settings = {"name": "Acme", "slug": "acme"}  # the box is not ticked
    assert ada.page.post("/o/acme/settings/edit", settings).status_code == 303
    before = world.digest()
    refused = mel.page.post(page, form | {"description": "again"})
    assert refused.status_code == 403 and b"workspaces.edit" in refused.data
    answer = mel.api.patch(api, {"description": "again"})
    assert (answer.status_code, answer.json["error"]["permission"]) == (403, "workspaces.edit")
    assert "permission" in answer.json["error"]["description"]
    assert b"/edit" not in mel.page.get("/o/acme/workspaces/").data, "and is not offered"
    assert world.digest() == before


def test_members_do_not_add_or_delete(world, mel, cast):
    before = world.digest()
    assert mel.page.get("/o/acme/workspaces/new").status_code == 403
    assert mel.api.post("iam/workspaces", {"name": "Mel's"}).status_code == 403
    assert mel.api.delete(f"iam/workspaces/{cast.acme.workspace}").status_code == 403
    assert world.digest() == before


def test_a_workspace_of_another_organization_is_not_there(world, ada, acting, cast):
    theirs = cast.rival.workspace
    before = world.digest()
    assert ada.page.get(f"/o/acme/workspaces/{theirs}").status_code == 404
    assert ada.api.patch(f"iam/workspaces/{theirs}", {"name": "Mine"}).status_code == 404
    for verb in (domain.get, domain.edit, domain.delete):
        with pytest.raises(Missing), acting("ada"):
            verb(theirs)
    assert world.digest() == before
