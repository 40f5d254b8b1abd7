"""Media are found by what is said in them; a hit shows the sentence and leads to its second; nobody else finds it."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import transaction
from fastpix.jobs import queue
from fastpix.resources.media.models import Media
from fastpix.resources.media.tracks import lifecycle
from fastpix.resources.media.transcripts import jobs as transcripts_jobs
from fastpix.resources.media.transcripts.models import TrackWord, Transcript
from fastpix.storage import instance as storage
from fastpix.text import spoken_words
from fastpix.video import webvtt
from fastpix.video.cues import Cue
from tests.resources.media.test_media_jobs import folder_of
from tests.stories.tables import change, rows
from tests.working import work

pytestmark = pytest.mark.sql("words are found by ranges of an index, in unions")
CUES = [
    Cue(1, 2, "Good morning, <i>everybody</i>."),
    Cue(62.5, 65, "Zebras live in the new\nmuseum of M&amp;M Müller."),
    Cue(70, 71, "The museum is closed."),
]


@pytest.fixture(autouse=True)
def silence(world):
    """Nothing is said yet in either organization."""
    with world.session() as session, tenancy.everywhere("the test begins with nothing"):
        for table in (TrackWord, Transcript):
            session.execute(sa.delete(table))
        session.commit()


def say(acting, shelf, cues=CUES, who="ada"):
    """As the worker ends its job on subtitles."""
    with acting(who), transaction():
        lifecycle.prepared(shelf.track, "cafe", {}, cues)


def found(door, question, org="acme"):
    data = door.page.get(f"/o/{org}/search/results.json", query_string={"q": question}).json
    return [
        (row["name"], row["detail"], row["url"])
        for group in data["groups"]
        if group["label"] == "Media"
        for row in group["rows"]
    ]


def library(door, question, org="acme"):
    return door.page.get(f"/o/{org}/media/", query_string={"q": question}).text


@pytest.mark.parametrize("question", ["zebra", "MULLER", "museum zeb", "m zebras"])
def test_a_hit_shows_the_sentence_and_leads_to_its_second(ada, mel, acting, shelf, question):
    say(acting, shelf)
    for door in (ada, mel):
        ((name, detail, url),) = found(door, question)
        assert name == "The acme clip" and detail == "1:02 “Zebras live in the new museum of M&M Müller.”"
        assert url == f"/o/acme/media/{shelf.media}?t=62.5" and door.page.get(url).status_code == 200
        page = library(door, question)
        assert "The acme clip" in page and "Zebras live in the new museum of M&amp;M Müller." in page
        assert re.search(rf'href="[^"]*{shelf.media}\?t=62.5"', page)


def test_the_library_takes_words_of_the_title_and_of_what_is_said_together(ada, acting, shelf):
    say(acting, shelf)
    assert "Zebras live in the new museum" in library(ada, "clip zebras")
    assert "The acme clip" not in library(ada, "film zebras")


@pytest.mark.parametrize("question", ["giraffe", "zebra giraffe", "ebras", "mu", "i"])
def test_what_is_not_said_finds_nothing(ada, acting, shelf, question):
    say(acting, shelf)
    assert found(ada, question) == [] and "The acme clip" not in library(ada, question)


def test_what_the_title_says_needs_no_sentence(ada, acting, shelf):
    say(acting, shelf, [Cue(1, 2, "This clip is about acme.")])
    assert "“" not in found(ada, "acme clip")[0][1] and "This clip is about" not in library(ada, "clip")


def test_it_never_crosses_an_organization_or_a_workspace(world, ada, rex, acting, shelf, cast):
    say(acting, shelf)
    say(acting, cast.rival.shelf, [Cue(1, 2, "Rival secrets")], who="rex")
    assert found(rex, "zebras", "rival") == [] and found(ada, "secrets") == []
    assert found(rex, "secrets", "rival")[0][1] == "0:01 “Rival secrets”"
    assert rex.page.get("/o/acme/search/results.json?q=zebras").status_code == 404
    words = {row["word"]: row["organization_id"] for row in rows(world, "track_words")}
    assert words["zebras"] == cast.acme.id and words["secrets"] == cast.rival.id


def test_a_member_without_the_workspace_finds_nothing(ada, mel, acting, shelf, cast):
    say(acting, shelf)
    assert found(mel, "zebras")
    edited = ada.api.patch(f"iam/members/{cast.acme.members['mel']}", {"workspaceAccess": []})
    if edited.status_code == 200:
        assert found(mel, "zebras") == []


def test_what_is_changed_made_anew_or_deleted_is_found_no_more(world, ada, api, acting, shelf):
    say(acting, shelf)
    say(acting, shelf, [Cue(1, 2, "Giraffes")])
    assert found(ada, "zebras") == [] and found(ada, "giraffes")
    change(world, "tracks", {"id": shelf.track}, version="cafe")
    page = f"/o/acme/media/{shelf.media}/tracks/{shelf.track}/captions"
    sent = {"version": "cafe", "since": "0", "until": "", "begin": "0:09", "end": "0:10", "text": "Elephants"}
    assert ada.page.post(page, sent).status_code == 303
    assert found(ada, "giraffes") == [] and found(ada, "elephants")[0][1] == "0:09 “Elephants”"
    body = {"url": "https://files.example/other.vtt"}
    assert api.patch(f"on-demand/{shelf.media}/tracks/{shelf.track}", body).status_code == 200
    assert found(ada, "elephants") == []
    say(acting, shelf)
    assert api.delete(f"on-demand/{shelf.media}/tracks/{shelf.track}").status_code == 200
    assert not rows(world, "track_words") and not rows(world, "track_transcripts")


def test_words_go_with_the_media(world, api, acting, shelf):
    say(acting, shelf)
    assert api.delete(f"on-demand/{shelf.media}").status_code == 200
    assert not rows(world, "track_words") and not rows(world, "track_transcripts")


def test_subtitles_from_before_are_read_by_a_job(world, ada, acting, shelf, cast, monkeypatch):
    monkeypatch.setattr(transcripts_jobs, "BATCH", 1)
    key = f"{folder_of(world, str(shelf.media))}/tracks/{shelf.track}/cafe/subtitles.vtt"
    storage.get().write(key, webvtt.write(CUES).encode())
    with acting("ada"), transaction():
        queue.enqueue(transcripts_jobs.KIND, {}, organization_id=cast.acme.id)
    assert work(world, transcripts_jobs.KIND) == 2  # the second one finds nothing left
    assert found(ada, "zebras")[0][1].startswith("1:02")
    assert {row["organization_id"] for row in rows(world, "track_words")} == {cast.acme.id}


def test_a_word_is_read_by_the_index(world, acting, cast):
    with acting("ada"):
        statement = sa.select(Media.id).where(Media.id.in_(sa.select(TrackWord.media_id).where(
            TrackWord.organization_id == cast.acme.id, TrackWord.workspace_id == cast.acme.workspace,
            spoken_words.matches(TrackWord.word, "zebra"),
        )))  # fmt: skip
    if world.engine.dialect.name == "sqlite":
        with world.engine.connect() as connection:
            text = str(statement.compile(world.engine, compile_kwargs={"literal_binds": True}))
            plan = [row[-1] for row in connection.execute(sa.text(f"EXPLAIN QUERY PLAN {text}"))]
        assert any("ix_track_words_find" in step for step in plan), plan


def test_odd_questions_are_borne(ada, acting, shelf):
    say(acting, shelf)
    for question in ("½ zebras", "\0zebras", "%", "_", "'", "ﬁ", " ".join(["zebras"] * 50), "e\u0301"):
        assert ada.page.get(f"/o/acme/media/?q={quote(question)}").status_code == 200
        assert ada.page.get(f"/o/acme/search/?q={quote(question)}").status_code == 200
