"""The resumable upload protocol, request by request (docs/fastpix-contract.md, section 7)."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread

import pytest
import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import now
from fastpix.resources.media.models import Media
from fastpix.resources.media.uploads import lifecycle as uploads
from fastpix.resources.media.uploads.models import Upload
from fastpix.storage import instance as storage

pytestmark = pytest.mark.sqlite
FILE = bytes(range(256)) * 40  # 10,240 bytes


def media(world, upload_id):
    with world.session() as session, tenancy.everywhere("the test looks at what came of it"):
        return session.scalar(sa.select(Media).where(Media.id == uuid.UUID(upload_id)))


def change(world, upload_id, **values):
    with world.session() as session, tenancy.everywhere("the test arranges"):
        session.execute(sa.update(Upload).where(Upload.id == uuid.UUID(upload_id)).values(**values))


def test_opening_answers_201_with_an_absolute_session_address(sender):
    answer = sender().open()
    assert answer.status_code == 201
    assert answer.headers["Location"].startswith("http://localhost/upload/")
    assert "Location" in answer.headers["Access-Control-Expose-Headers"]


def test_chunks_are_answered_308_with_range_and_the_last_one_200(world, sender):
    upload = sender(title="In pieces")
    first = upload.chunk(FILE, 0, 4095)
    assert (first.status_code, first.headers["Range"]) == (308, "bytes=0-4095")
    assert "Location" not in first.headers  # browsers would follow it
    assert media(world, upload.id) is None
    last = upload.chunk(FILE, 4096, len(FILE) - 1)
    assert last.status_code == 200
    made = media(world, upload.id)
    assert (made.title, made.status, str(made.id)) == ("In pieces", "Created", upload.id)
    assert upload.stored() == len(FILE)


def test_the_last_chunk_may_come_again(world, sender):
    upload = sender()
    for _ in range(3):
        assert upload.chunk(FILE, 0, len(FILE) - 1).status_code == 200
    with world.session() as session, tenancy.everywhere("the test counts"):
        found = session.scalar(sa.select(sa.func.count(Media.id)).where(Media.id == uuid.UUID(upload.id)))
    assert found == 1


def test_a_chunk_that_comes_again_from_its_start_is_stored_once(world, sender):
    """After a short write the published client sends the same chunk from its beginning."""
    upload = sender()
    upload.chunk(FILE, 0, 2999)
    assert upload.chunk(FILE, 0, 5999).headers["Range"] == "bytes=0-5999"
    assert upload.chunk(FILE, 6000, len(FILE) - 1).status_code == 200
    storage.get().complete(f"uploads/{upload.id}", f"compared/{upload.id}")
    assert b"".join(storage.get().read(f"compared/{upload.id}")) == FILE


def test_a_gap_is_refused_and_nothing_of_it_is_stored(sender):
    upload = sender()
    upload.chunk(FILE, 0, 99)
    answer = upload.chunk(FILE, 200, 299)
    assert answer.status_code == 400
    assert "100 to 199" in answer.json["error"]["message"]
    assert upload.stored() == 100


def test_a_status_query_tells_what_is_stored(sender):
    upload = sender()
    assert upload.ask().status_code == 308
    assert "Range" not in upload.ask().headers
    upload.chunk(FILE, 0, 999)
    assert upload.ask(len(FILE)).headers["Range"] == "bytes=0-999"
    upload.chunk(FILE, 1000, len(FILE) - 1)
    assert upload.ask(len(FILE)).status_code == 200


def test_one_put_without_a_range_is_the_whole_file(world, sender):
    upload = sender()
    assert upload.put(FILE).status_code == 200
    assert media(world, upload.id) is not None


def test_a_file_may_be_larger_than_the_forms_of_the_dashboard(world, sender):
    large = b"x" * (world.app.config["MAX_CONTENT_LENGTH"] + 1)
    upload = sender()
    assert upload.put(large).status_code == 200
    assert upload.stored() == len(large)


@pytest.mark.parametrize(
    "content_range",
    ["bytes 0-99", "bytes 5-1/10", "bytes 0-99/50", "items 0-99/100", "bytes -1-5/10", "bytes 0-99/100; x", "0-9/10"],
)
def test_nonsense_in_content_range_is_400_in_words(sender, content_range):
    upload = sender()
    answer = upload.put(b"x" * 100, content_range)
    assert answer.status_code == 400
    assert answer.json["error"]["message"]
    assert upload.stored() == 0


def test_a_body_of_another_length_than_its_range_is_400(sender):
    assert sender().put(b"x" * 50, "bytes 0-99/200").status_code == 400


def test_an_empty_file_is_refused_and_the_upload_waits_on(world, sender):
    upload = sender()
    answer = upload.put(b"")
    assert answer.status_code == 400
    assert "empty" in answer.json["error"]["message"]
    assert upload.put(FILE).status_code == 200


def test_what_is_larger_than_the_limit_is_our_413_with_our_mark(sender, world):
    limit = world.settings.upload_limit
    answer = sender().put(b"x" * 10, f"bytes 0-9/{limit + 1}")
    assert answer.status_code == 413
    assert answer.headers["X-Fastpix-Limit"] == str(limit)
    assert "50 GiB" in answer.json["error"]["message"]


def test_a_wrong_or_missing_signature_is_404(sender, ada):
    upload = sender()
    for path in (
        upload.path.partition("?")[0],
        upload.path[:-1] + ("a" if upload.path[-1] != "a" else "b"),
        f"/upload/{uuid.uuid4()}?{upload.path.partition('?')[2]}",
    ):
        upload.path = path
        assert upload.put(FILE).status_code == 404, path


def test_a_cancelled_upload_takes_nothing_and_its_bytes_are_gone(sender, ada):
    upload = sender()
    upload.chunk(FILE, 0, 999)
    token = ada.api_with("admin")
    assert token.open("PUT", f"on-demand/upload/{upload.id}/cancel").status_code == 200
    assert upload.stored() == 0
    assert upload.chunk(FILE, 0, 999).status_code == 410
    again = token.open("PUT", f"on-demand/upload/{upload.id}/cancel")
    assert again.status_code == 400
    assert "cancelled" in again.json["error"]["message"]


def test_after_four_hours_it_is_over(world, sender):
    upload = sender()
    upload.chunk(FILE, 0, 999)
    change(world, upload.id, expires_at=now() - timedelta(seconds=1))
    assert upload.chunk(FILE, 1000, len(FILE) - 1).status_code == 410
    with world.session():
        assert uploads.expire() == 1
    assert upload.stored() == 0
    with world.session() as session, tenancy.everywhere("the test looks"):
        assert session.scalar(sa.select(Upload.status).where(Upload.id == uuid.UUID(upload.id))) == "expired"


def test_pages_of_the_named_origin_may_send_and_read_the_answers(sender):
    upload = sender("https://app.example")
    asked = upload.client.open(
        upload.path,
        method="OPTIONS",
        headers={"Origin": "https://app.example", "Access-Control-Request-Method": "PUT"},
    )
    assert asked.status_code == 204
    allowed = asked.headers["Access-Control-Allow-Headers"].lower()
    assert all(name in allowed for name in ("content-type", "content-range", "x-goog-resumable"))
    assert "PUT" in asked.headers["Access-Control-Allow-Methods"]
    for answer in (asked, upload.open(), upload.chunk(FILE, 0, 99), upload.put(b"x", "nonsense")):
        assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example"
        assert "Range" in answer.headers["Access-Control-Expose-Headers"]
        assert "Set-Cookie" not in answer.headers


def test_neither_cookie_nor_csrf_token_is_asked_for(world, sender):
    upload = sender()
    assert "Set-Cookie" not in upload.open(Origin="https://elsewhere.example").headers
    assert upload.put(FILE, headers={"Origin": "https://elsewhere.example"}).status_code == 200


def test_the_media_is_in_the_name_of_whoever_asked_for_the_upload(world, sender):
    upload = sender()
    assert upload.chunk(FILE, 0, len(FILE) - 1).status_code == 200
    assert media(world, upload.id).created_by == "Ada Admin"


def test_only_the_scope_of_the_upload_is_written(world, sender, rex):
    upload = sender()
    upload.put(FILE)
    assert rex.api.get(f"on-demand/{upload.id}").status_code == 404


def sent(world, upload):
    """What became of the upload, byte by byte."""
    with world.session(), tenancy.everywhere("the test looks at what came"):
        key = uploads.received_key(uuid.UUID(upload.id))
    storage.get().complete(key, f"compared/{upload.id}")
    return b"".join(storage.get().read(f"compared/{upload.id}"))


def break_off(upload):
    """A PUT of the whole file whose connection ends after 4000 bytes."""
    short = {"CONTENT_LENGTH": str(len(FILE))}
    assert upload.client.put(upload.path, data=FILE[:4000], environ_overrides=short).status_code != 200


OTHER = bytes(reversed(FILE)) + b"and more"


@pytest.mark.parametrize("broken_off", ["by a range", "whole"])
def test_a_file_that_comes_whole_after_another_broke_off_is_that_file(world, sender, broken_off):
    upload = sender()
    if broken_off == "whole":
        break_off(upload)
    else:
        upload.chunk(FILE, 0, 3999)
    assert upload.put(OTHER).status_code == 200
    assert sent(world, upload) == OTHER
    stored = {entry.key for entry in storage.get().list() if upload.id in entry.key}
    assert stored == {f"compared/{upload.id}"}, "nothing of the first file is left"


def test_a_file_that_broke_off_whole_goes_on_in_ranges(world, sender):
    upload = sender()
    break_off(upload)
    there = upload.stored()
    assert there == 4000
    assert upload.chunk(FILE, there, len(FILE) - 1).status_code == 200
    assert sent(world, upload) == FILE


def test_a_chunk_of_a_file_of_another_size_is_refused_and_the_first_goes_on(world, sender):
    upload = sender()
    upload.chunk(FILE, 0, 4095)
    for answer in (
        upload.chunk(OTHER, 4096, 4999),
        upload.put(FILE[:100], "bytes 0-99/2000"),
        upload.ask(2000),
        upload.put(FILE[4096:5000], "bytes 4096-4999/5000"),
    ):
        assert answer.status_code == 400, answer.text
        assert str(len(FILE)) in answer.json["error"]["message"]
    assert media(world, upload.id) is None
    assert upload.chunk(FILE, 4096, len(FILE) - 1).status_code == 200
    assert sent(world, upload) == FILE


def test_a_total_below_what_is_stored_is_no_whole_file(world, sender):
    upload = sender()
    upload.put(FILE[:4096], "bytes 0-4095/*")
    answer = upload.put(FILE[:100], "bytes 0-99/100")
    assert answer.status_code == 400
    assert "4096 bytes are stored" in answer.json["error"]["message"]
    assert media(world, upload.id) is None


def test_another_file_to_a_finished_upload_is_refused(world, sender):
    upload = sender()
    assert upload.put(FILE).status_code == 200
    assert upload.put(OTHER).status_code == 410
    assert upload.chunk(OTHER, 0, len(OTHER) - 1).status_code == 410
    assert upload.put(FILE).status_code == 200, "its answer may have been lost"
    assert sent(world, upload) == FILE


def test_an_empty_body_destroys_nothing(world, sender):
    upload = sender()
    upload.chunk(FILE, 0, 4095)
    assert upload.put(b"").status_code == 400
    assert upload.stored() == 4096


def test_a_request_that_was_overtaken_by_a_whole_file_ends_in_words(world, sender, monkeypatch):
    upload = sender()
    upload.chunk(FILE, 0, 99)
    appender = storage.get().appender

    @contextmanager
    def overtaken(key):
        monkeypatch.undo()  # the first request has opened its file; then the whole one comes
        with appender(key) as opened:
            whole = Thread(target=lambda: world.app.test_client(use_cookies=False).put(upload.path, data=OTHER))
            whole.start()
            whole.join(20)
            yield opened

    monkeypatch.setattr(storage.get(), "appender", overtaken)
    assert upload.chunk(FILE, 100, len(FILE) - 1).status_code == 410
    assert sent(world, upload) == OTHER


def test_a_post_with_a_body_says_how_a_file_is_sent(world, sender):
    upload = sender()
    answer = upload.client.post(upload.path, data=FILE)
    assert answer.status_code == 400
    assert "PUT" in answer.json["error"]["message"]
    assert upload.open().status_code == 201
    assert media(world, upload.id) is None


def test_a_compressed_file_is_refused_before_it_is_stored(sender):
    upload = sender()
    answer = upload.put(FILE, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 415 and "as it is" in answer.json["error"]["message"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert upload.put(FILE).status_code == 200
