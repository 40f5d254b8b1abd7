"""Playlists: order, limits, rules of smart ones, and that nothing of another workspace gets in or is seen."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from fastpix.access.principal import Denied
from fastpix.errors import Invalid, Missing, Refused, WrongState
from fastpix.resources.media import domain as media
from fastpix.resources.playlists import domain
from tests.stories.tables import change, rows

by_sql = pytest.mark.sql("order and days are SQL")

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def titles(playlist):
    return [each["title"] for each in playlist["media_list"]]


@pytest.fixture
def playlist(acting, cast):
    """`playlist("manual", ...)`: the id of a new playlist in acme's production, made by Ada."""

    def make(type_="manual", **given):
        with acting("ada"):
            return domain.create(cast.acme.workspace, "Talks", type_, **given)["id"]

    return make


@pytest.fixture
def smart(playlist):
    def make(order="createdDate ASC", limit=1000, **rules):
        return playlist("smart", play_order=order, rules=rules, limit=limit)

    return make


@by_sql
def test_media_stands_in_the_order_it_was_added(acting, playlist, films):
    made = playlist()
    with acting("ada"):
        assert titles(domain.add(made, [films[2], films[0]])) == ["Dusk", "Dawn"]
        assert titles(domain.add(made, [films[1], films[0], films[1]])) == ["Dusk", "Dawn", "Noon"], "each once"
        assert titles(domain.get(made)) == ["Dusk", "Dawn", "Noon"]


def test_another_order_names_every_media_once(acting, playlist, films):
    made = playlist()
    with acting("ada"):
        domain.add(made, films)
        assert titles(domain.reorder(made, [films[2], films[0], films[1]])) == ["Dusk", "Dawn", "Noon"]
    for wrong in (films[:2], [*films, films[0]], [films[0], films[0], films[1]]):
        with pytest.raises(Invalid, match="every media"), acting("ada"):
            domain.reorder(made, wrong)
    with acting("ada"):
        assert titles(domain.get(made)) == ["Dusk", "Dawn", "Noon"]


def test_media_is_taken_out_and_stays_in_the_workspace(acting, playlist, films):
    made = playlist()
    with acting("ada"):
        domain.add(made, films)
        assert titles(domain.remove(made, [films[1]])) == ["Dawn", "Dusk"]
        assert media.get(films[1])["status"] == "Ready"
        assert titles(domain.add(made, [films[1]])) == ["Dawn", "Dusk", "Noon"]
    with pytest.raises(Invalid, match="not in this playlist"), acting("ada"):
        domain.remove(made, [films[0], made])
    with acting("ada"):
        assert titles(domain.get(made)) == ["Dawn", "Dusk", "Noon"], "nothing was taken out by halves"


def test_media_that_is_deleted_leaves_its_playlists(world, acting, playlist, films):
    made = playlist()
    with acting("ada"):
        domain.add(made, films)
        media.delete(films[1])
    with acting("ada"):
        found = domain.get(made)
        assert titles(found) == ["Dawn", "Dusk"] and found["media_count"] == 2
        assert titles(domain.reorder(made, [films[2], films[0]])) == ["Dusk", "Dawn"]
    assert rows(world, "playlist_items", media_id=films[1]) == []


def test_a_playlist_that_is_deleted_leaves_its_media(world, acting, playlist, films):
    made = playlist()
    with acting("ada"):
        domain.add(made, films)
        domain.delete(made)
    assert rows(world, "playlist_items", playlist_id=made) == []
    assert {row["id"] for row in rows(world, "media")} >= set(films)
    with pytest.raises(Missing), acting("ada"):
        domain.get(made)


def test_no_more_than_the_limit_gets_in(acting, playlist, films):
    made = playlist(limit=2)
    with pytest.raises(Invalid, match="at most 2"), acting("ada"):
        domain.add(made, films)
    with acting("ada"):
        domain.add(made, films[:2])
    with pytest.raises(Invalid, match="at most 2"), acting("ada"):
        domain.add(made, films[2:])
    with acting("ada"):
        assert titles(domain.add(made, films[:2])) == ["Dawn", "Noon"], "what is in already counts once"


def test_media_that_is_not_ready_does_not_get_in(world, acting, playlist, film):
    made, waiting = playlist(), film("Waiting", status="Processing")
    before = world.digest()
    with pytest.raises(Invalid, match="is Processing"), acting("ada"):
        domain.add(made, [waiting])
    assert world.digest() == before


def test_media_of_another_organization_or_workspace_does_not_get_in(world, acting, cast, playlist, film):
    made = playlist()
    foreign = [film("Theirs", who="rex"), film("Elsewhere", workspace=cast.acme.workspaces["development"])]
    before = world.digest()
    for media_id in foreign:
        with pytest.raises(Invalid, match="no media"), acting("ada"):
            domain.add(made, [media_id])
    assert world.digest() == before


