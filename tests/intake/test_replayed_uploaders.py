"""FastPix's uploaders for devices, as their own sources read an answer: each gets its file across, through trouble too.

Nothing of them runs here (Swift, Kotlin, Dart); what each sends and does next is a row of the table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from tests.intake.test_upload_protocol import FILE, media, sent

pytestmark = [pytest.mark.sqlite, pytest.mark.full("uploaders of devices, replayed request by request")]
PIECE = 4096
MOST_REQUESTS = 20


@dataclass(frozen=True)
class Uploader:
    """One uploader: what it sends with a piece, and what it makes of an answer."""

    content_type: str | None
    trusts_range: bool  # goes on where `Range` says; else it sends the same piece again until all of it is there
    asks_after_trouble: bool  # with `Content-Range: bytes */total`, before it sends more
    done: frozenset[int]

    def send(self, upload, position):
        headers = {"Content-Type": self.content_type} if self.content_type else {}
        last = min(position + PIECE, len(FILE)) - 1
        return upload.put(FILE[position : last + 1], f"bytes {position}-{last}/{len(FILE)}", headers=headers), last

    def next_position(self, answer, position, last):
        stored = re.fullmatch(r"bytes=0-(\d+)", answer.headers.get("Range", ""))
        if self.trusts_range:
            return int(stored[1]) + 1 if stored else 0
        return last + 1 if stored and int(stored[1]) == last else position


UPLOADERS = {
    # The ending of the file's name is all its Content-Type, which is no media type at all.
    "iOS 1.0.0": Uploader("mp4", False, False, frozenset({200, 201, 204, 206})),
    "Android 2.0.0": Uploader(None, True, True, frozenset({200, 201})),
    "Flutter 2.0.0": Uploader("application/octet-stream", True, True, frozenset({200, 201, 202, 204, 206})),
}


@pytest.fixture(params=UPLOADERS)
def uploader(request):
    return UPLOADERS[request.param]


def finish(uploader, upload, position):
    """Send pieces until the uploader is content; the requests that it took."""
    for requests in range(1, MOST_REQUESTS):
        answer, last = uploader.send(upload, position)
        if answer.status_code in uploader.done:
            return requests
        assert answer.status_code == 308, answer.text
        position = uploader.next_position(answer, position, last)
    raise AssertionError("it sends the same again and again")


def resume(uploader, upload, position):
    """What it does first after trouble: ask where the server stands, or send the same once more."""
    if not uploader.asks_after_trouble:
        return finish(uploader, upload, position)
    answer = upload.put(b"", f"bytes */{len(FILE)}", headers={"Content-Length": "0"})
    if answer.status_code in uploader.done:
        return 0
    assert answer.status_code == 308
    return finish(uploader, upload, uploader.next_position(answer, position, position))


def arrived(world, upload):
    """Whether the media is made and the stored file is the one that was sent."""
    return media(world, upload.id) is not None and sent(world, upload) == FILE


def test_a_file_arrives_in_pieces(world, sender, uploader):
    upload = sender()
    assert finish(uploader, upload, 0) == 3
    assert arrived(world, upload)


def test_a_piece_of_which_half_was_stored(world, sender, uploader):
    upload = sender()
    uploader.send(upload, 0)
    assert upload.chunk(FILE, PIECE, PIECE + 1000).status_code == 308
    resume(uploader, upload, PIECE)
    assert arrived(world, upload)


def test_trouble_before_the_first_byte(world, sender, uploader):
    upload = sender()
    assert resume(uploader, upload, 0) == 3
    assert arrived(world, upload)


def test_the_answer_to_the_last_piece_is_lost(world, sender, uploader):
    upload = sender()
    finish(uploader, upload, 0)
    assert resume(uploader, upload, 2 * PIECE) <= 1
    assert arrived(world, upload)


def test_a_cancelled_upload_ends_it(sender, ada, uploader):
    """410 is "the session is over" for Android, and for Flutter a failure that it does not repeat."""
    upload = sender()
    uploader.send(upload, 0)
    assert ada.api_with("admin").open("PUT", f"on-demand/upload/{upload.id}/cancel").status_code == 200
    assert uploader.send(upload, PIECE)[0].status_code == 410
    if uploader.asks_after_trouble:
        assert upload.put(b"", f"bytes */{len(FILE)}").status_code == 410


def test_the_browsers_uploader_that_lost_count_after_a_short_write_ends_well(world, sender):
    """1.0.5 counts pieces by position, and goes on behind the end with an empty body; 200 ends it, all else is an error."""
    upload = sender()
    behind = f"bytes {len(FILE)}-{len(FILE) + PIECE - 1}/{len(FILE)}"
    upload.chunk(FILE, 0, PIECE)
    assert (upload.put(b"", behind).status_code, upload.put(b"more", behind).status_code) == (308, 400)
    upload.chunk(FILE, PIECE, len(FILE) - 1)
    assert upload.put(b"", behind).status_code == 200
    assert arrived(world, upload)
