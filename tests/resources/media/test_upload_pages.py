"""Bringing media in by the dashboard: the plain form, the addresses the script asks for, the form for an address."""

from __future__ import annotations

import html
import io
import re

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from fastpix.storage import instance as storage
from tests.stories.tables import rows

pytestmark = pytest.mark.sqlite
PAGE = "/o/acme/media/upload"


@pytest.fixture
def wanted(cast):
    return {"workspace": str(cast.acme.workspace), "policy": "private", "resolution": "720p", "mp4": "none"}


def text_of(answer):
    return html.unescape(answer.get_data(as_text=True))


def send(person, fields, content=b"a film", name="film.mp4", token=True):
    """The plain form with a file. Its body is made here: werkzeug's client leaves large ones open on the disk."""
    file = {"file": FileStorage(io.BytesIO(content), name)} if content is not None else {}
    boundary, body = encode_multipart(fields | file)
    headers = {"X-CSRFToken": person.page.csrf_token()} if token else {}
    kind = f"multipart/form-data; boundary={boundary}"
    return person.page.post(PAGE, body, content_type=kind, headers=headers, csrf=False)


def uploaded(world):
    return [row for row in rows(world, "media") if row["source_kind"] == "upload"]


def test_the_limits_are_said_before_a_file_is_chosen(ada):
    page = text_of(ada.page.get(PAGE))
    assert "Up to 50 GiB and 12 hours" in page and 'data-largest="53687091200"' in page
    assert page.index("Up to 50 GiB") < page.index('type="file"')


def test_a_plain_form_brings_a_file(world, ada, wanted):
    answer = send(ada, wanted | {"title": "My film"}, b"a film" * 500_000, "film.mp4")
    assert answer.status_code == 303
    row = uploaded(world)[0]
    assert (row["title"], row["source_name"], row["max_resolution"]) == ("My film", "film.mp4", "720p")
    assert answer.location.endswith(f"/media/{row['id']}")
    assert storage.get().appended(f"uploads/{row['id']}") == 3_000_000
    assert [row["kind"] for row in rows(world, "jobs")].count("media.ingest") == 1


def test_a_form_that_comes_back_keeps_the_file(world, ada, wanted):
    answer = send(ada, wanted | {"title": "x" * 300})
    page = text_of(answer)
    assert answer.status_code == 422 and "film.mp4 is here already" in page and not uploaded(world)
    hidden = dict(re.findall(r'<input[^>]*name="(receipt|file_name)"[^>]*value="([^"]+)"', page))
    again = send(ada, wanted | hidden | {"title": "Shorter"}, None)
    assert again.status_code == 303
    row = uploaded(world)[0]
    assert row["source_name"] == "film.mp4" and storage.get().appended(f"uploads/{row['id']}") == len(b"a film")


@pytest.mark.parametrize("receipt", ["", "nonsense", "0d9bdf1c-7c35-4d0c-8a3f-54a3d4ba0d77~AAAA"])
def test_a_receipt_that_somebody_made_up_takes_nothing(world, ada, wanted, receipt):
    before = world.digest()
    answer = send(ada, wanted | {"receipt": receipt, "file_name": "x.mp4"}, None)
    assert answer.status_code == 422
    assert world.digest() == before


def test_an_empty_file_is_refused_with_a_sentence(world, ada, wanted):
    answer = send(ada, wanted, b"")
    assert answer.status_code == 422 and "The file is empty" in text_of(answer) and not uploaded(world)


def test_a_file_without_the_token_of_the_form_is_not_kept(world, ada, wanted):
    before = list(storage.get().list())
    answer = send(ada, wanted, token=False)
    assert answer.status_code == 400 and list(storage.get().list()) == before and not uploaded(world)


@pytest.mark.parametrize("who", ["mel", None])
def test_who_may_not_upload_leaves_no_byte(world, doors, wanted, who):
    before, stored = world.digest(), list(storage.get().list())
    assert send(doors(who), wanted, b"x" * 3_000_000).status_code in (302, 403)
    assert world.digest() == before and list(storage.get().list()) == stored


def test_the_script_gets_an_address_and_gives_it_back(world, ada, wanted):
    answer = ada.page.post(f"{PAGE}/start", wanted | {"file_name": "a.mp4", "title": "Mine"})
    told = answer.json
    assert answer.status_code == 201 and set(told) == {"id", "url", "mediaUrl", "statusUrl", "cancelUrl"}
    assert told["url"].startswith(f"http://localhost/upload/{told['id']}?upload_id=")
    assert told["mediaUrl"] == f"/o/acme/media/{told['id']}"
    assert told["statusUrl"] == f"/o/acme/media/{told['id']}/status"
    row = (
        rows(world, "uploads")[-1] if str(rows(world, "uploads")[-1]["id"]) == told["id"] else rows(world, "uploads")[0]
    )
    assert row["settings"]["access_policy"] == "private" and row["settings"]["title"] == "Mine"
    assert ada.page.post(told["cancelUrl"]).json == {"status": "cancelled"}
    assert ada.page.post(told["cancelUrl"]).status_code == 400


def test_the_token_may_come_in_the_header_as_the_script_sends_it(ada, wanted):
    token = ada.page.csrf_token()
    answer = ada.page.post(f"{PAGE}/start", wanted, csrf=False, headers={"X-CSRFToken": token})
    assert answer.status_code == 201
    assert ada.page.post(f"{PAGE}/start", wanted, csrf=False).status_code == 400


@pytest.mark.parametrize(
    ("given", "field"),
    [({"title": "x" * 300}, "title"), ({"policy": "drm"}, "policy"), ({"resolution": "9p"}, "resolution")],
)
def test_bad_settings_are_told_by_field(world, ada, wanted, given, field):
    before = world.digest()
    answer = ada.page.post(f"{PAGE}/start", wanted | given)
    assert answer.status_code == 422 and answer.json["errors"][field]
    assert world.digest() == before


def test_a_foreign_workspace_takes_nothing(world, ada, cast, wanted):
    foreign = wanted | {"workspace": str(cast.rival.workspace)}
    before = world.digest()
    assert ada.page.post(f"{PAGE}/start", foreign).status_code == 422
    assert send(ada, foreign).status_code == 422
    assert ada.page.post("/o/acme/media/from-url", foreign | {"url": "https://files.example/a.mp4"}).status_code == 422
    assert world.digest() == before


def test_an_address_is_fetched_later_and_a_part_of_it_may_be_asked_for(world, ada, wanted):
    sent = wanted | {"url": "https://files.example/films/a%20b.mp4", "start": "1.5", "end": "9"}
    assert ada.page.post("/o/acme/media/from-url", sent).status_code == 303
    row = next(row for row in rows(world, "media") if row["source_name"] == "a b.mp4")
    assert (row["start_time"], row["end_time"], row["status"]) == (1.5, 9.0, "Created")


@pytest.mark.parametrize(
    "given", [{"url": "file:///etc/passwd"}, {"url": ""}, {"start": "soon"}, {"start": "9", "end": "3"}, {"end": "-1"}]
)
def test_an_address_that_cannot_be_fetched_comes_back_as_typed(world, ada, wanted, given):
    before = world.digest()
    sent = wanted | {"url": "https://files.example/a.mp4", "title": "Kept"} | given
    answer = ada.page.post("/o/acme/media/from-url", sent)
    assert answer.status_code == 422 and 'value="Kept"' in text_of(answer)
    assert world.digest() == before
