"""What only S3 can do wrong: keys that are refused, buckets that are not there, parts that overlap."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastpix.storage import open_storage, parts
from fastpix.storage.parts import PART, Part


@pytest.fixture(scope="module")
def strict_server(tmp_path_factory, s3_keys):
    """rclone's S3 with the bucket `media`, which checks signatures (moto does not). Its endpoint."""
    folder = tmp_path_factory.mktemp("rclone")
    (folder / "media").mkdir()
    program = shutil.which("rclone", path=os.path.dirname(sys.executable))
    arguments = [
        "serve",
        "s3",
        "--addr",
        "127.0.0.1:0",
        "--auth-key",
        f"{s3_keys['access_key']},{s3_keys['secret_key']}",
    ]
    command = [program, "--config", os.devnull, *arguments, str(folder)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            for line in server.stderr:
                if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                    break
            yield found[0]
        finally:
            server.kill()
            server.stderr.read()


def test_the_right_keys_are_accepted(strict_server, tmp_path, s3_keys):
    storage = open_storage("s3://media/x", tmp_path, endpoint=strict_server, **s3_keys)
    storage.write("m/source", b"film")
    assert storage.read_bytes("m/source") == b"film"


def test_a_server_that_never_gives_a_part_is_found_before_films_lie_in_it(strict_server, tmp_path, s3_keys):
    """rclone's answers a range with 200 and all of it: everything seems to work, until something is played."""
    storage = open_storage("s3://media/empty", tmp_path, endpoint=strict_server, **s3_keys)
    assert "a part of a file" in storage.check()
    assert list(storage.list()) == []


@pytest.mark.parametrize("wrong", [{"secret_key": "not-the-secret"}, {"access_key": "AKIAI44QH8DHBEXAMPLE"}])
def test_a_wrong_key_is_refused_in_words_that_help_and_tell_no_secret(strict_server, tmp_path, wrong, s3_keys):
    storage = open_storage("s3://media", tmp_path, endpoint=strict_server, **{**s3_keys, **wrong})
    sentence = storage.check()
    assert "refuses our access key" in sentence and "secret" in sentence
    assert s3_keys["secret_key"] not in sentence and "not-the-secret" not in sentence
    for ask in (lambda: storage.write("x", b"x"), lambda: storage.size("x"), lambda: list(storage.list("m"))):
        with pytest.raises(OSError, match="refuses our access key"):
            ask()


def test_a_bucket_that_is_not_there_is_named(s3_server, tmp_path, s3_keys):
    storage = open_storage("s3://nothing", tmp_path, endpoint=s3_server.endpoint, **s3_keys)
    assert "no bucket nothing" in storage.check()
    for ask in (
        lambda: storage.write("x", b"x"),
        lambda: storage.write("x", iter([b"x"])),
        lambda: list(storage.list("m")),
    ):
        with pytest.raises(OSError, match="no bucket nothing"):
            ask()


def test_a_server_that_does_not_answer_is_said_at_once(tmp_path, s3_keys):
    storage = open_storage("s3://media", tmp_path, endpoint="http://127.0.0.1:9", **s3_keys)
    assert "does not work" in storage.check() and "\n" not in storage.check()


def test_objects_lie_under_the_prefix_and_nowhere_else(s3_server, tmp_path, s3_keys):
    inner = open_storage("s3://media/of-us/inner", tmp_path, endpoint=s3_server.endpoint, **s3_keys)
    beside = open_storage("s3://media/of-us/inner2", tmp_path, endpoint=s3_server.endpoint, **s3_keys)
    inner.write("m/source", b"film")
    beside.write("m/source", b"theirs")
    assert s3_server.client.head_object(Bucket="media", Key="of-us/inner/m/source")["ContentLength"] == 4
    assert [entry.key for entry in inner.list()] == ["m/source"]
    inner.delete_folder("m")
    assert beside.read_bytes("m/source") == b"theirs"


def test_an_object_can_be_copied_within_the_storage(in_s3):
    """obstore cannot wait for its own requests: reading while writing must not go through its threads."""
    film = random.Random(3).randbytes(2 * PART + 5)
    in_s3.write("a", film)
    assert in_s3.write("b", in_s3.read("a")) == len(film)
    assert b"".join(in_s3.read("b")) == film


def test_a_large_object_is_written_in_parts_and_fetched_in_parts(in_s3, s3_server, tmp_path):
    film = random.Random(4).randbytes(PART + PART // 2)
    in_s3.write("film", (film[start : start + 999_983] for start in range(0, len(film), 999_983)))
    in_s3.fetch("film", tmp_path / "to")
    assert (tmp_path / "to").read_bytes() == film
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["to"]


def test_what_is_appended_is_durable_every_8_mib(in_s3):
    with in_s3.appender("u") as appender:
        appender.write(0, bytes(PART - 1))
        assert in_s3.appended("u") == 0 and appender.size == PART - 1
        appender.write(PART - 1, b"12")
        assert in_s3.appended("u") == PART and appender.size == PART + 1
    assert in_s3.appended("u") == PART + 1
    assert sorted(entry.size for entry in in_s3.list()) == [1, PART]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)), max_size=12))
def test_parts_in_any_cut_and_order_are_joined_to_the_beginning_of_the_object(cuts):
    film = bytes(range(100))
    found = [Part(start, min(length, 100 - start)) for start, length in cuts]
    stored = {part: film[part.start : part.end] for part in found}
    joined = b"".join(stored[piece.part][piece.skip :] for piece in parts.cover(found))
    there = {number for part in found for number in range(part.start, part.end)}
    first_hole = next(number for number in range(101) if number not in there)
    assert joined == film[:first_hole] and parts.covered(found) == first_hole


@given(st.integers(0, 10**15 - 1), st.integers(1, 10**15 - 1))
def test_a_part_is_known_by_its_name(start, length):
    assert parts.parse(Part(start, length).name) == Part(start, length)


@pytest.mark.parametrize("name", ["", "1-1", "000000000000001", "000000000000001-", "000000000000001-1/x", "x"])
def test_what_is_not_a_part_is_left_out(name):
    assert parts.parse(name) is None
