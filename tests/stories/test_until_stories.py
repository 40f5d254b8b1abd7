"""Access that ends on a day: by the clock alone, told before, never for the last admin, and back when it is extended."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from fastpix.db import now
from fastpix.resources.members.until import domain, jobs, rules
from fastpix.text import zones
from tests.access.persons import Caller, ask
from tests.access.routes import guarded
from tests.access.test_fresh_steps import grow_stale, is_asked
from tests.access.test_races import TOUCHED, rounds, together, two_admins  # noqa: F401  # pytest finds fixtures here
from tests.doors import ApiDoor, Doors
from tests.stories.tables import change, rows

ADA, MEL = "ada@ada.example", "mel@mel.example"


def until(world, key, day, by="ada"):
    path = f"iam/members/{world.cast.acme.members[key]}/until"
    return ApiDoor(world.app, world.cast.people[by].tokens["people"]).post(path, {"endsOn": day})


def end(left):
    """The values of a membership that ends in so long."""
    return {"ends_at": now() + left, "ends_on": (now() + left).date()}


def over(world, key="mel", **more):
    """The day is over. Nothing but the clock did anything."""
    change(world, "members", {"id": world.cast.acme.members[key]}, **end(-timedelta(seconds=1)), **more)


@pytest.mark.full("tests/access/test_suspended.py walks the same way; the check is one")
@pytest.mark.sqlite
@pytest.mark.parametrize("route", [r for r in guarded() if r.is_api or r.in_organization], ids=str)
def test_every_door_of_the_organization_is_closed_when_the_day_is_over(world, cast, route):
    over(world, role="admin")
    before = world.digest()
    for proof in ("people", "member") if route.is_api else ("session",):
        answer, _ = ask(world, route, Caller("mel", proof))
        assert answer.status_code == 403, f"{route} with {proof}: {answer.status_code}"
        assert "has ended" in answer.text and "extend" in answer.text, answer.text
    assert world.digest() == before, f"{route}: something was stored"
    world.reset()


def test_it_ends_without_a_job_and_comes_back_when_it_is_extended(world, ada, mel, cast):
    assert until(world, "mel", "2099-05-31").json["data"]["endsAt"] == "2099-05-31T23:59:59.000000Z"
    assert mel.page.get("/o/acme/").status_code == 200 and mel.api.get("iam/members").status_code == 200
    over(world)
    assert mel.page.get("/o/acme/").status_code == 403 and mel.api.get("iam/members").status_code == 403
    assert "has ended" in mel.page.get("/").text
    assert "Ended" in ada.page.get("/o/acme/members/").text
    assert ada.api.get(f"iam/access-tokens/{cast.acme.tokens['mel people'].id}").json["data"]["status"] == "suspended"
    assert until(world, "mel", None).json["data"]["endsAt"] is None
    assert mel.page.get("/o/acme/").status_code == 200 and mel.api.get("iam/members").status_code == 200


def test_the_day_ends_in_the_time_zone_of_the_organization(world, ada, cast):
    assert ada.api.patch("iam/organization", {"timeZone": "Europe/Berlin"}).status_code == 200
    assert until(world, "mel", "2099-07-01").json["data"]["endsAt"] == "2099-07-01T21:59:59.000000Z"
    assert until(world, "mel", "2099-01-01").json["data"]["endsAt"] == "2099-01-01T22:59:59.000000Z"
    assert ada.api.patch("iam/organization", {"timeZone": "Mars/Base"}).status_code == 422
    page = ada.page.get(f"/o/acme/members/chosen/until?member={cast.acme.members['mel']}&person=1").text
    assert "Europe/Berlin" in page and 'value="2099-01-01"' in page


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Tokyo"])
def test_every_place_names_the_day_that_was_chosen(office, zone):
    """Not that of UTC at its end, nor the viewer's: a script leaves alone what has a title."""
    world, mel = office.world, office.cast.acme.members["mel"]
    ada = Doors(office.app, office.cast.people["ada"])
    assert ada.api.patch("iam/organization", {"timeZone": zone}).status_code == 200
    assert until(world, "mel", "2099-03-01").json["data"]["endsOn"] == "2099-03-01"
    assert {row["endsOn"] for row in ada.api.get("iam/members?status=ending").json["data"]} == {"2099-03-01"}
    listed = ada.page.get("/o/acme/members/").text
    assert re.search(r'until <time datetime="2099-03-01" title="[^"]+" class="nowrap">1 Mar 2099</time>', listed)
    person = ada.page.get(f"/o/acme/members/{mel}").text
    assert f"with 1 March 2099 ({zone})" in person and "end on 2099-03-01" in person
    assert "end on 2099-03-01" in ada.page.get("/o/acme/audit/").text
    assert ",2099-03-01" in ada.page.get("/o/acme/members/chosen/people.csv?status=ending").text
    assert f"1 March 2099 ({zone})" in told(office)[MEL]
    ada.page.post(f"/o/acme/members/chosen/until?member={mel}", {"member": str(mel), "kind": "day", "ends_on": "2099-04-01"})  # fmt: skip
    assert f"ends with 1 April 2099 ({zone})" in ada.page.get("/o/acme/members/").text