def test_a_playlist_of_another_organization_is_not_there(world, acting, cast, films):
    theirs = cast.rival.playlist
    before = world.digest()
    for verb in (
        lambda: domain.get(theirs),
        lambda: domain.edit(theirs, "Mine", ""),
        lambda: domain.add(theirs, films),
        lambda: domain.reorder(theirs, films),
        lambda: domain.remove(theirs, films),
        lambda: domain.delete(theirs),
    ):
        with pytest.raises(Missing), acting("ada"):
            verb()
    assert world.digest() == before


def test_nobody_makes_a_playlist_in_a_foreign_workspace(world, acting, cast):
    before = world.digest()
    with pytest.raises(Invalid, match="workspace"), acting("ada"):
        domain.create(cast.rival.workspace, "Talks", "manual")
    assert world.digest() == before


def test_a_workspace_one_may_not_enter_hides_its_playlists(acting, cast, playlist):
    from fastpix.resources.members import domain as members

    made = playlist()
    with acting("ada"):
        members.edit(cast.acme.members["mel"], workspace_access=[cast.acme.workspaces["development"]])
    with pytest.raises(Missing), acting("mel"):
        domain.get(made)
    with acting("mel"):
        assert domain.listed() == ([], 0)


@pytest.mark.parametrize("who", ["mel", "dana"])
def test_members_see_and_change_nothing(world, acting, cast, who):
    made = cast.acme.playlist
    with acting(who):
        assert domain.get(made)["media_count"] == 1
    before = world.digest()
    for verb in (
        lambda: domain.create(cast.acme.workspace, "Talks", "manual"),
        lambda: domain.edit(made, "Mine", ""),
        lambda: domain.remove(made, [cast.acme.shelf.media]),
        lambda: domain.delete(made),
    ):
        with pytest.raises(Denied), acting(who):
            verb()
    assert world.digest() == before


@by_sql
def test_a_reference_id_is_unique_in_its_workspace(acting, cast, playlist):
    playlist(reference_id="talks")
    with pytest.raises(Refused, match="already"):
        playlist(reference_id=" talks ")
    with acting("ada"):
        domain.create(cast.acme.workspaces["development"], "Talks", "manual", reference_id="talks")
    with acting("rex"):
        domain.create(cast.rival.workspace, "Talks", "manual", reference_id="talks")
    made = playlist()
    with acting("ada"):
        assert domain.get(made)["reference_id"] == str(made), "nobody has to invent one"


@contextmanager
def refused_for(world, field):
    """What is done inside is refused for this field alone, and changes nothing."""
    before = world.digest()
    with pytest.raises(Invalid) as problem:
        yield
    assert list(problem.value.fields) == [field]
    assert world.digest() == before


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("referenceId", {"reference_id": "x" * 256}),
        ("referenceId", {"reference_id": "a\u202eb"}),
        ("limit", {"limit": 0}),
        ("limit", {"limit": 1001}),
        ("description", {"description": "x" * 1001}),
        ("playOrder", {"play_order": "title"}),
        ("metadata", {"rules": {"createdDate": {"startDate": "2026-01-01"}}}),
    ],
)
def test_bad_details_are_refused(world, playlist, field, given):
    with refused_for(world, field):
        playlist(**given)


@pytest.mark.parametrize(
    ("field", "rules"),
    [
        ("metadata", {}),
        ("metadata", {"createdDate": {}}),
        ("metadata", {"createdDate": {"startDate": ""}}),
        ("metadata.createdDate.startDate", {"createdDate": {"startDate": "yesterday"}}),
        ("metadata.createdDate.startDate", {"createdDate": {"startDate": "2026-02-30"}}),
        ("metadata.createdDate.startDate", {"createdDate": {"startDate": "20260101"}}),
        ("metadata.createdDate.startDate", {"createdDate": {"startDate": "0001-01-01T00:00:00+14:00"}}),
        ("metadata.updatedDate.endDate", {"updatedDate": {"endDate": "9999-12-31"}}),
        ("metadata.createdDate.endDate", {"createdDate": {"startDate": "2026-01-02", "endDate": "2026-01-01"}}),
    ],
)
def test_bad_rules_are_refused_by_their_names(world, smart, field, rules):
    with refused_for(world, field):
        smart(**rules)


def test_a_smart_playlist_needs_an_order(playlist):
    with pytest.raises(Invalid) as problem:
        playlist("smart", rules={"createdDate": {"startDate": "2026-01-01"}})
    assert list(problem.value.fields) == ["playOrder"]


