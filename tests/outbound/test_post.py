"""What a receiver of ours may answer before its answer, and after it."""

from __future__ import annotations

import pytest

from fastpix.outbound.download import fetch
from fastpix.outbound.post import Answered, NotPosted, post

FINAL = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
MORE = b"HTTP/1.1 102 Processing\r\n\r\n"
GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"


def sent(server):
    return post(server.url(), b"{}", {}, allow_private=True, seconds=10)


@pytest.mark.parametrize("before", [b"", HINTS, HINTS * 3, MORE, GO_ON, GO_ON + HINTS + MORE])
def test_answers_that_only_announce_the_answer_are_passed_over(serve, before):
    assert sent(serve(before + FINAL)) == Answered(200, b"done")


def test_so_they_are_where_a_file_is_fetched(serve):
    taken = []
    fetch(serve(HINTS + FINAL).url(), taken.append, allow_private=True, max_bytes=100, max_seconds=10)
    assert taken == [b"done"]


@pytest.mark.parametrize("answer", [HINTS, HINTS * 21 + FINAL, b"HTTP/1.1 103 Early Hints\r\nLink: x"])
def test_a_server_that_only_announces_gave_no_answer(serve, answer):
    with pytest.raises(NotPosted, match=r"no proper answer|cannot be reached"):
        sent(serve(answer))


def test_a_refusal_after_hints_is_a_refusal(serve):
    assert sent(serve(HINTS + b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n")).status == 410