def test_the_day_stays_and_its_moment_moves_with_the_time_zone(world, ada, cast):
    mel, dana = cast.acme.members["mel"], cast.acme.members["dana"]
    assert until(world, "mel", "2099-01-01").json["data"]["endsAt"] == "2099-01-01T23:59:59.000000Z"
    over(world, "dana")
    before = rows(world, "members", id=dana)[0]
    foreign = cast.rival.members["rex"]
    change(world, "members", {"id": foreign}, **end(timedelta(days=9)))
    elsewhere = rows(world, "members", id=foreign)
    assert ada.api.patch("iam/organization", {"timeZone": "Europe/Berlin"}).status_code == 200
    shown = ada.api.get(f"iam/members/{mel}").json["data"]
    assert (shown["endsOn"], shown["endsAt"]) == ("2099-01-01", "2099-01-01T22:59:59.000000Z")
    assert rows(world, "members", id=dana)[0] == before, "what is over stays over"
    assert rows(world, "members", id=foreign) == elsewhere
    told_of = [row for row in rows(world, "audit_log") if row["action"] == "organizations.edit"]
    assert [(row["before"]["time_zone"], row["after"]["time_zone"], row["after"]["ends_moved"]) for row in told_of] == [
        ("UTC", "Europe/Berlin", 1)
    ]
    unchanged = {"member": str(mel), "kind": "day", "ends_on": "2099-01-01"}
    said = ada.page.post(f"/o/acme/members/chosen/until?member={mel}", unchanged)
    assert "They have this already." in said.text, "what the form shows is what is kept"
    ada.api.patch("iam/organization", {"timeZone": "Europe/Berlin", "name": "Acme"})
    newest = max(rows(world, "audit_log", organization_id=cast.acme.id), key=lambda row: row["number"])
    assert newest["action"] == "organizations.edit" and "ends_moved" not in newest["after"]


def test_a_day_at_the_end_of_the_calendar_stops_no_page(world, ada, cast):
    """Such a day could be chosen once."""
    mel = cast.acme.members["mel"]
    change(world, "members", {"id": mel}, ends_on=date.max, ends_at=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
    for zone in ("Asia/Tokyo", "Pacific/Pago_Pago", "UTC"):
        assert ada.api.patch("iam/organization", {"timeZone": zone}).status_code == 200
        for path in (f"chosen/until?member={mel}&person=1", str(mel), "", "chosen/people.csv"):
            assert ada.page.get(f"/o/acme/members/{path}").status_code == 200, (zone, path)
        assert ada.api.get(f"iam/members/{mel}").json["data"]["endsOn"] == "9999-12-31"


def test_today_is_no_day_that_is_over_wherever_it_is(world, ada):
    """Where the date line lies, today is another day than in UTC."""
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        ada.api.patch("iam/organization", {"timeZone": zone})
        today = zones.day_of(now(), zone)
        assert until(world, "mel", (today + timedelta(days=1)).isoformat()).status_code == 200
        late = until(world, "mel", (today - timedelta(days=1)).isoformat())
        assert late.status_code == 422 and "is over" in late.text
    assert zones.end_of(date(2026, 3, 29), "Europe/Berlin") == datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC)


def test_a_day_is_within_100_years_and_the_end_of_the_calendar_stops_no_page(world, ada, cast):
    mel = cast.acme.members["mel"]
    last = now().date() + domain.MOST_AHEAD
    for day in (last + timedelta(days=2), date.max):
        late = until(world, "mel", day.isoformat())
        assert late.status_code == 422 and "within 100 years" in late.text and "or no end" in late.text
    sent = {"member": str(mel), "kind": "day", "ends_on": "9999-12-31"}
    late = ada.page.post(f"/o/acme/members/chosen/until?member={mel}", sent)
    assert late.status_code == 422 and "within 100 years" in late.text and 'value="9999-12-31"' in late.text
    assert until(world, "mel", (last - timedelta(days=2)).isoformat()).status_code == 200
    for zone, day in (("Asia/Tokyo", date.max), ("Pacific/Pago_Pago", date.min)):
        at = datetime(day.year, day.month, day.day, 23 if day == date.max else 0, tzinfo=UTC)
        assert zones.day_of(at, zone) == day
    assert zones.end_of(date.max, "Pacific/Pago_Pago") == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_only_a_day_as_documented_is_taken(world):
    odd = [4070908800, 4070908800.5, True, "2099-01-01T00:00:00Z", "2099-01-01T00:00:00", "2099-1-1", " 2099-01-01",
           "٢٠٩٩-٠١-٠١", "4070908800", "", [], {}, "9" * 5000]  # fmt: skip
    for day, said in [
        *((each, "Give a day such as 2027-03-01") for each in odd),
        ("2099-02-30", "There is no such day"),
    ]:
        answer = until(world, "mel", day)
        assert answer.status_code == 422 and said in answer.text, (day, answer.text)
    assert rows(world, "members", id=world.cast.acme.members["mel"])[0]["ends_at"] is None


