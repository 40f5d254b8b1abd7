"""The organization: details, address and its former ones, who can do what."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest

from fastpix.access import table
from fastpix.db import now
from fastpix.errors import Invalid
from fastpix.resources.members import domain as members
from fastpix.resources.organizations import domain
from fastpix.storage import room
from tests.resources.live_streams.test_live_pages import make, on_air
from tests.stories.tables import change, rows


@pytest.mark.parametrize("door", ["page", "api"])
def test_name_and_address_are_changed_and_the_old_address_leads_on(world, ada, mel, door):
    if door == "api":
        answer = ada.api.patch("iam/organization", {"name": "Acme Video", "slug": "acme-video"})
        assert answer.status_code == 200 and answer.json["data"]["slug"] == "acme-video"
    else:
        form = {"name": "Acme Video", "slug": "acme-video", "members_edit_workspaces": "y"}
        assert ada.page.post("/o/acme/settings/edit", form).location == "/o/acme-video/settings"
    moved = mel.page.get("/o/acme/members/?role=admin")
    assert moved.status_code == 307 and moved.location == "/o/acme-video/members/?role=admin"
    assert mel.page.get(moved.location).status_code == 200
    assert rows(world, "former_slugs", slug="acme")[0]["of_organization_id"] == world.cast.acme.id


def test_a_former_address_tells_strangers_nothing(ada, sam, rex, anonymous):
    ada.api.patch("iam/organization", {"slug": "acme-video"})
    for person in (sam, rex):
        assert person.page.get("/o/acme/").status_code == person.page.get("/o/never-was/").status_code == 404
    assert anonymous.page.get("/o/acme/").status_code == anonymous.page.get("/o/never-was/").status_code == 302


def test_an_organization_may_go_back_to_an_address_it_had(ada):
    for slug in ("acme-video", "acme", "acme-video"):
        assert ada.api.patch("iam/organization", {"slug": slug}).status_code == 200
        assert ada.page.get(f"/o/{slug}/").status_code == 200


@pytest.mark.parametrize("slug", ["rival", "Acme", "a b", "-a", "a-", "", "x" * 41, "new", "v1", "a/b", "../x", "ä"])
def test_bad_taken_and_reserved_addresses_are_refused(world, ada, acting, slug):
    before = world.digest()
    answer = ada.api.patch("iam/organization", {"slug": slug})
    assert answer.status_code == 422 and answer.json["error"]["fields"][0]["field"] == "slug"
    page = ada.page.post("/o/acme/settings/edit", {"name": "Typed Name", "slug": slug})
    assert page.status_code == 422 and b"Typed Name" in page.data
    with pytest.raises(Invalid), acting("ada"):
        domain.edit(slug=slug)
    assert world.digest() == before


def test_somebody_elses_former_address_is_taken(world, ada, rex):
    assert rex.api.patch("iam/organization", {"slug": "rival-two"}).status_code == 200
    assert ada.api.patch("iam/organization", {"slug": "rival"}).status_code == 422


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_name_is_needed_and_has_an_end(world, ada, name):
    before = world.digest()
    assert ada.api.patch("iam/organization", {"name": name}).status_code == 422
    assert ada.page.post("/o/acme/settings/edit", {"name": name, "slug": "acme"}).status_code == 422
    assert world.digest() == before


@pytest.mark.parametrize("value", ["false", 0, None, "", []])
def test_a_switch_is_true_or_false(world, ada, value):
    before = world.digest()
    answer = ada.api.patch("iam/organization", {"membersEditWorkspaces": value})
    assert answer.status_code == (200 if value is None else 422)
    if value is not None:
        assert world.digest() == before
    assert rows(world, "organizations", id=world.cast.acme.id)[0]["members_edit_workspaces"] is True


def test_members_see_the_details_and_edit_none(world, mel):
    assert mel.page.get("/o/acme/settings").status_code == 200
    assert b"settings/edit" not in mel.page.get("/o/acme/settings").data
    before = world.digest()
    assert mel.page.post("/o/acme/settings/edit", {"name": "Mine", "slug": "mine"}).status_code == 403
    assert mel.api.patch("iam/organization", {"name": "Mine"}).status_code == 403
    assert mel.page.post("/o/acme/settings/delete", {"name": "Acme"}).status_code == 403
    assert world.digest() == before


def test_the_access_page_and_the_api_say_what_the_table_says(mel):
    told = {row["key"]: row for row in mel.api_with("member").get("iam/permissions").json["data"]}
    assert list(told) == list(table.ROWS)
    page = mel.page.get("/o/acme/access").get_data(as_text=True)
    for row in table.PERMISSIONS:
        assert told[row.key]["admin"] is row.admin and told[row.key]["member"] is row.member
        assert told[row.key]["mine"] is (row.member and not row.manages_people), "a token without the tick"
        assert str(row.does).replace("'", "&#39;") in page


def test_a_refusal_names_the_permission_the_role_and_who_grants_it(ada, mel, cast):
    page = mel.page.get("/o/acme/workspaces/new").get_data(as_text=True)
    answer = mel.api.post("iam/workspaces", {"name": "No"}).json["error"]
    for said in (page, answer["message"]):
        assert "workspaces.create" in said and "add workspaces" in said and "Ada Admin" in said and "member" in said
    assert (answer["permission"], answer["role"], answer["grantedBy"]) == ("workspaces.create", "member", ["Ada Admin"])
    assert "permission" in answer["description"] and answer["requestId"]


def test_the_overview_counts_only_what_one_may_see(world, ada, mel):
    admins, mels = (p.page.get("/o/acme/").get_data(as_text=True) for p in (ada, mel))
    assert "Signing keys" in admins and "Access tokens" in admins
    assert "Signing keys" not in mels and "Access tokens" not in mels
    assert "What happened" in admins and "What happened" not in mels
    for name, kept in (("Media", "media"), ("Live streams", "live_streams")):
        assert tile(admins, name) == tile(mels, name) == everywhere(world, kept) > 0


def test_the_overview_counts_nothing_of_workspaces_one_does_not_see(world, acting, cast, mel):
    with acting("ada"):
        members.edit(cast.people["mel"].member_id, None, [cast.acme.workspaces["development"]])
    page = mel.page.get("/o/acme/").get_data(as_text=True)
    assert tile(page, "Workspace") == 1 and tile(page, "Media") == tile(page, "Live streams") == 0


@pytest.mark.sqlite
def test_the_overview_tells_what_is_on_air_and_for_how_long(acting, cast, ada, mel):
    stream = make(acting, cast.acme.workspaces["production"], "Evening news")
    assert "Evening news" not in ada.page.get("/o/acme/").text.partition("On air now")[2].partition("</section>")[0]
    on_air(acting, stream, viewers=3)
    for person in (ada, mel):
        page = person.page.get("/o/acme/").text
        assert (
            "On air now" in page
            and "Evening news</span>" in page
            and "/live/now.jpg" in page
            and "3 viewers" in page
            and "data-running=" in page
        )


@pytest.mark.sqlite
def test_the_overview_tells_what_needs_attention_to_who_can_mend_it(world, cast, ada, mel):
    name = "Needs attention"
    change(world, "media", {"id": cast.acme.shelf.media}, status="Failed", title="Broken", failure="No picture in it.")
    change(world, "webhooks", {"organization_id": cast.acme.id}, failures=7)
    change(world, "invitations", {"organization_id": cast.acme.id}, expires_at=now() + timedelta(hours=3))
    change(world, "organizations", {"id": cast.acme.id}, require_second_factor=False)
    page = ada.page.get("/o/acme/").text
    for said in (name, "Broken could not be", "No picture in it.", "7 deliveries in a row failed", "soon or ended"):
        assert said in page
    members_page = mel.page.get("/o/acme/").text
    assert name not in members_page and "No picture in it." not in members_page


@pytest.mark.sqlite
def test_a_disk_that_is_nearly_full_is_told_to_who_can_empty_it(ada, mel, monkeypatch):
    said = "The server's disk is nearly full"
    monkeypatch.setattr(room, "LITTLE", 0)
    assert said not in html.unescape(ada.page.get("/o/acme/").text)
    monkeypatch.setattr(room, "LITTLE", 1 << 62)
    assert said in html.unescape(ada.page.get("/o/acme/").text)
    assert said not in html.unescape(mel.page.get("/o/acme/").text)


@pytest.mark.sqlite
def test_what_failed_long_ago_needs_no_attention_any_more(world, cast, ada):
    old = now() - timedelta(days=31)
    change(world, "media", {"id": cast.acme.shelf.media}, status="Failed", title="Broken", created_at=old)
    assert "Broken could not be made ready" not in ada.page.get("/o/acme/").text


@pytest.mark.sqlite
def test_the_overview_shows_the_latest_media_of_the_workspace_one_is_in(cast, ada):
    assert f"/o/acme/media/{cast.acme.shelf.media}" in ada.page.get("/o/acme/").text
    ada.page.get(f"/o/acme/media/?workspace={cast.acme.workspaces['development']}")
    assert f"/o/acme/media/{cast.acme.shelf.media}" not in ada.page.get("/o/acme/").text


def tile(page, name):
    """The number under that name on the overview."""
    return int(re.search(rf'<strong class="num">(\d+)</strong> {name}</a>', page)[1])


def everywhere(world, name):
    """How many rows acme's workspaces hold."""
    return sum(row["workspace_id"] in world.cast.acme.workspaces.values() for row in rows(world, name))


