"""A workspace may have captions made of every upload: off at first, by who may edit media, where a model is there."""

from __future__ import annotations

import uuid

import pytest

from fastpix.db import transaction
from fastpix.resources.media import lifecycle
from fastpix.resources.media.captions import domain as captions
from tests.library import FACTS, MADE
from tests.resources.media.test_captions import MODEL
from tests.stories.tables import change, rows
from tests.working import jobs

pytestmark = pytest.mark.sqlite
GERMAN = {"languageCode": "de", "languageName": "German"}
TYPED = {"name": "production", "kind": "production", "captions_name": "German", "captions_code": "de"}


@pytest.fixture
def model(world):
    world.set(captions_model=MODEL)


@pytest.fixture
def path(cast):
    return f"/o/acme/workspaces/{cast.acme.workspace}/edit"


def stored(world, cast):
    (row,) = rows(world, "workspaces", id=cast.acme.workspace)
    return row["captions_code"], row["captions_name"]


def arrive(api, acting, has_sound=True, **more):
    """A media as the worker leaves it when it is Ready. Its id."""
    body = {"inputs": [{"type": "video", "url": "https://files.example/a.mp4"}], "accessPolicy": "public"}
    media_id = uuid.UUID(api.post("on-demand", body | more).json["data"]["id"])
    with acting("ada"), transaction():
        lifecycle.examined(media_id, FACTS | {"has_sound": has_sound})
        lifecycle.publish(media_id, "cafe", MADE, ())
        captions.by_default(media_id)
    return media_id


def asked(world, media_id):
    return [row["language_code"] for row in rows(world, "tracks", media_id=media_id) if row["is_generated"]]


def test_it_is_off_and_the_form_says_what_lacks(world, ada, cast, path):
    assert stored(world, cast) == ("", "")
    told = ada.api.get(f"iam/workspaces/{cast.acme.workspace}").json["data"]
    assert told["captions"] is None
    page = ada.page.get(path).text
    assert "FASTPIX_CAPTIONS_MODEL" in page and 'name="captions"' not in page
    answer = ada.api.patch(f"iam/workspaces/{cast.acme.workspace}", {"captions": GERMAN})
    assert answer.status_code == 501 and stored(world, cast) == ("", "")


def test_it_is_turned_on_and_off_at_both_doors(world, ada, cast, path, model):
    assert ada.page.post(path, TYPED | {"captions": "y"}).status_code == 303
    assert stored(world, cast) == ("de", "German")
    assert "of every upload, in German" in ada.page.get(path.removesuffix("/edit")).text
    address = f"iam/workspaces/{cast.acme.workspace}"
    assert ada.api.get(address).json["data"]["captions"] == GERMAN
    assert ada.api.patch(address, {"description": "x"}).json["data"]["captions"] == GERMAN
    assert ada.api.patch(address, {"captions": None}).json["data"]["captions"] is None
    assert ada.api.patch(address, {"captions": GERMAN}).json["data"]["captions"] == GERMAN
    assert ada.page.post(path, TYPED).status_code == 303 and stored(world, cast) == ("", "")
    changes = [row for row in rows(world, "audit_log") if row["target_id"] == str(cast.acme.workspace) and row["after"]]
    assert ("", "German") in [(row["before"]["captions"], row["after"]["captions"]) for row in changes if row["before"]]


def test_a_language_that_nobody_knows_is_said_at_its_field(world, ada, cast, path, model):
    answer = ada.page.post(path, TYPED | {"captions": "y", "captions_code": "tlh", "description": "kept"})
    assert answer.status_code == 422 and "Language code: Give the code" in answer.text and "kept" in answer.text
    assert stored(world, cast) == ("", "")


def test_without_a_model_it_can_still_be_turned_off_and_is_not_by_mistake(world, ada, cast, path):
    change(world, "workspaces", {"id": cast.acme.workspace}, captions_code="de", captions_name="German")
    assert 'name="captions"' in ada.page.get(path).text
    renamed = {"name": "Renamed", "kind": "qa"}
    assert ada.page.post(path, renamed | {"captions": "y"}).status_code == 303
    assert stored(world, cast) == ("de", "German")
    assert ada.page.post(path, renamed).status_code == 303 and stored(world, cast) == ("", "")


def test_members_edit_details_and_not_this(world, mel, cast, path, model):
    change(world, "workspaces", {"id": cast.acme.workspace}, captions_code="de", captions_name="German")
    assert 'name="captions"' not in mel.page.get(path).text
    assert mel.page.post(path, {"name": "Renamed", "kind": "qa"}).status_code == 303
    assert stored(world, cast) == ("de", "German")
    api = mel.api_with("member")
    address = f"iam/workspaces/{cast.acme.workspace}"
    assert api.patch(address, {"captions": None}).status_code == 403
    assert api.patch(address, {"captions": {"languageCode": "en", "languageName": "English"}}).status_code == 403
    assert api.patch(address, {"description": "theirs"}).status_code == 200
    assert stored(world, cast) == ("de", "German")


def test_what_comes_in_with_a_sound_gets_captions(world, api, acting, cast, model):
    assert asked(world, arrive(api, acting)) == []
    change(world, "workspaces", {"id": cast.acme.workspace}, captions_code="de", captions_name="German")
    assert asked(world, arrive(api, acting)) == ["de"]
    assert [job["kind"] for job in jobs(world)].count("media.captions") == 1
    assert asked(world, arrive(api, acting, has_sound=False)) == []
    english = {"languageCode": "en", "languageName": "English spoken"}
    assert asked(world, arrive(api, acting, subtitles=english)) == ["en"]
    world.set(captions_model="")
    assert asked(world, arrive(api, acting)) == []