def test_where_clocks_go_back_at_midnight_the_day_ends_with_its_second_last_hour():
    for zone, day in (
        ("America/Santiago", date(2027, 4, 3)),
        ("Africa/Cairo", date(2027, 10, 28)),
        ("Asia/Beirut", date(2027, 10, 30)),
        ("America/Nuuk", date(2027, 10, 30)),
        ("America/Havana", date(2027, 3, 13)),
        ("Europe/Berlin", date(2027, 10, 31)),
    ):
        end, second = zones.end_of(day, zone), timedelta(seconds=1)
        assert (zones.day_of(end, zone), zones.day_of(end + second, zone)) == (day, day + timedelta(days=1)), zone


def test_the_only_admin_gets_no_end_nor_the_last_who_stays(world, ada, cast):
    page = ada.page.get(f"/o/acme/members/chosen/until?member={cast.acme.members['ada']}").text
    assert "Nobody was chosen" in page
    own = until(world, "ada", "2099-01-01")
    assert own.status_code == 409 and "your own access" in own.text
    change(world, "members", {"id": cast.acme.members["mel"]}, role="admin")
    assert until(world, "mel", "2099-01-01").status_code == 200
    for answer in (
        until(world, "ada", "2099-01-01", by="mel"),
        ada.api.patch(f"iam/members/{cast.acme.members['ada']}", {"role": "member"}),
        ada.api.post("iam/leave", {}),
        ApiDoor(world.app, cast.people["mel"].tokens["people"]).post(f"iam/members/{cast.acme.members['ada']}/suspend"),
    ):
        assert answer.status_code == 409, answer.text
    heir = ada.api.post("iam/leave", {"successorId": str(cast.acme.members["mel"])})
    assert heir.status_code == 422 and "until a day" in heir.text


def test_whoever_has_an_end_cannot_take_it_off(world, mel, cast):
    change(world, "members", {"id": cast.acme.members["mel"]}, role="admin", **end(timedelta(days=3)))
    assert until(world, "mel", None, by="mel").status_code == 409
    sent = {"member": str(cast.acme.members["mel"]), "kind": "none"}
    mel.page.post(f"/o/acme/members/chosen/until?member={sent['member']}", sent)
    assert rows(world, "members", id=cast.acme.members["mel"])[0]["ends_at"] is not None


def test_an_admins_end_asks_who_one_is_and_a_members_does_not(world, ada, cast):
    grow_stale(world)
    for key, is_admin in (("mel", True), ("dana", False)):
        member = cast.acme.members[key]
        change(world, "members", {"id": member}, role="admin" if is_admin else "member")
        sent = {"member": str(member), "kind": "day", "ends_on": "2099-01-01"}
        assert is_asked(ada.page.post(f"/o/acme/members/chosen/until?member={member}", sent)) == is_admin


def test_the_pages_set_show_and_take_off_the_end(world, ada, cast):
    mel, dana = str(cast.acme.members["mel"]), str(cast.acme.members["dana"])
    path = f"/o/acme/members/chosen/until?member={mel}&member={dana}"
    nothing = ada.page.post(path, {"member": [mel, dana], "kind": "day"})
    assert nothing.status_code == 422 and "Choose the last day of access." in nothing.text
    done = ada.page.post(path, {"member": [mel, dana], "kind": "day", "ends_on": "2099-03-01"})
    assert done.status_code == 303
    listed = ada.page.get("/o/acme/members/?status=ending").text
    assert "2 people: access ends with 1 March 2099 (UTC)." in listed and listed.count("until <time") == 2
    assert {row["name"] for row in ada.api.get("iam/members?status=ending").json["data"]} == {
        "Mel Member",
        "Dana Demoted",
    }
    assert "Access ends" in ada.page.get(f"/o/acme/members/{mel}").text
    assert "end on 2099-03-01" in ada.page.get(f"/o/acme/members/{mel}").text
    ada.page.post(path, {"member": [mel, dana], "kind": "none"})
    assert ada.api.get("iam/members?status=ending").json["data"] == []


