"""Access tokens: shown once, capped by their owner now, never able to make more than themselves."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta

import pytest

from fastpix.crypto import tokens
from fastpix.db import now
from fastpix.errors import Refused
from fastpix.resources.access_tokens import domain
from fastpix.resources.members import domain as members
from tests.cast import Token
from tests.doors import ApiDoor
from tests.stories.tables import change, everything, rows


def body(cast, **more):
    return {"name": "A script", "workspaceId": str(cast.acme.workspace), "role": "admin"} | more


def door_of(world, made):
    return ApiDoor(world.app, Token(made["id"], made["secret"], made["name"]))


def wire(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_the_secret_is_shown_once_and_stored_as_a_hash(world, ada, cast):
    made = ada.api.post("iam/access-tokens", body(cast)).json["data"]
    assert made["secret"].startswith("fpx_") and len(made["secret"]) >= 40
    assert made["secret"] not in repr(everything(world))
    assert rows(world, "access_tokens", name="A script")[0]["secret_hash"] == tokens.digest(made["secret"])
    assert "secret" not in ada.api.get(f"iam/access-tokens/{made['id']}").json["data"]
    assert door_of(world, made).get("iam/me").json["data"]["role"] == "admin"


def test_the_page_shows_the_secret_once_with_lines_for_a_script(world, ada, cast):
    form = {"name": "A script", "workspace": str(cast.acme.workspace), "role": "admin", "once_key": "k" * 32}
    page = ada.page.post("/o/acme/access-tokens/new", form)
    secret = re.search(r"fpx_[\w-]{43}", page.get_data(as_text=True))[0]
    env = base64.b64decode(re.search(r"data:text/plain;base64,([^\"]+)", page.get_data(as_text=True))[1]).decode()
    assert f"FASTPIX_PASSWORD={secret}\n" in env and "FASTPIX_SERVER_URL=http://localhost/v1/\n" in env
    assert page.headers["Cache-Control"] == "no-store"
    again = ada.page.post("/o/acme/access-tokens/new", form)
    assert again.status_code == 409 and "fpx_" not in again.get_data(as_text=True)
    assert len(rows(world, "access_tokens", name="A script")) == 1
    token = rows(world, "access_tokens", name="A script")[0]
    assert ada.page.get(f"/o/acme/access-tokens/{token['id']}").status_code == 200


@pytest.mark.parametrize(
    ("label", "given", "role"),
    [("people", "admin", "admin"), ("admin", "admin", "admin"), ("member", "member", "member")],
)
def test_a_token_says_who_it_is(ada, cast, label, given, role):
    told = ada.api_with(label).get("iam/me").json["data"]
    assert (told["kind"], told["role"], told["workspaceId"]) == ("token", role, str(cast.acme.workspace))
    assert told["mayManagePeople"] is (label == "people")
    assert ("members.invite" in told["permissions"]) is (label == "people")
    assert ("signing_keys.view" in told["permissions"]) is (given == "admin")


def test_an_expired_token_is_nobody(world, ada, cast):
    soon = now() + timedelta(hours=1)
    made = ada.api.post("iam/access-tokens", body(cast, expiresAt=wire(soon))).json["data"]
    door = door_of(world, made)
    assert door.get("iam/me").status_code == 200
    change(world, "access_tokens", {"name": "A script"}, expires_at=now() - timedelta(seconds=1))
    assert door.get("iam/me").status_code == 401
    assert ada.api.get(f"iam/access-tokens/{made['id']}").json["data"]["status"] == "expired"


@pytest.mark.parametrize("expires", ["2001-01-01T00:00:00Z", "tomorrow", "2999-01-01T00:00:00", 12, ""])
def test_a_past_or_vague_expiry_is_refused(world, ada, cast, expires):
    before = world.digest()
    answer = ada.api.post("iam/access-tokens", body(cast, expiresAt=expires))
    if isinstance(expires, int):
        assert answer.status_code == 422  # 12 seconds after 1970 is past
    else:
        assert answer.status_code == 422 and answer.json["error"]["fields"][0]["field"] == "expiresAt"
    assert world.digest() == before


def test_the_form_takes_the_end_of_the_chosen_day(world, ada, cast):
    day = (datetime.now(UTC) + timedelta(days=3)).date()
    form = {"name": "A script", "workspace": str(cast.acme.workspace), "role": "member", "expires_on": day.isoformat()}
    assert ada.page.post("/o/acme/access-tokens/new", form).status_code == 200
    assert rows(world, "access_tokens", name="A script")[0]["expires_at"] == datetime(
        day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC
    )
    past = ada.page.post("/o/acme/access-tokens/new", form | {"name": "Another", "expires_on": "2001-01-01"})
    assert past.status_code == 422 and b"Choose a time in the future" in past.data and b"Another" in past.data


@pytest.mark.parametrize(
    ("offset", "at"), [("-120", "21:59:59"), ("480", "07:59:59"), ("99999", "23:59:59"), ("x", "23:59:59")]
)
@pytest.mark.sqlite
def test_the_chosen_day_ends_where_the_person_is(world, ada, cast, offset, at):
    """By how many minutes UTC is ahead, as the browser counts it: Berlin in summer, Los Angeles in winter, nonsense."""
    page = ada.page.get("/o/acme/access-tokens/new").text
    assert "At the end of that day<span data-zone> (UTC)</span>" in page
    assert re.search('<input[^>]*data-end-of="expires_on"[^>]*name="utc_offset"', page), "the script fills it"
    day = (datetime.now(UTC) + timedelta(days=3)).date()
    form = {"name": "Far", "workspace": str(cast.acme.workspace), "role": "member", "expires_on": day.isoformat()}
    assert ada.page.post("/o/acme/access-tokens/new", form | {"utc_offset": offset}).status_code == 200
    ends = day + timedelta(days=1) if offset == "480" else day
    assert rows(world, "access_tokens", name="Far")[0]["expires_at"].isoformat() == f"{ends}T{at}+00:00"


@pytest.mark.sqlite
def test_a_day_after_all_calendars_is_told_and_what_was_typed_stays(ada, cast):
    form = {"name": "For ever", "workspace": str(cast.acme.workspace), "role": "member", "expires_on": "9999-12-31"}
    refused = ada.page.post("/o/acme/access-tokens/new", form | {"utc_offset": "300"})
    assert refused.status_code == 422 and "Choose an earlier day" in refused.text and "For ever" in refused.text


# Suspension, the cap, adoption.


def test_a_token_is_suspended_with_its_owner_and_its_page_says_why(world, ada, mel, cast):
    assert mel.api.get("iam/me").status_code == 200
    ada.api.delete(f"iam/members/{cast.acme.members['mel']}")
    assert mel.api.get("iam/me").status_code == 401
    token = cast.people["mel"].tokens["people"]
    told = ada.api.get(f"iam/access-tokens/{token.id}").json["data"]
    assert (told["status"], told["ownerName"]) == ("suspended", "Mel Member"), "not deleted"


def test_a_demoted_owners_token_is_capped_and_says_so(ada, cast):
    told = ada.api.get(f"iam/access-tokens/{cast.people['dana'].tokens['people'].id}").json["data"]
    assert told["isCapped"] is True and told["status"] == "active"


@pytest.mark.parametrize("door", ["page", "api"])
def test_adopting_rotates_the_secret_and_changes_the_owner(world, ada, eve, cast, door):
    token = cast.people["eve"].tokens["people"]
    if door == "api":
        secret = ada.api.post(f"iam/access-tokens/{token.id}/adopt").json["data"]["secret"]
    else:
        page = ada.page.post(f"/o/acme/access-tokens/{token.id}/adopt")
        secret = re.search(r"fpx_[\w-]{43}", page.get_data(as_text=True))[0]
    assert secret != token.secret and eve.api.get("iam/me").status_code == 401
    assert ApiDoor(world.app, Token(token.id, secret, "")).get("iam/me").status_code == 200
    row = rows(world, "access_tokens", id=token.id)[0]
    assert (row["owner_id"], row["owner_name"]) == (cast.acme.members["ada"], "Ada Admin")


def test_a_revoked_token_cannot_be_adopted_or_revoked_again(world, ada, acting, cast):
    token = cast.people["mel"].tokens["member"]
    assert ada.page.post(f"/o/acme/access-tokens/{token.id}/revoke").status_code == 303
    before = world.digest()
    assert ada.api.delete(f"iam/access-tokens/{token.id}").status_code == 409
    assert ada.api.post(f"iam/access-tokens/{token.id}/adopt").status_code == 409
    with pytest.raises(Refused), acting("ada"):
        domain.revoke(token.id)
    assert world.digest() == before


# A token cannot make more than itself.


def test_a_token_without_the_tick_makes_none_with_it(world, ada, cast):
    before = world.digest()
    answer = ada.api_with("admin").post("iam/access-tokens", body(cast, mayManagePeople=True))
    assert answer.status_code == 422 and answer.json["error"]["fields"][0]["field"] == "mayManagePeople"
    adopted = ada.api_with("admin").post(f"iam/access-tokens/{cast.people['eve'].tokens['people'].id}/adopt")
    assert adopted.status_code == 422
    assert world.digest() == before
    assert ada.api_with("admin").post("iam/access-tokens", body(cast)).status_code == 201


def test_a_token_makes_none_that_outlives_it(world, ada, cast):
    end = now() + timedelta(days=2)
    made = ada.api.post("iam/access-tokens", body(cast, mayManagePeople=True, expiresAt=wire(end))).json["data"]
    mortal = door_of(world, made)
    for expires in (None, wire(end + timedelta(days=1))):
        answer = mortal.post(
            "iam/access-tokens", body(cast, name="A child") | ({"expiresAt": expires} if expires else {})
        )
        assert answer.status_code == 422 and answer.json["error"]["fields"][0]["field"] == "expiresAt"
    fine = mortal.post("iam/access-tokens", body(cast, name="A child", expiresAt=wire(end - timedelta(days=1))))
    assert fine.status_code == 201


def test_a_token_that_expires_cannot_adopt_one_that_does_not(world, ada, cast):
    """Adopting hands out a new secret: with it a mortal token would live on for ever."""
    made = ada.api.post("iam/access-tokens", body(cast, expiresAt=wire(now() + timedelta(days=1)))).json["data"]
    immortal = cast.people["ada"].tokens["admin"]
    before = world.digest()
    answer = door_of(world, made).post(f"iam/access-tokens/{immortal.id}/adopt")
    assert answer.status_code == 422
    assert world.digest() == before


def test_a_member_token_makes_none_at_all(ada, cast):
    for role in ("admin", "member"):
        assert ada.api_with("member").post("iam/access-tokens", body(cast, role=role)).status_code == 403


def test_a_token_makes_tokens_for_its_own_workspace_only(world, ada, cast):
    before = world.digest()
    for workspace in (cast.acme.workspaces["development"], cast.rival.workspace):
        for label in ("people", "admin"):
            answer = ada.api_with(label).post("iam/access-tokens", body(cast, workspaceId=str(workspace)))
            assert answer.status_code == 422, label
    assert world.digest() == before
    form = {"name": "A script", "workspace": str(cast.acme.workspaces["development"]), "role": "admin"}
    assert ada.page.post("/o/acme/access-tokens/new", form).status_code == 200, "a person enters all"


def test_a_tokens_owner_who_cannot_enter_its_workspace_takes_its_reach(mel, acting, cast):
    with acting("ada"):
        members.edit(cast.acme.members["mel"], workspace_access=[])
    assert mel.api.get("iam/me").status_code == 200
    assert mel.api_with("member").get("iam/workspaces").json["data"] == []


@pytest.mark.parametrize("wrong", ["", "x", "fpx_", None])
def test_a_wrong_secret_is_nobody(world, cast, wrong):
    token = cast.people["ada"].tokens["people"]
    secrets = (
        [wrong]
        if wrong is not None
        else [token.secret[:-1], token.secret + "x", token.secret.upper(), f" {token.secret}"]
    )
    for secret in secrets:
        assert ApiDoor(world.app, Token(token.id, secret, "")).get("iam/me").status_code == 401
    assert (
        ApiDoor(world.app, Token(cast.people["rex"].tokens["people"].id, token.secret, "")).get("iam/me").status_code
        == 401
    )
    assert ApiDoor(world.app, Token("not-an-id", token.secret, "")).get("iam/me").status_code == 401
    assert ApiDoor(world.app, Token("", token.secret, "")).get("iam/me").status_code == 401


def test_bearer_and_garbage_credentials_are_nobody(world, cast):
    secret = cast.people["ada"].tokens["people"].secret
    for value in (f"Bearer {secret}", "Basic", "Basic !!!", "Basic " + "A" * 2000, "Digest x", secret):
        answer = world.app.test_client().get("/v1/iam/me", headers={"Authorization": value})
        assert answer.status_code == 401 and answer.json["success"] is False


def test_last_use_is_written_at_most_once_a_minute(world, ada, cast):
    token = cast.people["ada"].tokens["people"]
    ada.api.get("iam/me")
    first = rows(world, "access_tokens", id=token.id)[0]
    assert first["last_used_at"] is not None and first["last_used_from"] == "127.0.0.1"
    ada.api.get("iam/me")
    assert rows(world, "access_tokens", id=token.id)[0]["last_used_at"] == first["last_used_at"]
    change(world, "access_tokens", {"id": token.id}, last_used_at=now() - timedelta(minutes=2))
    ada.api.get("iam/me")
    assert rows(world, "access_tokens", id=token.id)[0]["last_used_at"] > first["last_used_at"]


def test_members_cannot_see_tokens_at_all_not_even_their_own(mel, cast):
    said = set()
    for path in ("", f"/{cast.people['mel'].tokens['people'].id}", "/00000000-0000-4000-8000-000000000000"):
        page, api = mel.page.get(f"/o/acme/access-tokens{path or '/'}"), mel.api.get(f"iam/access-tokens{path}")
        said.add((page.status_code, api.status_code, api.json["error"]["message"]))
    assert len(said) == 1 and next(iter(said))[:2] == (403, 403)
    assert b"mel people token" not in mel.page.get("/o/acme/members/leave").data


def test_pages_by_number_hold_every_token_once_and_the_kept_count_is_theirs(world, ada, cast):
    for number in range(5):
        assert ada.api.post("iam/access-tokens", body(cast, name=f"Script {number}")).status_code == 201
    listed = ada.api.get("iam/access-tokens?limit=50").json
    whole, total = [row["id"] for row in listed["data"]], listed["pagination"]["totalRecords"]
    by_two = [ada.api.get(f"iam/access-tokens?limit=2&offset={page}").json["data"] for page in range(1, total + 2)]
    assert [row["id"] for page in by_two for row in page] == whole
    stored = rows(world, "access_tokens", workspace_id=cast.acme.workspace)
    assert total == len(whole) == len(stored) == rows(world, "workspaces", id=cast.acme.workspace)[0]["token_count"]
