"""People are found by the beginning of any word of name or address, at every door, whatever its accents and forms."""

from __future__ import annotations

import importlib.util

import pytest
import sqlalchemy as sa

from fastpix.config.settings import MIGRATIONS
from fastpix.db import db
from fastpix.resources.people import domain as people
from fastpix.text import folded_words
from tests.resources.members.test_query_counts import fill
from tests.stories.tables import rows

pytestmark = pytest.mark.sql("people found by their words")


@pytest.fixture
def renamed(world, mel):
    """Mel has another name, and the doors that find her by a question: lines of text."""

    def rename(name, address="mel@mel.example"):
        with world.app.app_context():
            person = people.get(mel.id)
            people.rename(person, name)
            people.set_email(person, address)
            db.session.commit()

    return rename


def found(door, question):
    """Who is found by the list, quick search, the successors of the leave page and the API: all the same, as addresses."""
    asked = {"query_string": {"q": question}}
    pages = [door.page.get(f"/o/acme/{path}", **asked).text for path in ("members/", "search/")]
    successors = door.page.get("/o/acme/members/leave", **asked).text
    palette = door.page.get("/o/acme/search/results.json", **asked).text
    listed = door.api.get("iam/members", query_string={"query": question}).json["data"]
    is_found = "mel@" in str([row["email"] for row in listed])
    marks = ((pages[0], ">mel@"), (pages[1], " · Member"), (successors, "(mel@"), (palette, "Member"))
    shown = [mark in text for text, mark in marks]
    assert shown == [is_found] * 4, (question, is_found, shown)
    return is_found


@pytest.mark.parametrize(
    ("name", "questions"),
    [
        ("Tom Müller", ["muller", "MÜLLER", "mu\u0308ller", "tom", "müll tom", "Tom  Mu"]),
        ("Zoe\u0301 Ångström", ["zoé", "zoe", "angstrom"]),
        ("Tāne O'Brien-Smith", ["tane", "brien", "smith", "o'brien", "smith-"]),
        ("Søren Łukasz Straße", ["soren", "lukasz", "strasse"]),
        ("李小龍 ガガ", ["李小", "ガ"]),
        ("Νίκος Ёлкин", ["νικος", "елкин"]),
    ],
)
def test_any_word_finds_somebody_without_case_accents_and_forms(ada, renamed, name, questions):
    renamed(name)
    assert all(found(ada, question) for question in questions)
    assert not found(ada, "member") and not found(ada, f"{questions[0]} xyz") and not found(ada, "üller")


def test_words_of_an_address_and_its_parts_find_somebody(ada, renamed):
    renamed("M", "mel@mail.firm-name.example")
    for question in ("mel@", "@mail.firm", "firm-name.example", "firm", "name", "MEL@Mail.FIRM-name.example"):
        assert found(ada, question), question
    for question in ("mel@x", "mel@mel.example", "ail"):
        assert not found(ada, question), question


def test_words_of_a_gone_name_find_nobody_and_a_deleted_person_leaves_none(world, ada, renamed, mel):
    renamed("Tom Müller")
    renamed("Kim")
    assert not found(ada, "muller") and found(ada, "kim")
    with world.app.app_context():
        db.session.execute(
            sa.text("DELETE FROM members WHERE person_id = :id"),
            {"id": mel.id.hex if world.engine.dialect.name == "sqlite" else mel.id},
        )
        people.delete(people.get(mel.id))
        db.session.commit()
    assert rows(world, "person_words", person_id=mel.id) == []


def test_those_who_are_there_get_their_words_by_the_migration(world, ada, renamed, monkeypatch):
    """The same words as the verbs write, in several batches."""
    renamed("Tom O'Müller")
    place = MIGRATIONS / "versions/20261130_1300_people_found_by_words.py"
    specification = importlib.util.spec_from_file_location("words", place)
    step = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(step)
    monkeypatch.setattr(step, "BATCH", 2)
    with world.engine.connect() as connection:
        made, last = [], None
        while some := step._people(connection, last):
            made += [row for person in some for row in step._rows(person)]
            last = some[-1].id
    kept = rows(world, "person_words")
    assert sorted(map(str, made)) == sorted(str({k: row[k] for k in ("person_id", "word", "name")}) for row in kept)


def test_a_question_of_nothing_but_marks_finds_nobody(ada):
    assert not found(ada, "!!!") and ada.api.get("iam/members?query=!!!").json["pagination"]["totalRecords"] == 0


def test_a_question_is_cut_and_its_words_are_asked_once():
    assert folded_words.asked("tom TOM  tóm") == ["tom"]
    assert len(folded_words.asked(" ".join(f"w{number}" for number in range(50)))) == folded_words.MOST_ASKED
    assert folded_words.asked("x" * 100) == ["x" * 60] and "x" * 60 in folded_words.of_person("x" * 100, "a@b.example")


def test_few_successors_are_shown_and_the_page_says_of_how_many(world, ada):
    fill(world, 40, limited=0)
    page = ada.page.get("/o/acme/members/leave").text
    assert page.count('name="successor"') == 10 + (">Nobody: the admins here go on<" in page)
    assert "10 of 42 members" in page and "never seen here" in page
    found = ada.page.get("/o/acme/members/leave?q=person+39").text
    assert found.count('name="successor"') == 1 + (">Nobody: the admins here go on<" in found)
    assert "Person 39" in found and "are shown" not in found
    assert "10 of 40 members found are shown" in ada.page.get("/o/acme/members/leave?q=person").text
