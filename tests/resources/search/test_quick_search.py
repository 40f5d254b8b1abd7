"""Quick search: what is found by which words, that it follows every change of a name, and that it stays small."""

from __future__ import annotations

import uuid

import pytest
import sqlalchemy as sa

from fastpix.db import db
from fastpix.overview.search import domain
from fastpix.resources.access_tokens import domain as access_tokens
from fastpix.resources.live_streams import domain as live_streams
from fastpix.resources.media import domain as media
from fastpix.resources.media.models import Media, MediaWord
from fastpix.text import word_index

pytestmark = pytest.mark.sqlite


def found(door, question):
    data = door.page.get("/o/acme/search/results.json", query_string={"q": question}).json
    return {group["label"]: [row["name"] for row in group["rows"]] for group in data["groups"]}


def test_things_are_found_by_how_their_words_begin(ada):
    assert found(ada, "cl")["Media"] == ["The acme clip"]
    assert found(ada, "ACME clip")["Media"] == ["The acme clip"]
    assert found(ada, "acme str")["Live streams"] == ["The acme stream"]
    assert found(ada, "prod")["Workspaces"] == ["production"]
    assert found(ada, "mel@")["People"][0].startswith("Mel")
    assert found(ada, "token peo")["Access tokens"]
    assert found(ada, "lip") == {} and found(ada, "") == {} and found(ada, "   ") == {}


def test_what_was_found_by_its_files_name_shows_it(ada):
    """Else nothing of the question stands in the answer."""
    for address in ("results.json?q=secret", "?q=secret"):
        assert "acme-secret-source.mp4 · Ready" in ada.page.get(f"/o/acme/search/{address}").get_data(as_text=True)


def test_things_are_found_by_their_ids(ada, cast):
    acme = cast.acme
    assert found(ada, str(acme.shelf.media))["Media"] == ["The acme clip"]
    assert found(ada, str(acme.shelf.playback_id))["Media"] == ["The acme clip"]
    assert found(ada, acme.shelf.stream)["Live streams"] == ["The acme stream"]
    assert found(ada, str(acme.signing_key)[:13])["Signing keys"] == [str(acme.signing_key)]
    assert found(ada, str(acme.workspace))["Workspaces"] == ["production"]
    assert found(ada, str(acme.tokens["mel member"].id))["Access tokens"] == ["mel member token of acme"]
    assert found(ada, str(uuid.UUID(int=7))) == {}


def test_every_link_leads_to_a_page_one_may_see(ada, mel):
    for door in (ada, mel):
        for question in ("acme", "a", "the", "prod", "mel", "ada"):
            for group in door.page.get(f"/o/acme/search/results.json?q={question}").json["groups"]:
                for row in group["rows"]:
                    assert door.page.get(row["url"]).status_code == 200, row


def test_a_new_name_is_found_and_the_old_one_no_more(world, ada, acting, cast):
    with acting("ada"):
        live_streams.edit(cast.acme.shelf.stream, metadata={"title": "Evening show"})
        media.edit(cast.acme.shelf.media, title="Morning show")
        access_tokens.create("Night show", cast.acme.workspace, "member")
        db.session.commit()
    assert found(ada, "show") == {
        "Media": ["Morning show"], "Live streams": ["Evening show"], "Access tokens": ["Night show"],
    }  # fmt: skip
    assert found(ada, "acme stream") == {}


def test_the_page_says_the_same_without_a_script(ada):
    page = ada.page.get("/o/acme/search/?q=acme").text
    for text in ("The acme clip", "The acme stream", "access tokens and signing keys", 'value="acme"'):
        assert text in page
    assert "Nothing found" in ada.page.get("/o/acme/search/?q=zzzz").text
    assert "Nothing found" not in ada.page.get("/o/acme/search/").text
    assert 'action="/o/acme/search/"' in ada.page.get("/o/acme/").text


def test_no_more_than_a_handful_of_each_kind(world, ada, acting, cast):
    with acting("ada"):
        for number in range(9):
            access_tokens.create(f"Crowd {number}", cast.acme.workspace, "member")
        db.session.commit()
    data = ada.page.get("/o/acme/search/results.json?q=crowd").json["groups"]
    assert [(len(g["rows"]), g["hasMore"]) for g in data] == [(domain.MOST, True)]


def test_a_question_reads_few_rows_however_many_there_are(world, acting, cast):
    """The plan of each statement: words by the index in its order, so nothing is sorted and nothing scanned."""
    with acting("ada"):
        plans = []
        for asked in (["epis"], ["epis", "rare", "third"]):
            statement = word_index._statement(MediaWord, MediaWord.media_id, asked, cast.acme.workspace, 7)
            text = str(statement.compile(db.engine, compile_kwargs={"literal_binds": True}))
            scoped = text.replace(
                "media_words.workspace_id =", "media_words.organization_id = 'x' AND media_words.workspace_id ="
            )
            plans.append([row[3] for row in db.session.execute(sa.text(f"EXPLAIN QUERY PLAN {scoped}"))])
    for plan in plans:
        assert not [step for step in plan if "SCAN" in step or "TEMP B-TREE" in step], plan
        assert any("ix_media_words_find" in step for step in plan)


def test_the_rarest_word_leads(world, acting, cast):
    """A thousand have the long word, one of them the short one: it is found, whatever their order."""
    here = {"workspace_id": cast.acme.workspace}
    with acting("ada"):
        ids = [uuid.uuid4() for _ in range(1000)]
        db.session.add_all(Media(id=i, source_kind="upload", created_by="a test", **here) for i in ids)
        db.session.flush()
        db.session.add_all(MediaWord(media_id=i, word="episode", **here) for i in ids)
        db.session.add(MediaWord(media_id=ids[700], word="tea", **here))
        db.session.flush()
        assert word_index.find(MediaWord, MediaWord.media_id, "Episode tea", [cast.acme.workspace], 6) == [ids[700]]
        assert len(word_index.find(MediaWord, MediaWord.media_id, "ep", [cast.acme.workspace], 6)) == 6
        db.session.rollback()


def test_ids_begin_with_eight_digits_or_more():
    assert (
        word_index.id_range("1234567") is None
        and word_index.id_range("cafe dead") is None
        and word_index.id_range("é" * 8) is None
    )
    low, high = word_index.id_range("CAFE-0000")
    assert (str(low), str(high)) == (
        "cafe0000" + "-0000" * 3 + "-" + "0" * 12,
        "cafe0000" + "-ffff" * 3 + "-" + "f" * 12,
    )
