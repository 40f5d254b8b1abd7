"""The audit log's page, file and operation: admins alone, filters in the address, pages that do not count."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from uuid import UUID

import pytest

from fastpix.access import table
from fastpix.db import now
from fastpix.resources.audit import presentation, queries, sentences
from tests.access.test_fresh_steps import go_on, grow_stale, is_asked
from tests.stories.tables import change, rows

PAGE = "/o/acme/audit/"


def of_acme(world):
    found = rows(world, "audit_log", chain=world.cast.acme.id)
    return sorted(found, key=lambda row: -row["number"])


@pytest.fixture
def many(world, ada):
    """More rows than two pages hold, newest first."""
    for number in range(60):
        ada.api.patch("iam/organization", {"name": f"Acme {number}"})
    return of_acme(world)


def numbers(text):
    return [int(part.split("<")[0]) for part in text.split("No. ")[1:]]


@pytest.mark.sqlite
def test_pages_lead_from_newest_to_oldest_and_back(many, ada):
    seen, url, ways = [], PAGE, []
    while url:
        text = ada.page.get(url).text
        seen += numbers(text)
        ways.append(url)
        url = _link(text, "Older")
    assert seen == [row["number"] for row in many]
    back, url = [], ways[-1]
    while url:
        text = ada.page.get(url).text
        back = numbers(text) + back
        url = _link(text, "Newer")
    assert sorted(back) == sorted(seen)
    assert f"of {len(many)} shown" in ada.page.get(PAGE).text


def _link(text, label):
    before, found, _ = text.partition(f"<span>{label}</span>")
    return before.rpartition('href="')[2].partition('"')[0].replace("&amp;", "&") if found else ""


FILTERS = {
    "actor": lambda world: ("actor_id", str(world.cast.people["ada"].tokens["people"].id)),
    "action": lambda world: ("action", "workspaces.create"),
    "result": lambda world: ("result", "denied"),
    "door": lambda world: ("door", "api"),
    "kind": lambda world: ("target_kind", "workspace"),
    "thing": lambda world: ("target_id", str(world.cast.acme.workspace)),
    "workspace": lambda world: ("workspace_id", world.cast.acme.workspace),
}
WIRE = {"actor": "actorId", "kind": "targetKind", "thing": "targetId", "workspace": "workspaceId"}


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_gives_exactly_its_rows_on_page_api_and_in_files(world, ada, mel, name):
    ada.api.post("iam/workspaces", {"name": "Staging"})
    ada.api.patch(f"iam/workspaces/{world.cast.acme.workspace}", {"description": "Ours"})
    mel.page.get("/o/acme/signing-keys/")
    column, value = FILTERS[name](world)
    expected = [row["number"] for row in of_acme(world) if row[column] == value]
    assert expected
    page = ada.page.get(f"{PAGE}?{name}={value}")
    assert numbers(page.text) == expected[: queries.PAGE]
    listed = ada.api.get(f"iam/audit?limit=50&{WIRE.get(name, name)}={value}").json
    assert [row["number"] for row in listed["data"]] == expected[:50]
    assert listed["pagination"]["totalRecords"] == len(expected)
    assert exported(ada.page.post(f"{PAGE}export?form=jsonl&{name}={value}")) == expected


def exported(answer):
    """The numbers of the rows in a file of JSON Lines, without the row of the export itself."""
    found = [json.loads(line) for line in answer.text.splitlines()]
    return [row["number"] for row in found if row["action"] != "audit.export"]


def test_an_export_is_a_row_itself_and_asks_who_one_is(world, ada):
    assert ada.page.post(f"{PAGE}export?form=jsonl&door=api").status_code == 200
    (row,) = [r for r in rows(world, "audit_log", action="audit.export") if r["result"] == "done"]
    assert row["after"] == {"filter": {"door": "api"}} and row["door"] == "dashboard"
    grow_stale(world)
    answer = ada.page.post(f"{PAGE}export?form=jsonl&result=done")
    assert is_asked(answer)
    assert exported(go_on(ada.page, f"{PAGE}export?form=jsonl&result=done", answer))
    assert ada.page.get(f"{PAGE}export").status_code == 405


def test_an_area_is_all_its_actions(world, ada):
    ada.api.post("iam/workspaces", {"name": "Staging"})
    expected = [row["number"] for row in of_acme(world) if row["action"].startswith("workspaces.")]
    assert [row["number"] for row in ada.api.get("iam/audit?limit=50&action=workspaces").json["data"]] == expected


def test_days_are_whole_and_include_the_last(world, ada, many):
    old = many[-1]
    change(world, "audit_log", {"id": old["id"]}, at=now() - timedelta(days=10))
    today = f"{now():%Y-%m-%d}"

    def found(query):
        return ada.api.get(f"iam/audit?{query}").json["pagination"]["totalRecords"]

    past = f"{now() - timedelta(days=10):%Y-%m-%d}"
    assert found(f"since={today}&until={today}") == len(many) - 1
    assert found(f"since={past}&until={past}") == 1
    assert found("since=2999-01-01") == 0 and found("until=9999-12-31") == len(many)


def test_the_api_pages_by_number(world, ada, many):
    pages = [ada.api.get(f"iam/audit?limit=50&offset={n}").json for n in (1, 2)]
    assert [row["number"] for page in pages for row in page["data"]] == [row["number"] for row in many][:100]
    assert pages[0]["pagination"]["totalRecords"] == len(many)
    assert ada.api.get("iam/audit?result=maybe").status_code == 422


@pytest.mark.sqlite
@pytest.mark.parametrize("query", ["older=x", "older=-1", "newer=99999999999999999999", "since=never", "workspace=%00",
                                   "actor=%00", "kind=%00", "until=2999-13-13", "result=nothing"])  # fmt: skip
def test_nonsense_in_the_address_breaks_nothing(ada, query):
    assert ada.page.get(f"{PAGE}?{query}").status_code == 200
    assert ada.page.post(f"{PAGE}export?{query}").status_code == 200


def test_members_see_nothing_of_it_and_the_try_is_told(world, mel, ada):
    assert "/o/acme/audit/" not in mel.page.get("/o/acme/").text
    assert "/o/acme/audit/" in ada.page.get("/o/acme/").text
    assert mel.page.get(PAGE).status_code == 403 and mel.page.post(f"{PAGE}export").status_code == 403
    assert mel.api.get("iam/audit").status_code == 403
    told = rows(world, "audit_log", result="denied", action="audit.view")
    assert sorted(row["door"] for row in told) == ["api", "dashboard"]
    assert ada.page.get(f"{PAGE}?result=denied").text.count("chip bad") == 3


def test_nobody_sees_another_organizations_rows(world, rex, ada):
    ada.api.post("iam/workspaces", {"name": "Hidden from Rex"})
    assert "Hidden from Rex" not in rex.page.get("/o/rival/audit/").text + rex.page.post("/o/rival/audit/export").text
    assert {row["id"] for row in rex.api.get("iam/audit?limit=50").json["data"]} == {
        str(row["id"]) for row in rows(world, "audit_log", chain=world.cast.rival.id)
    }


def test_a_token_of_one_workspace_sees_no_other_workspaces_rows(world, doors, ada):
    elsewhere = ada.api.post("iam/workspaces", {"name": "Elsewhere"}).json["data"]["id"]
    change(world, "audit_log", {"target_name": "Elsewhere"}, workspace_id=UUID(elsewhere))
    plain = doors("ada").api_with("admin").get("iam/audit?limit=50").json["data"]
    assert plain and all(row["workspaceId"] in (None, str(world.cast.acme.workspace)) for row in plain)
    assert "Elsewhere" in {row["targetName"] for row in ada.api.get("iam/audit?limit=50").json["data"]}


def test_before_and_after_can_be_unfolded(ada):
    ada.api.patch("iam/organization", {"name": "Acme anew"})
    text = ada.page.get(PAGE).text
    assert "<details" in text and "<strong>Acme anew</strong>" in text


@pytest.mark.sqlite
def test_cells_of_the_csv_are_no_formulas(world, ada):
    for name in ("=1+1", "+1", "-1", "@A1", "Ñandú 東京"):
        ada.api.post("iam/workspaces", {"name": name})
    sent = ada.page.post(f"{PAGE}export").data
    assert sent.startswith(b"\xef\xbb\xbf"), "Excel takes a file without this mark for one of its own old encodings"
    found = list(csv.DictReader(io.StringIO(sent.decode("utf-8-sig"))))
    assert "Ñandú 東京" in {row["target_name"] for row in found}
    assert len(found) == len(of_acme(world))
    names = {row["target_name"] for row in found}
    assert {"'=1+1", "'+1", "'-1", "'@A1"} <= names
    assert not [cell for row in found for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


@pytest.mark.sqlite
def test_an_export_is_read_bit_by_bit(world, ada, many, monkeypatch):
    monkeypatch.setattr(queries, "BATCH", 7)
    answer = ada.page.post(f"{PAGE}export?form=jsonl")
    assert exported(answer) == [row["number"] for row in many]
    name = f"acme-audit-{now().date()}.jsonl"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert not answer.headers.get("Content-Length")


@pytest.mark.sqlite
def test_a_filtered_list_is_not_counted_to_its_end(ada, many, monkeypatch):
    monkeypatch.setattr(queries, "MOST_COUNTED", 30)
    assert "of more than 30 shown" in ada.page.get(f"{PAGE}?door=api").text


def test_every_action_has_words():
    from fastpix.access.action import ACTIONS

    known = presentation.actions()
    assert [a.key for a in ACTIONS.values() if not a.is_personal and a.key not in known] == []


def test_every_action_is_said_in_words():
    assert set(sentences.PERSONAL) == set(table.PERSONAL), "a key is no sentence"
    row = {"target_kind": "thing", "target_id": "7", "target_name": "It", "before": {}, "after": {}}
    for action in (*table.ROWS, *table.PERSONAL, *sentences.OWN):
        for result in presentation.RESULTS:
            said = sentences.of(row | {"action": action, "result": result})
            assert action not in " ".join(said) and "_" not in said.lead


SAID = [
    ("members.edit", "member", {"role": "member"}, {"role": "admin"}, "made It an admin"),
    ("members.edit", "member", {"role": "member", "workspaces": "all"}, {"role": "member", "workspaces": []},
     "changed the workspaces of It"),
    ("members.remove", "member", {"role": "member"}, {}, "removed It from the organization"),
    ("members.leave", "member", {"role": "member"}, {}, "left the organization"),
    ("invitations.accept", "member", {}, {"role": "admin"}, "joined as an admin"),
    ("members.invite", "invitation", {}, {"role": "member", "invitations": {}}, "invited It as a member"),
    ("members.invite", "invitation", {}, {"expires_at": "x"}, "made a new link for the invite of It"),
    ("members.uninvite", "invitation", {"role": "member"}, {}, "withdrew the invite of It"),
    ("live_streams.edit", "live_stream", {"metadata": {"name": "A"}}, {"metadata": {"name": "B"}},
     "renamed the live stream A to B"),
    ("live_streams.edit", "live_stream", {"status": "idle"}, {"status": "disabled"}, "disabled the live stream It"),
    ("media.edit", "media", {"title": "A"}, {"title": "B"}, "renamed the media A to B"),
    ("media.edit", "media", {"privacy": "public"}, {"privacy": "private"}, "made the media It private"),
    ("media.create", "media", {}, {"source": "upload"}, "uploaded the media It"),
    ("media.delete", "media", {"title": "It"}, {}, "deleted the media It"),
    ("media.delete", "playlist", {"name": "It"}, {}, "deleted the playlist It"),
    ("media.edit", "playback_id", {}, {"policy": "public"}, "added a public playback id to It"),
    ("access_tokens.create", "access_token", {"owner": "A"}, {"owner": "B"}, "took over the access token It"),
    ("webhooks.edit", "webhook", {}, {"secret": "rotated"}, "rotated the secret of the webhook to It"),
    ("invitations.accept", "invitation", {}, {"asked_for": "me@x.example"},
     "asked for an invite to me@x.example instead of It"),
    ("account.sign_in", "session", {}, {"confirmed_with": "password"}, "confirmed who they are"),
    ("organizations.edit", "organization", {"name": "A"}, {"name": "A"}, "changed the settings of It"),
]  # fmt: skip


@pytest.mark.parametrize(("action", "kind", "before", "after", "words"), SAID)
def test_a_row_is_a_sentence_of_people_and_things(action, kind, before, after, words):
    row = {
        "action": action,
        "target_kind": kind,
        "target_id": "7",
        "target_name": "It",
        "before": before,
        "after": after,
    }
    assert " ".join(filter(None, sentences.of(row | {"result": "done"}))) == words


def test_what_was_denied_says_what_was_tried(mel, ada):
    mel.page.get("/o/acme/signing-keys/")
    text = " ".join(ada.page.get(f"{PAGE}?result=denied").text.split())
    assert "was not allowed to see signing keys" in text


def test_the_history_of_one_thing_is_a_click_on_its_name(world, ada):
    made = ada.api.post("iam/workspaces", {"name": "Staging"}).json["data"]["id"]
    ada.api.post("iam/workspaces", {"name": "Another"})
    ada.api.patch(f"iam/workspaces/{made}", {"name": "Stage"})
    assert f'href="{PAGE}?thing={made}"' in ada.page.get(PAGE).text
    text = " ".join(ada.page.get(f"{PAGE}?thing={made}").text.split())
    assert "renamed the workspace Staging to" in text and "History of Stage" in text and "Another</a>" not in text
    assert f'<a class="chip plain accent" href="{PAGE}">' in text, "the chip's cross takes the filter away"


@pytest.mark.sqlite
def test_each_chip_takes_its_own_filter_away(ada):
    text = ada.page.get(f"{PAGE}?door=api&result=done").text
    assert f'href="{PAGE}?result=done">API' in text and f'href="{PAGE}?door=api">Done' in text


@pytest.mark.sqlite
def test_what_was_done_to_a_part_is_said_of_the_part_and_not_of_the_media(world, ada, cast):
    """The permission of a playlist is the media's; "Create media" would be another deed."""
    lists = "/v1/on-demand/playlists"
    made = ada.api.post(lists, {"name": "Talks", "referenceId": "talks", "type": "manual"}).json["data"]["id"]
    media = str(cast.acme.shelf.media)
    ada.api.patch(f"{lists}/{made}/media", {"mediaIds": [media]})
    ada.api.open("PUT", f"{lists}/{made}/media", json={"mediaIds": [media]})
    ada.api.open("PUT", f"{lists}/{made}", json={"name": "More talks", "description": ""})
    ada.api.open("DELETE", f"{lists}/{made}/media", json={"mediaIds": [media]})
    ada.api.delete(f"{lists}/{made}")
    told = [sentences.of(row) for row in reversed(of_acme(world)) if row["after"] or row["before"]]
    assert [f"{said.lead} {said.name}" for said in told[-6:]] == [
        "created the playlist Talks", "added media to the playlist Talks", "reordered the playlist Talks",
        "renamed the playlist Talks to More talks", "took media out of the playlist More talks",
        "deleted the playlist More talks",
    ]  # fmt: skip
