"""How many statements a page costs, pinned: the guard is cheap, and lists do not grow with what is in them."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from fastpix.db import Base, db, now, set_reading
from fastpix.resources.members import name_search, queries
from fastpix.resources.people import domain as people
from fastpix.resources.people import queries as people_words
from fastpix.text import folded_words
from tests.stories.tables import change

pytestmark = pytest.mark.sql("search and paging")


@contextmanager
def statements(engine):
    seen = []

    def note(_connection, _cursor, statement, *_more):
        if not statement.startswith(("BEGIN", "SAVEPOINT", "PRAGMA")):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def quiet(world):
    """Everybody was seen a moment ago, so that noting presence costs nothing in the count."""
    at = now()
    for name, column in (("sessions", "last_seen_at"), ("members", "last_seen_at"), ("access_tokens", "last_used_at")):
        set_reading(False)
        with world.engine.begin() as connection:
            connection.execute(sa.update(Base.metadata.tables[name]).values({column: at}))
    return world


def fill(world, count, limited):
    """More people in acme; `limited` of them with one workspace each."""
    persons, members, granted, words = [], [], [], []
    for number in range(count):
        person, member = uuid.uuid4(), uuid.uuid4()
        email = f"person{number}@many.example"
        persons.append({"id": person, "email": email, "email_canonical": email, "name": f"Person {number}",
                       "name_folded": f"person {number}"})  # fmt: skip
        words += [
            {"person_id": person, "word": word, "name": f"person {number}"}
            for word in folded_words.of_person(f"Person {number}", email)
        ]
        members.append({"id": member, "person_id": person, "organization_id": world.cast.acme.id, "role": "member",
                        "all_workspaces": number >= limited, "joined_at": now() + timedelta(seconds=number)})  # fmt: skip
        if number < limited:
            granted.append({"member_id": member, "to_workspace_id": world.cast.acme.workspace})
    set_reading(False)
    with world.engine.begin() as connection:
        for name, new in (
            ("people", persons),
            ("person_words", words),
            ("members", members),
            ("member_workspaces", granted),
        ):
            if new:
                connection.execute(sa.insert(Base.metadata.tables[name]), new)
    change(world, "organizations", {"id": world.cast.acme.id}, member_count=3 + count)


@pytest.mark.parametrize("who", ["ada", "mel"])
def test_the_members_page_costs_the_same_for_3_and_300_members(quiet, doors, who):
    person = doors(who)
    with statements(quiet.engine) as few:
        assert person.page.get("/o/acme/members/").status_code == 200
    fill(quiet, 297, limited=0)
    with statements(quiet.engine) as many:
        page = person.page.get("/o/acme/members/")
    assert b"Person 296" in page.data and b"300" in page.data
    assert len(many) == len(few)
    assert len(many) <= 8, many


def test_workspaces_of_limited_members_cost_one_statement_for_all(quiet, ada):
    fill(quiet, 30, limited=0)
    with statements(quiet.engine) as without:
        ada.page.get("/o/acme/members/")
    quiet.reset()
    fill(quiet, 300, limited=300)
    with quiet.engine.connect():
        pass
    ada.page.get("/o/acme/members/")
    with statements(quiet.engine) as limited:
        assert ada.page.get("/o/acme/members/").status_code == 200
    assert len(limited) - len(without) == 1


def test_the_api_list_costs_the_same_for_3_and_300_members(quiet, ada):
    with statements(quiet.engine) as few:
        assert len(ada.api.get("iam/members?limit=50").json["data"]) == 3
    fill(quiet, 297, limited=0)
    with statements(quiet.engine) as many:
        assert len(ada.api.get("iam/members?limit=50").json["data"]) == 50
    assert len(many) == len(few) <= 4, many


def test_a_guarded_page_costs_at_most_three_statements_beyond_its_content(quiet, ada, mel, rex):
    """`/settings` reads the organization once; who one is and where one stands come on top."""
    for person, slug in ((ada, "acme"), (mel, "acme"), (rex, "rival")):
        with statements(quiet.engine) as seen:
            assert person.page.get(f"/o/{slug}/settings").status_code == 200
        assert len(seen) <= 1 + 3, seen


def test_a_limited_member_costs_one_statement_more_at_most(quiet, ada, mel, cast):
    change(quiet, "members", {"id": cast.acme.members["mel"]}, all_workspaces=False)
    with statements(quiet.engine) as seen:
        assert mel.page.get("/o/acme/settings").status_code == 200
    assert len(seen) <= 1 + 3, seen


def test_a_guarded_operation_costs_one_statement_beyond_its_content(quiet, ada):
    with statements(quiet.engine) as seen:
        assert ada.api.get("iam/organization").status_code == 200
    assert len(seen) <= 1 + 1, seen


def test_a_refusal_is_cheap_and_comes_before_the_object(quiet, mel, cast):
    """The permission is asked for before anything is loaded, so a real and a made-up id cost and say the same."""
    seen = {}
    mel.page.get("/o/acme/signing-keys/")  # the first refusal in a minute is kept in the audit log, the later ones not
    for key in (cast.acme.signing_key, cast.rival.signing_key, uuid.uuid4()):
        with statements(quiet.engine) as said:
            answer = mel.page.get(f"/o/acme/signing-keys/{key}")
        assert answer.status_code == 403
        assert not any("signing_keys" in statement for statement in said)
        seen[key] = (
            len(said),
            answer.get_data(as_text=True).replace(str(key), "").replace(answer.headers["X-Request-Id"], ""),
        )
    assert len({count for count, _ in seen.values()}) == 1


def test_a_static_file_costs_nothing(quiet, ada):
    with statements(quiet.engine) as seen:
        assert ada.page.get("/static/app.css").status_code == 200
    assert seen == []


def test_pages_by_number_hold_every_member_once_newest_first(world, ada):
    fill(world, 11, limited=2)
    for more in ("", "&role=member", "&query=person"):
        listed = ada.api.get(f"iam/members?limit=50{more}").json
        total = listed["pagination"]["totalRecords"]
        pages = [ada.api.get(f"iam/members?limit=4&offset={page}{more}").json["data"] for page in range(1, 6)]
        assert [row["id"] for page in pages for row in page] == [row["id"] for row in listed["data"]]
        assert total == len(listed["data"]) >= 11
        joined = [row["joinedAt"] for row in listed["data"]]
        assert joined == sorted(joined, reverse=True)


def as_found(row, query):
    """By the first of somebody's words that begins with the question's leading one, then by name."""
    lead = folded_words.asked(query)[0]
    word = min(word for word in folded_words.of_person(row["name"], row["email"]) if word.startswith(lead))
    return word, folded_words.folded(row["name"]), row["person_id"].hex


@pytest.mark.parametrize("few", [0, 2000], ids=["large", "small"])
@pytest.mark.parametrize("role", ["", "member"])
@pytest.mark.parametrize("query", ["person", "person 1", "person@", "m", "mel", "nobody"])
def test_a_search_finds_everybody_once_on_the_way_there_and_back(world, acting, monkeypatch, few, role, query):
    """The same people as pages by number show, by the word that fits and then by their names."""
    fill(world, 12, limited=2)
    with world.app.app_context():
        people.rename(people.get(world.cast.people["dana"].id), "Person 1")
        people.set_email(people.get(world.cast.people["mel"].id), "person@mel.example")
        db.session.commit()
    monkeypatch.setattr(name_search, "FEW", few)
    asked = {"query": query, "role": role, "limit": 2}
    with acting("ada"):
        known = queries.numbered(1, 50, query=query, role=role)[0]
        page = name_search.page(**asked)
        pages = [page.rows]
        assert page.newer is None
        while page.older is not None:
            page = name_search.page(**asked, after=page.older)
            pages.append(page.rows)
        assert [row for rows in pages for row in rows] == sorted(known, key=lambda row: as_found(row, query))
        for rows in reversed(pages[:-1]):
            page = name_search.page(**asked, before=page.newer)
            assert page.rows == rows
        assert page.newer is None


@pytest.mark.parametrize(
    "cursor", ["", "nonsense", "mel~x~y", "place~" + "0" * 32 + "~y~z", "mel~", "\0", "2026_" + "0" * 32]
)
def test_a_cursor_that_is_none_shows_the_first_page(world, ada, acting, cursor):
    with acting("ada"):
        assert name_search.page(query="mel", after=cursor) == name_search.page(query="mel")


def test_a_search_in_another_organization_finds_only_its_own(world, acting):
    with acting("rex"):
        for few in (0, 2000):
            assert name_search.page(query="mel").rows == [], few


@pytest.mark.sqlite
@pytest.mark.parametrize("words", ["person", "person 7", "person 7 many"])
def test_a_search_reads_few_rows_however_many_people_there_are(world, acting, words):
    """Words by their index, in its order, and one look into an index for whatever else is asked: nothing sorted or scanned."""
    fill(world, 60, limited=0)
    asked = folded_words.asked(words)
    parameters = {
        **people_words.bounds(asked),
        "rows": 26,
        "word": "person",
        "name": "person 3",
        "person_id": uuid.UUID(int=3),
    }
    with acting("ada"):
        for has_place in (False, True):
            statement = name_search._statement(len(asked), (False, ""), False, has_place, False)
            plan = plan_of(statement, parameters)
            assert not [step for step in plan if "SCAN p" in step or "SCAN m" in step], plan
            assert any("ix_person_words_find" in step for step in plan), plan
            assert [step for step in plan if "TEMP B-TREE" in step] == ["USE TEMP B-TREE FOR ORDER BY"], (
                plan
            )  # of the page's few


def plan_of(statement, parameters):
    """The steps of a statement as it runs, with its tenancy conditions."""
    seen = []

    def note(_connection, _cursor, text, values, *_more):
        seen.append((text, values))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        db.session.execute(statement, parameters).all()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    ((text, values),) = seen
    return [row[3] for row in db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)]