def told(office):
    return {letter.recipient: letter.text for letter in office.letters(kind="membership_changed")}


def remind(office):
    office.kept = len(office.rows())
    with office.app.app_context():
        count = jobs.remind()
    return count, told(office)


def test_it_is_told_when_set_and_7_days_and_1_day_before_once_each(office):
    mel = office.cast.acme.members["mel"]
    assert until(office.world, "mel", "2099-03-01").status_code == 200
    said = told(office)
    assert "ends with 1 March 2099 (UTC)" in said[ADA] and "until when you have access to Acme" in said[MEL]
    assert remind(office) == (0, {}), "long before nobody is bothered"
    for days, count in ((6.9, 1), (6.5, 0), (1.5, 0), (0.9, 1), (0.5, 0), (-0.1, 0)):
        change(office.world, "members", {"id": mel}, **end(timedelta(days=days)))
        found, said = remind(office)
        assert (found, set(said)) == (count, {ADA, MEL} if count else set()), days
        assert not count or ("Your access to Acme ends with" in said[MEL] and "Extend it on their page" in said[ADA])
        assert remind(office) == (0, {}), f"{days}: a restart tells nobody twice"


def test_what_is_extended_or_suspended_is_not_told(office):
    mel = office.cast.acme.members["mel"]
    soon = (now() + timedelta(days=3)).date().isoformat()
    assert until(office.world, "mel", soon).status_code == 200
    assert remind(office) == (0, {}), "it was told when it was set"
    change(office.world, "members", {"id": mel}, **end(timedelta(hours=20)), suspended_at=now())
    assert remind(office) == (0, {})
    change(office.world, "members", {"id": mel}, suspended_at=None)
    assert remind(office)[0] == 1
    assert until(office.world, "mel", "2099-03-01").status_code == 200
    assert rows(office.world, "members", id=mel)[0]["end_told"] is None, "the next end is told anew"


def test_the_smallest_step_that_is_reached_counts():
    days = [rules.days_to_tell(timedelta(days=left)) for left in (30, 7.01, 7, 2, 1, 0.1)]
    assert days == [None, None, 7, 7, 1, 1]


@pytest.mark.sql("locks decide who wins")
def test_two_admins_give_each_other_an_end(two_admins, rounds):  # noqa: F811  # the fixtures above
    world = two_admins
    ends = lambda by, whom: lambda: until(world, whom, "2099-01-01", by=by)  # noqa: E731
    for _ in range(rounds):
        world.put_back(TOUCHED)
        answers = {answer.status_code for answer in together(ends("ada", "mel"), ends("mel", "ada"))}
        lasting = [row for row in rows(world, "members", organization_id=world.cast.acme.id) if row["role"] == "admin" and row["ends_at"] is None]  # fmt: skip
        assert lasting and answers == {200, 409}, answers


def test_who_has_no_access_all_the_same_is_not_told_that_all_is_open(office):
    """Resumed, or made an admin, after the day is over, or while suspended."""
    world, mel = office.world, office.cast.acme.members["mel"]
    ada = Doors(office.app, office.cast.people["ada"])
    ended = f"ended with {now().day} {now():%B %Y}. Ask an admin to extend it."
    over(world, suspended_at=now())
    page = f"/o/acme/members/chosen/resume?member={mel}&person=1"
    assert "has ended: extend it" in ada.page.get(page).text
    assert ada.page.post(page, {"member": str(mel)}).status_code == 303
    assert "has ended: extend it" in ada.page.get(f"/o/acme/members/{mel}").text
    said = told(office)
    assert ended in said[MEL] and "open to you again" not in said[MEL] and "extend it" in said[ADA]
    ways = (
        lambda: ada.api.patch(f"iam/members/{mel}", {"role": "admin"}),
        lambda: ada.api.post("iam/members/bulk/edit", {"memberIds": [str(mel)], "role": "member"}),
    )
    for change_role in ways:
        for why, values in ((ended, {}), ("You are suspended there", {"suspended_at": now(), "ends_at": None, "ends_on": None})):  # fmt: skip
            world.reset()
            role = "member" if change_role is ways[0] else "admin"
            change(world, "members", {"id": mel}, **end(-timedelta(seconds=1)) | {"role": role} | values)
            office.kept = len(office.rows())
            assert change_role().status_code == 200
            said = told(office)
            assert why in said[MEL] and ", and may" not in said[MEL], said[MEL]
            assert "Mel Member" in said[ADA] and ("has ended" in said[ADA] or "Suspended until" in said[ADA])
