"""Lists: rows are ticked and changed together; on a desktop nothing of a row is cut off, however long its address is. A card that scrolls sideways hides the
buttons at the end of its rows, and most systems show no scrollbar."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from fastpix.db import db
from fastpix.resources.members.invitations import domain as invitations
from fastpix.resources.people.models import Person
from tests.cast import acting_as

LONG = "margarethe.von.hohenlohe-waldenburg-schi@a-long-name-of-a-house.example"
SIZES = ({"width": 1280, "height": 900}, {"width": 1024, "height": 900})
# What is in a card and wider than it, or ends outside of it.
CUT_OFF = """() => [...document.querySelectorAll(".card:has(> .list-table)")].flatMap((card) => {
  const edge = card.getBoundingClientRect().right;
  const outside = [...card.querySelectorAll("table, a, button, time")].filter((e) => e.getBoundingClientRect().right > edge);
  return card.scrollWidth > card.clientWidth || outside.length
    ? [`${card.scrollWidth} in ${card.clientWidth}: ${outside.map((e) => e.textContent.trim().slice(0, 30))}`] : [];
})"""
# The least room a row's name gets, in letters: an ID that breaks after each of its parts cannot be read.
NAMES = """() => Math.min(...[...document.querySelectorAll(".card > .list-table > tbody > tr > th")].map(
  (cell) => cell.getBoundingClientRect().width / parseFloat(getComputedStyle(cell).fontSize)))"""
LISTS = (
    "members/", "members/invitations/", "access-tokens/", "media/?view=list", "signing-keys/", "live/",
    "webhooks/", "playlists/", "workspaces/", "access-review/",
)  # fmt: skip


@pytest.fixture(scope="module")
def site(servers):
    server = servers()

    def also(cast):
        db.session.execute(
            sa.update(Person).where(Person.id == cast.people["mel"].id).values(email=LONG, name=LONG[:38])
        )
        with acting_as(cast, "ada"):
            invitations.invite(["pat-" + LONG], "member")

    server.cast = server.seed(also)
    return server.start_web()


@pytest.mark.parametrize("path", LISTS)
def test_no_list_is_wider_than_its_card(site, visit, path):
    # A zone whose name is long: a script writes the times anew.
    zone = {"timezone_id": "Asia/Kathmandu", "viewport": SIZES[0]}
    page = visit(site, session=site.cast.people["ada"].session, **zone)
    assert page.goto(f"/o/acme/{path}").status == 200
    page.wait_for_load_state()
    for size in SIZES:
        page.set_viewport_size(size)
        assert page.locator(".card > .list-table").count(), "there is no list"
        assert page.evaluate(CUT_OFF) == [], f"cut off at {size['width']}"
        assert page.evaluate(NAMES) > 10, f"no room for names at {size['width']}"


@pytest.mark.parametrize("script", [True, False], ids=["with scripts", "without"])
def test_ticked_people_are_made_admins_and_back_by_one_button(site, visit, script):
    page = visit(site, session=site.cast.people["ada"].session, script=script)
    page.goto("/o/acme/members/")
    bar = page.get_by_role("group", name="With the ticked rows")
    edit = bar.get_by_role("button", name="Edit access")
    if script:
        assert edit.is_disabled(), "nobody is chosen yet"
        page.get_by_label("Choose all shown").check()
        bar.get_by_text("3 chosen:").wait_for()
        page.get_by_label("Choose Ada Admin").uncheck()
        bar.get_by_text("2 chosen:").wait_for()
    else:
        assert not page.get_by_label("Choose all shown").is_visible(), "it would do nothing"
        for name in ("Choose Dana", "Choose marg"):
            page.get_by_label(name).check()
    edit.click()
    page.get_by_role("radio", name="Admin").check()
    page.get_by_role("button", name="Save access").click()
    page.get_by_text("2 people are now admins.").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("2 people are now members.").wait_for()
    assert page.locator("tbody").get_by_text("Admin", exact=True).count() == 1


def test_a_stretch_is_ticked_with_shift(site, visit):
    page = visit(site, session=site.cast.people["ada"].session)
    page.goto("/o/acme/members/")
    boxes = page.locator("input[name=member]")
    boxes.first.click()
    boxes.last.click(modifiers=["Shift"])
    assert all(box.is_checked() for box in boxes.all())