def test_two_organizations_of_one_person_do_not_mix(world, ada, cast):
    assert ada.page.post("/organizations/new", {"name": "Ada's Other"}).status_code == 303
    page = ada.page.get("/o/ada-s-other/members/").get_data(as_text=True)
    assert "ada@ada.example" in page and "mel@mel.example" not in page
    assert ada.page.get(f"/o/ada-s-other/workspaces/{cast.acme.workspace}").status_code == 404
    assert ada.page.get(f"/o/ada-s-other/members/{cast.acme.members['mel']}/edit").status_code == 404


FIRST = (
    "Invite a teammate",
    "Upload a first video",
    "Create an access token for a script",
    "second factor",
    "Set up mail",
)


@pytest.mark.sqlite
def test_the_first_steps_are_what_one_may_do_and_has_not_done(world, ada, mel, sam):
    assert [step in mel.page.get("/o/acme/").text for step in FIRST] == [False, False, False, True, False]
    page = ada.page.get("/o/acme/").text
    assert all(step in page for step in FIRST) and "3 of 5 done" in page
    assert 'href="/account/second-factor"' in page
    assert page.count('href="/o/acme/access-tokens/new"') == 1, (
        "it stands in the menu of what can be made, and is no step"
    )
    sam.page.post("/organizations/new", {"name": "Fresh"})
    assert "0 of 5 done" in sam.page.get("/o/fresh/").text
    sam.page.post("/o/fresh/members/invitations/new", {"emails": "a@b.example", "role": "member", "access": "all"})
    assert "1 of 5 done" in sam.page.get("/o/fresh/").text


@pytest.mark.sqlite
def test_the_first_steps_can_be_hidden_and_brought_back_by_oneself_alone(world, ada, mel):
    answer = ada.page.post("/account/checklist", {"hide": "y", "org": "acme"})
    assert (answer.status_code, answer.location) == (303, "/o/acme/")
    page = ada.page.get("/o/acme/").text
    assert "Upload a first video" not in page and "Show the first steps (2 left)" in page
    assert "First steps" in mel.page.get("/o/acme/").text
    assert ada.page.post("/account/checklist", {"org": "rival"}).location == "/account"
    assert "Upload a first video" in ada.page.get("/o/acme/").text
