"""The page of a person: what they may do, what is theirs, and what they did, each for who may see it."""

from __future__ import annotations

import html
import uuid

import pytest

pytestmark = pytest.mark.sqlite


def text_of(answer):
    assert answer.status_code == 200, answer.status_code
    return html.unescape(answer.get_data(as_text=True))


def test_an_admin_sees_what_somebody_may_holds_and_did(ada, mel, cast):
    member = cast.acme.members["mel"]
    ada.page.post(f"/o/acme/members/{member}/edit", {"role": "member", "access": "these", "workspaces": str(cast.acme.workspace)})  # fmt: skip
    page = text_of(ada.page.get(f"/o/acme/members/{member}?back=role%3Dmember"))
    assert "Mel Member" in page and cast.people["mel"].email in page
    assert 'href="/o/acme/members/?role=member"' in page, "the way back is to where one was"
    assert "See workspaces" in page and "Invite people" not in page.split('id="may"')[1].split("</section>")[0]
    assert "What was changed about Mel Member" in page and "Second factor" in page
    assert f"/members/{member}/edit" in page and f"/members/{member}/remove" in page
    mine = text_of(ada.page.get(f"/o/acme/members/{cast.acme.members['ada']}"))
    assert "What Ada Admin did last" in mine and "What is theirs here" in mine and "Signing key in" in mine
    assert "The only admin here." in mine and "Leave organization" in mine


def test_a_member_sees_people_and_nothing_of_what_they_hold(mel, cast):
    page = text_of(mel.page.get(f"/o/acme/members/{cast.acme.members['ada']}"))
    assert "Ada Admin" in page and "Invite people" in page, "what an admin may do is no secret"
    for hidden in ("did last", "What is theirs", "Second factor</dt>", "Edit access", "/remove"):
        assert hidden not in page, hidden


def test_nobody_of_another_house_is_found(ada, rex, cast):
    assert rex.page.get(f"/o/rival/members/{cast.acme.members['ada']}").status_code == 404
    assert ada.page.get(f"/o/acme/members/{uuid.uuid4()}").status_code == 404


def test_the_list_and_the_search_lead_there(ada, mel, cast):
    url = f"/o/acme/members/{cast.acme.members['mel']}"
    for who in (ada, mel):
        assert f'href="{url}"' in text_of(who.page.get("/o/acme/members/"))
        assert f'href="{url}"' in text_of(who.page.get("/o/acme/search/", query_string={"q": "mel"}))