@pytest.fixture
def march(film):
    """A media of each day from the 8th to the 12th of March 2026, noon, changed ten days later; the 9th failed."""
    days = {}
    for day in range(8, 13):
        at = NOON.replace(day=day)
        days[day] = film(f"{day}", created_at=at, updated_at=at + timedelta(days=10))
    return days


@by_sql
@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"createdDate": {"startDate": "2026-03-09", "endDate": "2026-03-11"}}, ["9", "10", "11"]),
        ({"createdDate": {"endDate": "2026-03-09"}}, ["8", "9"]),
        ({"createdDate": {"startDate": "2026-03-11", "endDate": "2026-03-11"}}, ["11"]),
        ({"createdDate": {"startDate": "2026-03-10T12:00:00Z", "endDate": "2026-03-11T12:00:00Z"}}, ["10", "11"]),
        ({"createdDate": {"startDate": "2026-03-11T14:00:01+02:00", "endDate": "2026-03-12"}}, ["12"]),
        ({"updatedDate": {"startDate": "2026-03-21", "endDate": "2026-03-22"}}, ["11", "12"]),
        (
            {
                "createdDate": {"startDate": "2026-03-09", "endDate": "2026-03-12"},
                "updatedDate": {"endDate": "2026-03-20"},
            },
            ["9", "10"],
        ),
        ({"createdDate": {"startDate": "2020-01-01", "endDate": "2020-01-01"}}, []),
    ],
)
def test_a_smart_playlist_holds_what_was_made_in_its_days(acting, smart, march, rules, expected):
    made = smart(**rules)
    with acting("ada"):
        assert titles(domain.get(made)) == expected
        listed = {row["id"]: row["media_count"] for row in domain.listed()[0]}
        assert listed[made] == len(expected)


@by_sql
def test_a_smart_playlist_takes_only_what_is_ready_here_up_to_its_limit(world, acting, cast, smart, march, film):
    film("Theirs", who="rex", created_at=NOON)
    film("Elsewhere", workspace=cast.acme.workspaces["development"], created_at=NOON)
    change(world, "media", {"id": march[9]}, status="Failed")
    days = {"startDate": "2026-03-08", "endDate": "2026-03-12"}
    newest, oldest = (smart(f"createdDate {order}", limit=3, createdDate=days) for order in ("DESC", "ASC"))
    with acting("ada"):
        assert titles(domain.get(newest)) == ["12", "11", "10"]
        assert titles(domain.get(oldest)) == ["8", "10", "11"]
        listed = {row["id"]: row["media_count"] for row in domain.listed()[0]}
        assert (listed[newest], listed[oldest], listed[cast.acme.playlist]) == (3, 3, 1)


def test_a_smart_playlist_follows_the_library(acting, smart, march):
    made = smart(createdDate={"startDate": "2026-03-11", "endDate": "2026-03-12"})
    with acting("ada"):
        media.delete(march[11])
    with acting("ada"):
        assert titles(domain.get(made)) == ["12"]


def test_a_smart_playlist_cannot_be_filled_by_hand(world, acting, smart, films):
    made = smart(createdDate={"startDate": "2020-01-01"})
    before = world.digest()
    for verb in (domain.add, domain.reorder, domain.remove):
        with pytest.raises(WrongState, match="rules"), acting("ada"):
            verb(made, films)
    assert world.digest() == before


@by_sql
def test_two_who_add_at_the_same_time_keep_the_limit_and_their_places(world, cast, acting, playlist, films):
    """Both read the places before either writes, if nothing stops them."""
    made, problems = playlist(limit=2), []
    start = threading.Barrier(3)

    def run(media_id):
        start.wait(timeout=10)
        try:
            with acting("ada"):
                domain.add(made, [media_id])
        except Invalid as problem:
            problems.append(problem)

    threads = [threading.Thread(target=run, args=(media_id,)) for media_id in films]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(problems) == 1 and "at most 2" in str(problems[0])
    assert sorted(row["position"] for row in rows(world, "playlist_items", playlist_id=made)) == [1, 2]


def test_what_was_changed_is_told(world, acting, playlist, films):
    made = playlist()
    with acting("ada"):
        domain.add(made, films)
        domain.reorder(made, [films[0], films[2], films[1]])
        domain.remove(made, [films[0]])
        domain.edit(made, "Better talks", "new")
    told = sorted(rows(world, "audit_log", target_id=str(made)), key=lambda row: row["at"])
    assert [row["action"] for row in told] == ["media.create", *["media.edit"] * 4]
    assert told[1]["after"] == {"added": [str(each) for each in films]}
    assert told[2]["after"] == {"moved": [str(films[2]), str(films[1])]}
    assert told[3]["before"] == {"removed": [str(films[0])]}
    assert (told[4]["before"]["name"], told[4]["after"]["name"]) == ("Talks", "Better talks")
