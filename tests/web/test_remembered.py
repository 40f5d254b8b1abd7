"""Where somebody was stays with them: the menu on pages of no organization, the chosen workspace, the filter of a list."""

from __future__ import annotations

import re

import pytest

from fastpix.accounts import operator

pytestmark = pytest.mark.sqlite

OUTSIDE = (
    "/account",
    "/account/sessions",
    "/account/password",
    "/account/second-factor",
    "/docs",
    "/organizations/new",
)
MENU = 'aria-label="Main"'


def menu_of(door, path):
    page = door.page.get(path).text
    return re.findall(
        r'class="nav-item-link" href="([^"]+)"', page.partition('<nav class="side"')[2].partition("</nav>")[0]
    )


@pytest.mark.parametrize("path", OUTSIDE)
def test_pages_of_no_organization_keep_the_menu_of_the_one_one_came_from(ada, mel, path):
    for door in (ada, mel):
        of_organization = menu_of(door, "/o/acme/")
        if door.page.get(path).status_code == 404:
            pytest.skip(f"{path} is not there")
        assert menu_of(door, path) == of_organization and "/o/acme/members/" in of_organization
        assert "· Acme ·" not in door.page.get(path).text.partition("</title>")[0]
    assert "/o/acme/signing-keys/" in menu_of(ada, path) and "/o/acme/signing-keys/" not in menu_of(mel, path)


def test_the_system_page_keeps_it_too(world, ada):
    with world.app.app_context():
        operator.set_operator("ada@ada.example", True)
        from fastpix.db import db

        db.session.commit()
    ada.page.get("/o/acme/")
    assert "/o/acme/members/" in menu_of(ada, "/system")


def test_of_several_organizations_it_is_the_last_one_and_none_before_any(world, ada, rex, cast):
    """And never one that somebody is not in, whatever their browser says."""
    ada.page.get("/o/acme/")
    with ada.page.client.session_transaction() as kept:
        kept["organization"] = "rival"
    assert all(link.startswith(("/o/acme/", "/docs")) for link in menu_of(ada, "/account")), "the only one she has"
    assert menu_of(rex, "/account")[0].startswith("/o/rival/")


def test_what_one_may_make_is_offered_on_every_page_of_the_organization(ada, mel):
    for path in ("/o/acme/", "/o/acme/usage/"):
        assert "Invite people</a>" in ada.page.get(path).text.partition('aria-label="New"')[2].partition("</nav>")[0]
        assert 'aria-label="New"' not in mel.page.get(path).text


def test_the_words_by_which_a_list_is_restricted_have_a_way_out(ada):
    page = ada.page.get("/o/acme/members/?q=ada&role=admin").text
    chips = page.partition('class="filter-chips"')[2].partition("</div>")[0]
    assert 'href="/o/acme/members/?role=admin">“ada”' in chips and 'href="/o/acme/members/?q=ada">Admins' in chips


def test_who_signed_out_has_no_menu(anonymous):
    assert menu_of(anonymous, "/docs") == []


def test_the_chosen_workspace_stays_chosen_in_lists_and_forms(ada, cast):
    ada.api.post("iam/workspaces", {"name": "Zoo"})
    zoo = next(each["id"] for each in ada.api.get("iam/workspaces").json["data"] if each["name"] == "Zoo")
    chosen = f'<option value="{zoo}" selected>'
    lists = ("media/", "live/", "playlists/", "webhooks/", "signing-keys/", "access-tokens/", "usage/")
    assert not any(chosen in ada.page.get(f"/o/acme/{path}").text for path in lists)
    assert chosen in ada.page.get(f"/o/acme/media/?workspace={zoo}").text
    assert {path for path in lists if chosen not in ada.page.get(f"/o/acme/{path}").text} == set()
    for form in ("playlists/new", "webhooks/new", "live/new", "signing-keys/new", "access-tokens/new"):
        assert re.search(
            rf'value="{zoo}"[^>]*(selected|checked)|(selected|checked)[^>]*value="{zoo}"',
            ada.page.get(f"/o/acme/{form}").text,
        ), form
    assert chosen not in ada.page.get("/o/acme/audit/").text, "the log is shown whole"
    ada.page.get("/o/acme/playlists/?workspace=")
    assert chosen not in ada.page.get("/o/acme/webhooks/").text, "all of them is a choice, too"


def test_a_workspace_that_is_gone_or_foreign_is_not_remembered(ada, cast):
    ada.api.post("iam/workspaces", {"name": "Zoo"})
    zoo = next(each["id"] for each in ada.api.get("iam/workspaces").json["data"] if each["name"] == "Zoo")
    ada.page.get(f"/o/acme/playlists/?workspace={zoo}")
    ada.page.get(f"/o/acme/playlists/?workspace={cast.rival.workspace}")
    with ada.page.client.session_transaction() as kept:
        assert kept["workspaces"] == {"acme": zoo}
    assert ada.api.delete(f"iam/workspaces/{zoo}").status_code in (200, 204)
    assert "The acme clip" in ada.page.get("/o/acme/media/").text


def test_a_saved_role_leads_back_to_the_list_as_it_was(ada, cast):
    mel = cast.acme.members["mel"]
    listed = ada.page.get("/o/acme/members/?q=mel&role=member").text
    edit, remove = (
        re.search(rf'href="(/o/acme/members/{mel}/{what}[^"]*)"', listed)[1].replace("&amp;", "&")
        for what in ("edit", "remove")
    )
    assert 'href="/o/acme/members/?q=mel&amp;role=member"' in ada.page.get(edit).text, "Cancel"
    assert 'href="/o/acme/members/?q=mel&amp;role=member"' in ada.page.get(remove).text
    saved = ada.page.post(edit, {"role": "member", "access": "all"})
    assert saved.location == "/o/acme/members/?q=mel&role=member"
    receipt = ada.page.get(ada.page.post(remove, {}).location).text
    assert 'href="/o/acme/members/?q=mel&amp;role=member"' in receipt
    plain = ada.page.get("/o/acme/members/").text
    assert "back=" not in plain


@pytest.mark.parametrize(
    "back",
    ["https://evil.example", "//evil.example", "x=1&next=https://evil.example", "\0", "q=" + "a" * 9000, "q=%00"],
)
def test_back_leads_nowhere_else(ada, cast, back):
    mel = cast.acme.members["dana"]
    answer = ada.page.get(f"/o/acme/members/{mel}/edit", query_string={"back": back})
    assert answer.status_code == 200
    (cancel,) = re.findall(r'<a class="btn btn-link" href="([^"]+)">Cancel', answer.text)
    assert cancel.startswith("/o/acme/members/") and "evil" not in cancel
    assert ada.page.get(cancel.replace("&amp;", "&")).status_code == 200
