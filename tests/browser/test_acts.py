"""How many acts the commonest work of an admin takes: a click, or a text that is typed or pasted, is one.

A role change and one invite are counted in `test_people.py`, a film that becomes private in `test_media_journey.py`.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from fastpix.db import db
from fastpix.resources.members.models import Member
from fastpix.resources.people import domain as people
from fastpix.resources.people.models import Person
from tests.browser.looking import Watch
from tests.cast import acting_as

COUNT = 20
# As Outlook gives them.
PASTED = "; ".join(f'"Guest, Number {number}" <guest{number}@acts.example>' for number in range(50))


def many(cast):
    """Twenty members besides the cast."""
    with acting_as(cast, "ada"):
        for number in range(COUNT):
            email, name = f"person{number}@acts.example", f"Person {number}"
            person = Person(email=email, email_canonical=email, name=name, name_folded=name.lower())
            db.session.add(person)
            db.session.flush()
            db.session.add_all(people.words_of(person.id, name, email))
            db.session.add(Member(person_id=person.id, role="member"))
        db.session.flush()


@pytest.fixture(scope="module")
def site(servers):
    server = servers()
    server.cast = server.seed(many)
    return server.start_web()


@pytest.mark.parametrize("width", [1280, 360])
def test_all_links_of_fifty_invites_are_copied_in_one(site, visit, width):
    page = visit(site, session=site.cast.people["ada"].session, viewport={"width": width, "height": 800})
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.url)
    watch = Watch(page, site)
    page.goto("/o/acme/members/invitations/new")
    page.get_by_label("E-mail addresses").fill(PASTED.replace("@acts", f"@acts{width}"))
    page.get_by_role("main").get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_label("All links")).to_be_visible()
    page.locator("button[data-copy=links]").click()
    page.wait_for_function("document.querySelector('button[data-copy=links]').innerText.includes('Copied')")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.count("http") == 50, copied[:300]
    assert f"guest49@acts{width}.example" in copied
    assert watch.found == []


def test_twenty_people_are_removed_in_three(site, visit):
    page = visit(site, session=site.cast.people["ada"].session)
    page.goto("/o/acme/members/?q=acts.example")
    expect(page.get_by_role("link", name="Person 19", exact=True)).to_be_visible()
    page.get_by_role("checkbox", name="Choose all shown").check()  # 1
    page.locator(".bulk").get_by_role("button", name="Remove").click()  # 2
    page.get_by_role("button", name=f"Remove {COUNT} people").click()  # 3
    expect(page.get_by_text(f"{COUNT} people were removed.")).to_be_visible()


def test_without_scripts_the_ticked_are_removed_by_the_same_page(site, visit):
    page = visit(site, session=site.cast.people["ada"].session, script=False)
    page.goto("/o/acme/members/?q=dana")
    page.get_by_role("checkbox", name="Choose Dana Demoted", exact=True).check()
    page.locator(".bulk").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("heading", name="Remove 1 person?")).to_be_visible()
    expect(page.get_by_role("button", name="Remove 1 person")).to_be_visible()


def test_workspaces_of_somebody_are_changed_without_leaving_the_list(site, visit):
    page = visit(site, session=site.cast.people["ada"].session)
    watch = Watch(page, site)
    page.goto("/o/acme/members/?sort=name")
    row = page.get_by_role("row").filter(has_text="Mel Member")
    row.get_by_role("link", name="change the workspaces of Mel Member").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    dialog.get_by_role("radio", name="Only these").check()
    dialog.get_by_role("checkbox", name="development").check()
    dialog.locator("button[type=submit], button:not([type])").last.click()
    expect(page.get_by_text("Mel Member is now")).to_be_visible()
    assert "sort=name" in page.url
    expect(page.get_by_role("row").filter(has_text="Mel Member")).to_contain_text("development")
    assert watch.found == []
