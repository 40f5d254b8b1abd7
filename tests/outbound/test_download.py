"""Downloads work, stop and fail as they should, with servers that do what servers do."""

from __future__ import annotations

import re
import socket
import threading
import time
from ipaddress import ip_address

import pytest

from fastpix.errors import Refused
from fastpix.outbound import download as fetching
from fastpix.outbound.download import FetchFailed, FetchStopped, fetch

FILM = bytes(range(256)) * 3000


def answer(body=b"", status="200 OK", length=None, **headers):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def get(url, **more):
    received = []
    options = {"allow_private": True, "max_bytes": 10**9, "max_seconds": 20.0, **more}
    return b"".join(received), fetch(url, received.append, **options), received


def body_of(url, **more):
    *_, received = get(url, **more)
    return b"".join(received)


def failure(url, **more):
    with pytest.raises(FetchFailed) as failed:
        get(url, **more)
    assert isinstance(failed.value, Refused) and str(failed.value).endswith(".") and "\n" not in str(failed.value)
    return failed.value


def test_a_file_comes_whole_in_small_pieces_with_what_the_server_said_of_it(serve):
    server = serve(
        answer(FILM, Content_Type="Video/MP4; x=1", Content_Disposition='attachment; filename="my film.mp4"')
    )
    seen = []
    _, fetched, received = get(server.url("/a?b=c#d"), on_progress=lambda *now: seen.append(now))
    assert b"".join(received) == FILM and max(map(len, received)) <= 256 * 1024
    assert (fetched.size, fetched.content_type, fetched.file_name) == (len(FILM), "video/mp4", "my film.mp4")
    assert seen[0] == (0, len(FILM)) and seen[-1] == (len(FILM), len(FILM)) and seen == sorted(seen)
    assert server.requests[0].startswith("GET /a?b=c HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{server.port}\r\n" in server.requests[0]
    assert "Accept-Encoding: identity\r\n" in server.requests[0]


def test_a_file_of_unknown_length_comes_whole(serve):
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n3;x=y\r\n567\r\n0\r\n\r\n"
    until_close = b"HTTP/1.0 200 OK\r\n\r\n01234567"
    for given in (chunked, until_close):
        seen = []
        assert body_of(serve(given).url(), on_progress=lambda *now, seen=seen: seen.append(now)) == b"01234567"
        assert seen[-1] == (8, None)


@pytest.mark.parametrize(
    ("empty", "is_permanent"),
    [
        (answer(b""), True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\n\r\n", False),
    ],
)
def test_an_answer_without_a_byte_says_so(serve, empty, is_permanent):
    """One that does not say how long it is may have broken off."""
    failed = failure(serve(empty).url())
    assert "127.0.0.1 sent nothing: a file of 0 bytes." in str(failed)
    assert failed.is_permanent is is_permanent


def test_a_name_in_other_letters_is_looked_up_as_browsers_do(serve):
    server = serve(answer(b"film"))
    names = []

    def resolve(host, _port):
        names.append(host)
        return [ip_address("127.0.0.1")]

    for name in ("straße.example", "STRA%C3%9FE.example"):
        assert body_of(server.url(host=name), resolve=resolve) == b"film"
    assert set(names) == {"xn--strae-oqa.example"}
    assert f"Host: xn--strae-oqa.example:{server.port}" in server.requests[0]


@pytest.mark.parametrize(
    ("path", "disposition", "name"),
    [
        ("/films/my%20film.mp4", None, "my film.mp4"),
        ("/", None, ""),
        ("/x", "attachment; filename=../../etc/passwd", "passwd"),
        ("/x", 'attachment; filename="C:\\\\films\\\\a.mp4"', "a.mp4"),
        ("/x", "attachment; filename*=UTF-8''na%C3%AFve%0A.mp4", "naïve.mp4"),
        ("/%2e%2e%2f%2e%2e%2fpasswd", None, "passwd"),
        ("/" + "a" * 400, None, "a" * 255),
    ],
)
def test_the_name_of_the_file_is_a_name_and_no_path(serve, path, disposition, name):
    headers = {"Content_Disposition": disposition} if disposition else {}
    _, fetched, _ = get(serve(answer(b"x", **headers)).url(path))
    assert fetched.file_name == name


def test_what_people_paste_is_encoded(serve):
    server = serve(answer(b"x"))
    body_of("  " + server.url("/my film ä.mp4?a=ö&b=%20") + "\n")
    assert server.requests[0].startswith("GET /my%20film%20%C3%A4.mp4?a=%C3%B6&b=%20 HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("status", "is_permanent"),
    [("404 Not Found", True), ("403 Forbidden", True), ("410 Gone", True), ("206 Partial Content", True), ("304 Not Modified", True),
     ("500 Oops", False), ("503 Busy", False), ("429 Slow down", False), ("408 Timeout", False)],
)  # fmt: skip
def test_an_answer_that_is_no_file_says_which_and_whether_to_try_again(serve, status, is_permanent):
    failed = failure(serve(answer(b"no", status=status)).url())
    assert failed.is_permanent == is_permanent and f"answered {status[:3]}" in str(failed)


def test_redirects_are_followed_also_relative_ones(serve):
    def behave(connection, request):
        path = request.split()[1]
        to = {"/a": "/b/c", "/b/c": "d%20e ä", "/b/d%20e%20%C3%A4": f"//127.0.0.1:{server.port}/last?x"}.get(path)
        connection.sendall(
            answer(status="302 Found", Location=to.encode().decode("latin-1")) if to else answer(b"film")
        )

    server = serve(behave)
    _, fetched, received = get(server.url("/a"))
    assert received == [b"film"] and fetched.file_name == "last"
    assert [request.split()[1] for request in server.requests] == ["/a", "/b/c", "/b/d%20e%20%C3%A4", "/last?x"]


def test_five_redirects_are_enough(serve):
    def behave(connection, request):
        left = int(request.split()[1][1:])
        connection.sendall(answer(status="307 Onward", Location=f"/{left - 1}") if left else answer(b"film"))

    server = serve(behave)
    assert body_of(server.url("/5")) == b"film"
    failed = failure(server.url("/6"))
    assert failed.is_permanent and "more than 5 times" in str(failed)
    assert failure(serve(answer(status="301 Moved")).url()).is_permanent


def test_an_announced_size_beyond_the_limit_is_refused_before_a_byte_is_taken(serve):
    received = []
    url = serve(answer(FILM, length=10**15)).url()
    with pytest.raises(FetchFailed, match="larger than the 1 MB") as failed:
        fetch(url, received.append, allow_private=True, max_bytes=10**6, max_seconds=20)
    assert failed.value.is_permanent and received == []


def test_a_server_that_sends_more_than_the_limit_without_saying_so_is_cut_off(serve):
    def behave(connection, _):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not server.done.is_set():
            connection.sendall(FILM)

    server, received = serve(behave), []
    with pytest.raises(FetchFailed, match="larger") as failed:
        fetch(server.url(), received.append, allow_private=True, max_bytes=10**6, max_seconds=20)
    assert failed.value.is_permanent and sum(map(len, received)) <= 10**6


def test_a_file_of_exactly_the_limit_is_taken(serve):
    url = serve(answer(FILM)).url()
    assert body_of(url, max_bytes=len(FILM)) == FILM
    assert failure(url, max_bytes=len(FILM) - 1).is_permanent


@pytest.mark.parametrize(
    "given",
    [
        answer(FILM[:1000], length=5000),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 2",
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    ],
)
def test_a_server_that_dies_or_babbles_is_a_failure_that_may_pass(serve, given):
    assert not failure(serve(given).url()).is_permanent


def test_a_server_that_resets_the_connection_in_the_middle_is_a_failure_that_may_pass(serve):
    def behave(connection, _):
        connection.sendall(answer(FILM[:1000], length=5000))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    assert not failure(serve(behave).url()).is_permanent


def drip(server_of, start):
    """Sends a byte every 20 milliseconds for ever: no single wait is long."""

    def behave(connection, _):
        connection.sendall(start)
        while not server_of[0].done.wait(0.02):
            connection.sendall(b"x")

    return behave


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n",
                                   b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n"])  # fmt: skip
def test_a_server_that_drips_cannot_keep_us_longer_than_the_whole_time(serve, start):
    servers = []
    servers.append(serve(drip(servers, start)))
    began = time.monotonic()
    failed = failure(servers[0].url(), max_seconds=0.4)
    assert 0.3 < time.monotonic() - began < 3
    assert failed.is_permanent and "longer than the 0.4 seconds" in str(failed)


def test_redirects_do_not_win_time(serve):
    def behave(connection, _):
        server.done.wait(0.15)
        connection.sendall(answer(status="302 Found", Location="/again"))

    server = serve(behave)
    assert "0.4 seconds" in str(failure(server.url(), max_seconds=0.4))


def test_a_server_that_falls_silent_is_left(serve, monkeypatch):
    monkeypatch.setattr(fetching, "READ_SECONDS", 0.3)

    def behave(connection, _):
        connection.sendall(answer(b"abc", length=1000))
        server.done.wait(10)

    server = serve(behave)
    failed = failure(server.url())
    assert not failed.is_permanent and "stopped sending" in str(failed)


def test_a_download_is_stopped_when_somebody_says_so_also_while_the_server_is_silent(serve):
    stop = threading.Event()

    def behave(connection, _):
        connection.sendall(answer(b"abc", length=1000))
        stop.set()
        server.done.wait(10)

    server = serve(behave)
    began = time.monotonic()
    with pytest.raises(FetchStopped) as stopped:
        get(server.url(), should_stop=stop.is_set)
    assert not stopped.value.is_permanent and time.monotonic() - began < 5


def test_a_server_that_does_not_listen_is_a_failure_that_may_pass():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    failed = failure(f"http://127.0.0.1:{port}/")
    assert not failed.is_permanent and "cannot be reached" in str(failed)


def test_a_name_that_does_not_exist_is_permanent_and_trouble_with_names_may_pass():
    def resolve(error):
        def raising(_host, _port):
            raise socket.gaierror(error, "trouble")

        return raising

    for error, is_permanent in ((socket.EAI_NONAME, True), (socket.EAI_AGAIN, False)):
        failed = failure("http://films.test/", resolve=resolve(error))
        assert failed.is_permanent == is_permanent and "films.test" in str(failed)


def test_the_next_address_is_tried_when_one_does_not_answer(serve):
    from ipaddress import ip_address

    server = serve(answer(b"film"))
    both = [ip_address("127.0.0.3"), ip_address("127.0.0.1")]
    assert body_of(server.url(host="films.test"), resolve=lambda _host, _port: both) == b"film"


def test_a_compressed_answer_is_refused(serve):
    """A small answer could become a very large file."""
    assert failure(serve(answer(b"x", Content_Encoding="gzip")).url()).is_permanent


def test_what_the_receiver_raises_goes_through(serve):
    def full(_piece):
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        fetch(serve(answer(FILM)).url(), full, allow_private=True, max_bytes=10**9, max_seconds=20)


@pytest.mark.parametrize(
    "url",
    ["", "film.mp4", "/etc/passwd", "file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/x", "http://", "http:///x",
     "http://[::1", "http://a:99999/", "http://a:x/", "http://a..b/", "http://a%0d%0ab/", "http://a%00b/", "http://%2fetc/",
     "http://[::1%25lo]/", "javascript:1", "http://" + "a" * 64 + ".test/", "https://?x", "data:video/mp4;base64,AAAA"],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(url):
    def resolve(_host, _port):
        raise AssertionError("nobody may be asked for this")

    assert failure(url, resolve=resolve).is_permanent


def test_no_header_can_be_put_into_the_address(serve):
    server = serve(answer(b"x"))
    body_of(server.url("/a\r\nX-Evil: 1\r\n\r\nGET /b HTTP/1.1"))
    assert len(server.requests) == 1 and not re.search(r"^X-Evil", server.requests[0], re.M)
