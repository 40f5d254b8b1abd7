"""Sessions and tokens follow a change of role at the very next request: nothing that authorizes is kept anywhere."""

from __future__ import annotations

import pytest

from fastpix.resources.members import domain as members
from fastpix.resources.members.invitations import domain as invitations
from tests.cast import cookie_name


@pytest.fixture
def change(acting, cast):
    """`change("mel", role="admin")` by Ada, as another request would do it."""

    def do(key, by="ada", **what):
        with acting(by):
            members.edit(cast.acme.members[key], **what)

    return do


def keys_page(person):
    return person.page.get("/o/acme/signing-keys/").status_code


def test_a_session_follows_promotion_and_demotion(mel, change):
    assert keys_page(mel) == 403
    change("mel", role="admin")
    assert keys_page(mel) == 200
    change("mel", role="member")
    assert keys_page(mel) == 403


def test_a_session_follows_removal(mel, acting, cast):
    assert mel.page.get("/o/acme/").status_code == 200
    with acting("ada"):
        members.remove(cast.acme.members["mel"])
    assert mel.page.get("/o/acme/").status_code == 404
    assert mel.page.get("/account").status_code == 200, "the account is the person's own and stays"


def test_a_token_of_a_demoted_owner_reads_and_does_not_write(dana, cast):
    workspace = f"iam/workspaces/{cast.acme.workspace}"
    assert dana.api.get(workspace).status_code == 200
    assert dana.api.get("iam/members").status_code == 200
    refused = dana.api.post("iam/workspaces", {"name": "No"})
    assert (refused.status_code, refused.json["error"]["permission"]) == (403, "workspaces.create")
    assert dana.api.get("iam/signing-keys").status_code == 403
    left = dana.api.post("iam/leave", {})
    assert left.status_code == 403, "a token that writes nothing does not throw out its owner"


def test_a_token_follows_its_owner_up_and_down_again(mel, change):
    body = {"name": "Made by Mel"}
    assert mel.api.post("iam/workspaces", body).status_code == 403
    change("mel", role="admin")
    assert mel.api.post("iam/workspaces", body).status_code == 201
    change("mel", role="member")
    assert mel.api.post("iam/workspaces", body | {"name": "Another"}).status_code == 403


def test_a_member_token_stays_a_member_token_whatever_its_owner_is(mel, ada, change):
    change("mel", role="admin")
    assert mel.api_with("member").get("iam/members").status_code == 200
    assert mel.api_with("member").get("iam/signing-keys").status_code == 403
    assert ada.api_with("member").get("iam/signing-keys").status_code == 403


def test_tokens_of_a_removed_owner_stop_and_stay_stopped(ada, mel, acting, cast, world):
    """Removed: 401. Invited and joined again: still 401, since nobody adopted them."""
    assert mel.api.get("iam/me").status_code == 200
    assert ada.api.delete(f"iam/members/{cast.acme.members['mel']}").status_code == 200
    assert mel.api.get("iam/me").status_code == 401
    with acting("ada"):
        link = invitations.invite([mel.email], "admin")[0]["link"]
    assert mel.page.get(link.removeprefix("http://localhost")).status_code == 302
    assert mel.page.post("/invite/accept").status_code == 303
    assert keys_page(mel) == 200
    for label in ("people", "member"):
        assert mel.api_with(label).get("iam/me").status_code == 401


def test_eve_who_was_removed_long_ago_gets_nothing(eve, world, ada):
    before = world.digest()
    assert eve.api.get("iam/me").status_code == 401
    assert eve.page.get("/o/acme/").status_code == 404
    tokens = {t["id"]: t["status"] for t in ada.api.get("iam/access-tokens?limit=50").json["data"]}
    assert tokens[str(eve.tokens["people"].id)] == "suspended"
    assert world.digest() == before


def test_a_token_narrowed_to_a_workspace_follows_its_owners_workspaces(mel, change, cast):
    workspace = f"iam/workspaces/{cast.acme.workspace}"
    assert mel.api.get(workspace).status_code == 200
    change("mel", workspace_access=[cast.acme.workspaces["development"]])
    assert mel.api.get(workspace).status_code == 404
    change("mel", workspace_access="all")
    assert mel.api.get(workspace).status_code == 200


def test_a_session_follows_its_workspaces(mel, change, cast):
    page = f"/o/acme/workspaces/{cast.acme.workspace}"
    assert mel.page.get(page).status_code == 200
    change("mel", workspace_access=[])
    assert mel.page.get(page).status_code == 404


def test_the_switch_for_workspace_details_takes_effect_at_once(ada, mel, cast):
    path = f"iam/workspaces/{cast.acme.workspace}"
    assert mel.api.patch(path, {"description": "one"}).status_code == 200
    assert ada.api.patch("iam/organization", {"membersEditWorkspaces": False}).status_code == 200
    assert mel.api.patch(path, {"description": "two"}).status_code == 403
    assert ada.api.patch(path, {"description": "three"}).status_code == 200


def test_a_revoked_token_is_dead_at_once(ada, mel, cast):
    token = cast.people["mel"].tokens["member"]
    assert mel.api_with("member").get("iam/me").status_code == 200
    assert ada.api.delete(f"iam/access-tokens/{token.id}").status_code == 200
    assert mel.api_with("member").get("iam/me").status_code == 401


def test_an_adopted_token_changes_hands_and_secret(ada, mel, cast):
    token = cast.people["mel"].tokens["people"]
    made = ada.api.post(f"iam/access-tokens/{token.id}/adopt").json["data"]
    assert made["ownerName"] == "Ada Admin" and made["secret"] != token.secret
    assert mel.api.get("iam/me").status_code == 401, "the old secret is void"


def test_an_ended_session_is_nobodys(mel, world):
    other = mel.app.test_client()
    assert mel.page.get("/account/sessions").status_code == 200
    assert mel.page.post("/sign-out").status_code == 303
    other.set_cookie(cookie_name(mel.app), mel.session)
    assert other.get("/account").status_code == 302, "a replayed cookie gets nothing"


def test_an_invite_dies_with_its_inviters_admin_role(acting, change, cast, sam, world):
    change("mel", role="admin")
    with acting("mel"):
        link = invitations.invite([sam.email], "admin")[0]["link"]
    change("mel", role="member")
    secret = link.rpartition("/")[2]
    assert sam.page.get(f"/i/{secret}").status_code == 302
    before = world.digest()
    assert sam.page.get("/invite").status_code == 410
    assert sam.page.post("/invite/accept").status_code == 410
    assert world.digest() == before
