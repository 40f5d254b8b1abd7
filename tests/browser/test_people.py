"""The list of people: a role is changed in the row and back by one button, and somebody is invited without leaving it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.looking import AXE, RUN_AXE, Watch


@pytest.fixture(scope="module")
def site(servers):
    server = servers()
    server.cast = server.seed()
    return server.start_web()


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("script", [True, False], ids=["with scripts", "without"])
def test_a_role_is_changed_in_two_acts_and_back_in_one(site, visit, script, width):
    page = visit(site, session=site.cast.people["ada"].session, script=script, viewport={"width": width, "height": 800})
    watch = Watch(page, site)
    page.goto("/o/acme/members/?sort=name")
    row = page.get_by_role("row").filter(has_text="Mel Member")
    row.get_by_role("button", name="Member is the role of Mel Member").click()
    box = page.get_by_role("dialog", name="Make Mel Member an admin?")
    expect(box).to_contain_text("manages almost everything")
    if script:
        page.keyboard.press("Escape")
        expect(box).to_be_hidden()
        row.get_by_role("button", name="Member is the role of Mel Member").press("Enter")
        page.evaluate(AXE)
        assert page.evaluate(RUN_AXE, "all") == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    box.get_by_role("button", name="Make admin").click()
    expect(page.get_by_text("Mel Member is now an admin")).to_be_visible()
    assert "sort=name" in page.url, "one is where one was"
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Mel Member is now a member")).to_be_visible()
    assert watch.found == []


@pytest.mark.parametrize("width", [1280, 360])
def test_one_person_is_invited_in_three_acts(site, visit, width):
    page = visit(site, session=site.cast.people["ada"].session, viewport={"width": width, "height": 800})
    watch = Watch(page, site)
    page.goto("/o/acme/members/")
    page.get_by_role("link", name="Invite people").click()
    dialog = page.get_by_role("dialog", name="Invite people")
    expect(dialog.get_by_label("E-mail addresses")).to_be_focused()
    expect(dialog.get_by_text("An admin can invite further people")).to_be_hidden()
    page.evaluate(AXE)
    assert page.evaluate(RUN_AXE, "all") == []
    dialog.get_by_role("radio", name="Admin").check()
    expect(dialog.get_by_text("An admin can invite further people")).to_be_visible()
    expect(dialog.get_by_role("radio", name="Only these")).to_be_hidden()
    dialog.get_by_role("radio", name="Member").check()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("link", name="Invite people").click()  # 1
    page.keyboard.type(f"new{width}@acme.example")  # 2
    dialog.get_by_role("button", name="Invite", exact=True).click()  # 3
    expect(page.get_by_role("row").filter(has_text=f"new{width}@acme.example")).to_contain_text("Invited")
    assert watch.found == []


def test_what_is_wrong_is_told_on_the_page_with_all_that_was_typed(site, visit):
    page = visit(site, session=site.cast.people["ada"].session)
    page.goto("/o/acme/members/")
    page.get_by_role("link", name="Invite people").click()
    dialog = page.get_by_role("dialog", name="Invite people")
    dialog.get_by_label("E-mail addresses").fill("nobody at nowhere")
    dialog.get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("That did not work yet")
    expect(page.get_by_label("E-mail addresses")).to_have_value("nobody at nowhere")


def test_a_chosen_order_acts_at_once(site, visit):
    page = visit(site, session=site.cast.people["ada"].session)
    page.goto("/o/acme/members/")
    page.get_by_role("columnheader").get_by_role("link", name="Name").click()
    page.wait_for_url("**sort=name**")
    assert page.locator("a.person").all_inner_texts() == ["Ada Admin", "Dana Demoted", "Mel Member"]
    page.get_by_role("link", name="Mel Member", exact=True).click()
    expect(page.get_by_role("heading", name="Mel Member", level=1)).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Members").click()
    assert "sort=name" in page.url
