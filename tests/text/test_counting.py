"""Numbers of things are written as people write them, in the code, in templates and on pages that show one or none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fastpix.text.counting import counted
from tests.resources.members.test_query_counts import fill

PACKAGE = Path(__file__).resolve().parents[2] / "fastpix"
THINGS = (
    "members|invites|keys|tokens|files|playlists|webhooks|streams|people|workspaces|admins|rows|events|addresses|codes|passkeys|"
    "sessions|jobs|mails|uploads|chains|proxies|checks"
)
# A number written right before the plural of a thing, in Python or in a template, without `counted` or a look at 1.
BARE = re.compile(rf"(?:\{{\{{? *[\w.]+(?:\|length|:[.\w]+)? *\}}?\}}|%d) (?:{THINGS})\b")
# Whose number is a limit, or where 1 was looked at in the lines before.
NEVER_ONE = {
    "webhooks/domain.py", "accounts/passkeys.py", "backup/move.py", "invitations/domain.py", "uploads/domain.py",
    "system/templates/system/index.html",
}  # fmt: skip


def test_one_two_and_none():
    assert [counted(count, "playlist") for count in (0, 1, 2, 1200)] == [
        "no playlist",
        "1 playlist",
        "2 playlists",
        "1,200 playlists",
    ]
    assert counted(2, "media", "media") == "2 media" and counted(3, "proxy", "proxies") == "3 proxies"


def test_no_number_stands_before_a_plural_without_a_look_at_it():
    found = {}
    for path in [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.html")]:
        name = path.relative_to(PACKAGE).as_posix()
        if not any(name.endswith(each) for each in NEVER_ONE) and (hits := BARE.findall(path.read_text())):
            found[name] = hits
    assert found == {}


@pytest.mark.sqlite
def test_pages_count_one_and_none(world, ada, cast):
    page = ada.page.get(f"/o/acme/workspaces/{cast.acme.workspace}/delete").text
    assert (
        "<li>1 playlist</li>" in page
        and "<li>1 webhook</li>" in page
        and not re.search(r"<li>1 \w+s</li>|<li>0 ", page)
    )
    ada.api.post("iam/workspaces", {"name": "Hollow"})
    hollow = next(w for w in ada.api.get("iam/workspaces").json["data"] if w["name"] == "Hollow")
    assert (
        "It holds no media, live streams, playlists, keys, tokens or webhooks"
        in ada.page.get(f"/o/acme/workspaces/{hollow['id']}/delete").text
    )


@pytest.mark.sqlite
def test_a_receipt_of_nothing_is_a_sentence_and_knows_whether_mail_is_set_up(world, ada, cast):
    fill(world, 1, limited=0)
    (dana,) = (row["id"] for row in ada.api.get("iam/members?query=person").json["data"])
    before = ada.page.get(f"/o/acme/members/{dana}/remove").text
    assert "Nothing else" in before and "none of their own" not in before
    ada.page.post(f"/o/acme/members/{dana}/remove", {})
    receipt = ada.page.get(f"/o/acme/members/{dana}/receipt").text
    assert "None" not in receipt and "Nothing else hung on it" in receipt
    assert "where mail is set up" not in receipt and "Mail is not set up here" in receipt
    resend = ada.page.get(f"/o/acme/members/invitations/{cast.acme.invitation}/resend").text
    assert "where mail is set up" not in resend and "mail is not set up here" in resend


@pytest.mark.sqlite
def test_a_review_of_no_keys_does_not_say_that_all_were_used(world, ada, cast):
    ada.page.post(f"/o/acme/signing-keys/{cast.acme.signing_key}/delete", {})
    review = ada.page.get("/o/acme/access-review/").text
    assert "Every signing key was used" not in review
