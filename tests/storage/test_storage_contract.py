"""What every storage promises, on the local disk and in S3."""

from __future__ import annotations

import os
import random
import threading
from datetime import UTC, datetime, timedelta

import pytest

from fastpix.errors import Missing, Refused
from fastpix.storage import interface
from fastpix.storage.interface import READ_BYTES

FILM = random.Random(1).randbytes(700_000)


def pieces(data, size=100_000):
    return (data[start : start + size] for start in range(0, len(data), size))


def append(storage, key, *writes):
    with storage.appender(key) as appender:
        return [appender.write(offset, data) for offset, data in writes]


def listed(storage, prefix=""):
    return {entry.key: entry.size for entry in storage.list(prefix)}


@pytest.mark.parametrize("given", [FILM, b"", b"x"])
def test_what_is_written_is_read(storage, given):
    assert storage.write("o/w/m/source", given) == len(given)
    assert storage.write("o/w/m/copy", pieces(given)) == len(given)
    for key in ("o/w/m/source", "o/w/m/copy"):
        assert storage.size(key) == len(given)
        assert storage.read_bytes(key) == given
        assert b"".join(storage.read(key)) == given


def test_pieces_are_bytes_of_a_bearable_size(storage):
    storage.write("film", FILM)
    found = list(storage.read("film"))
    assert len(found) > 2 and all(type(piece) is bytes and 0 < len(piece) <= READ_BYTES for piece in found)


@pytest.mark.parametrize(
    ("start", "length"),
    [(0, 1), (0, 0), (5, 0), (100, 300_000), (699_999, 1), (699_990, 500), (1, None), (700_000, None), (700_001, 5), (9**9, 1)],
)  # fmt: skip
def test_a_range_is_what_a_slice_of_the_bytes_is(storage, start, length):
    storage.write("film", FILM)
    end = None if length is None else start + length
    assert b"".join(storage.read("film", start, length)) == FILM[start:end]


def test_a_negative_range_is_a_mistake(storage):
    storage.write("film", FILM)
    for start, length in ((-1, None), (0, -1)):
        with pytest.raises(ValueError):
            storage.read("film", start, length)


def test_what_is_not_there_is_missing_before_the_first_piece(storage, tmp_path):
    storage.write("there/film", b"film")
    for key in ("nothing", "there", "there/film2", "there/film/behind"):
        for ask in (storage.size, storage.read, storage.read_bytes, lambda key: storage.fetch(key, tmp_path / "to")):
            with pytest.raises(Missing):
                ask(key)
        with pytest.raises(Missing):
            storage.read(key, 3, 4)
        with pytest.raises(Missing):
            storage.read(key, 3, 0)
    assert not (tmp_path / "to").exists()


BAD_KEYS = [
    "", "/", "/etc/passwd", "..", "../x", "a/../../b", "a/..", "a//b", "a/", "./a", ".work/x", ".appended/x", "a/.hidden",
    "a\\b", "a\0b", "a\n", "a b", "a/%2e%2e/b", "ä", "~/x", "a" * 201, "a/" * 400 + "a", "C:/x", "a?b", "a#b",
]  # fmt: skip


@pytest.mark.parametrize("key", BAD_KEYS)
def test_a_key_that_could_lead_elsewhere_is_refused_by_every_method(storage, make_folder, tmp_path, key):
    storage.write("kept", b"kept")
    before = listed(storage)
    asks = [
        lambda: storage.local_path(key), lambda: storage.size(key), lambda: storage.read(key), lambda: storage.read_bytes(key),
        lambda: storage.write(key, b"x"), lambda: storage.add_folder(make_folder({"a": b"a"}), key),
        lambda: storage.add_file(make_folder({"a": b"a"}) / "a", key),
        lambda: storage.fetch(key, tmp_path / "to"), lambda: append(storage, key, (0, b"x")), lambda: storage.appended(key),
        lambda: storage.complete(key, "kept"), lambda: storage.complete("kept", key), lambda: storage.discard(key),
        lambda: storage.delete(key), lambda: storage.delete_folder(key), lambda: storage.work_folder(key),
        lambda: storage.delete_leftover(key if key[:1] != "." else f"{key}/../.."),
    ]  # fmt: skip
    if key:
        asks.append(lambda: list(storage.list(key)))
    for ask in asks:
        with pytest.raises(ValueError):
            ask()
    assert listed(storage) == before and storage.read_bytes("kept") == b"kept"


def test_a_write_that_breaks_off_leaves_what_was_there(storage):
    def breaking():
        yield from pieces(FILM)
        raise RuntimeError("the connection is gone")

    storage.write("replaced", b"old")
    for key in ("new", "replaced"):
        with pytest.raises(RuntimeError, match="the connection is gone"):
            storage.write(key, breaking())
    assert listed(storage) == {"replaced": 3} and storage.read_bytes("replaced") == b"old"


def test_a_write_is_seen_only_when_it_is_complete(storage):
    def looking():
        for piece in pieces(FILM):
            assert "film" not in listed(storage)
            yield piece

    storage.write("film", looking())
    assert listed(storage) == {"film": len(FILM)}


def test_a_folder_is_published_with_all_it_holds(storage, make_folder):
    files = {"index.m3u8": b"#EXTM3U", "1080/init.mp4": b"init", "1080/s00000.m4s": FILM, "empty": b""}
    folder = make_folder(files)
    assert storage.add_folder(folder, "o/w/m/v1") == sum(map(len, files.values()))
    assert not folder.exists()
    assert listed(storage, "o/w/m") == {f"o/w/m/v1/{name}": len(data) for name, data in files.items()}
    assert all(storage.read_bytes(f"o/w/m/v1/{name}") == data for name, data in files.items())


def test_a_folder_of_work_is_published_too(storage):
    folder = storage.work_folder("job-1")
    (folder / "poster.jpg").write_bytes(b"poster")
    assert folder.parent == storage.work_root and storage.work_folder("job-1") == folder
    assert storage.add_folder(folder, "m/v1") == 6
    assert listed(storage) == {"m/v1/poster.jpg": 6} and not folder.exists()


def test_a_folder_joins_what_is_there(storage, make_folder):
    storage.add_folder(make_folder({"a": b"old", "b": b"b"}), "m/v1")
    assert storage.add_folder(make_folder({"a": b"a", "c/d": b"d"}), "m/v1") == 2
    assert {key: storage.read_bytes(key) for key in listed(storage)} == {
        "m/v1/a": b"a",
        "m/v1/b": b"b",
        "m/v1/c/d": b"d",
    }


def test_an_empty_folder_leaves_nothing(storage, make_folder):
    folder = make_folder({"a/b": b""})
    (folder / "a" / "b").unlink()
    assert storage.add_folder(folder, "m/v1") == 0
    assert listed(storage) == {} and not folder.exists()


def test_a_file_is_stored_and_stays_where_it_is(storage, make_folder):
    folder = make_folder({"s00000.m4s": FILM, "index.m3u8": b"#EXTM3U"})
    storage.write("m/v1/360p/s00000.m4s", b"what was there")
    assert storage.add_file(folder / "s00000.m4s", "m/v1/360p/s00000.m4s") == len(FILM)
    assert (folder / "s00000.m4s").read_bytes() == FILM
    assert storage.add_folder(folder, "m/v1/360p") == len(FILM) + 7, "also where the file is there already"
    assert listed(storage) == {"m/v1/360p/s00000.m4s": len(FILM), "m/v1/360p/index.m3u8": 7}
    assert storage.read_bytes("m/v1/360p/s00000.m4s") == FILM


def test_a_link_is_not_stored_as_the_file_it_leads_to(storage, make_folder, tmp_path):
    folder = make_folder({"secret": b"secret"})
    (tmp_path / "s00000.m4s").symlink_to(folder / "secret")
    for path in (tmp_path / "s00000.m4s", folder):
        with pytest.raises(ValueError, match="no plain file"):
            storage.add_file(path, "m/v1/s00000.m4s")
    assert listed(storage) == {}


@pytest.mark.parametrize("name", ["a b.mp4", ".hidden", "x/.m3u8", "ü", "a\nb"])
def test_a_folder_with_a_name_that_is_no_key_is_refused_whole(storage, make_folder, name):
    folder = make_folder({"good": b"good", name: b"bad"})
    with pytest.raises(ValueError):
        storage.add_folder(folder, "m/v1")
    assert listed(storage) == {} and (folder / "good").exists()


def test_a_folder_with_a_link_is_refused_whole(storage, make_folder, tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key").write_bytes(b"secret")
    for target in (tmp_path / "secret", tmp_path / "secret" / "key"):
        folder = make_folder({"good": b"good"})
        (folder / "link").symlink_to(target)
        with pytest.raises(ValueError, match="neither a file nor a folder"):
            storage.add_folder(folder, "m/v1")
        assert listed(storage) == {} and (folder / "good").exists()


def test_an_object_is_fetched_to_a_local_file(storage, tmp_path):
    for data in (FILM, b""):
        storage.write("m/source", data)
        storage.fetch("m/source", tmp_path / "to")
        assert (tmp_path / "to").read_bytes() == data
        assert sorted(path.name for path in tmp_path.iterdir() if path.name != "media") == ["to"]


def test_bytes_are_appended_over_several_requests(storage):
    assert storage.appended("uploads/u1") == 0
    assert append(storage, "uploads/u1", (0, FILM[:300_000]), (300_000, FILM[300_000:300_010])) == [300_000, 300_010]
    assert storage.appended("uploads/u1") == 300_010
    with storage.appender("uploads/u1") as appender:
        assert appender.size == 300_010
        assert appender.write(300_010, FILM[300_010:]) == len(FILM) == appender.size
    assert "uploads/u1" not in listed(storage, "uploads")
    assert storage.complete("uploads/u1", "o/w/m/source") == len(FILM)
    assert listed(storage) == {"o/w/m/source": len(FILM)}
    assert storage.read_bytes("o/w/m/source") == FILM
    assert storage.appended("uploads/u1") == 0


def test_bytes_that_are_sent_again_count_once(storage):
    sizes = append(
        storage, "u", (0, FILM[:1000]), (0, FILM[:1000]), (500, FILM[500:1500]), (100, FILM[100:200]), (1500, b"")
    )
    assert sizes == [1000, 1000, 1500, 1500, 1500]
    assert append(storage, "u", (0, FILM[:2000])) == [2000]
    storage.complete("u", "film")
    assert storage.read_bytes("film") == FILM[:2000]


def test_a_hole_is_refused_and_nothing_is_lost(storage):
    with storage.appender("u") as appender:
        appender.write(0, b"0123")
        for offset in (5, 10**12, -1):
            with pytest.raises(ValueError):
                appender.write(offset, b"x")
    assert storage.appended("u") == 4


def test_what_was_appended_stays_when_the_connection_breaks(storage):
    with pytest.raises(ConnectionError), storage.appender("u") as appender:
        appender.write(0, b"0123")
        raise ConnectionError
    assert storage.appended("u") == 4


def test_two_connections_that_send_the_same_bytes_corrupt_nothing(storage):
    """A client that lost its connection comes again while the server still reads the first one."""
    start = threading.Barrier(3)
    failed = []

    def send(step):
        try:
            start.wait()
            for begin in range(0, len(FILM), 5 * step):
                with storage.appender("u") as appender:
                    for offset in range(begin, min(begin + 5 * step, len(FILM)), step):
                        appender.write(offset, FILM[offset : offset + step])
        except Exception as problem:
            failed.append(problem)

    threads = [threading.Thread(target=send, args=(step,)) for step in (30_000, 47_111, 64_000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert storage.appended("u") == len(FILM) == storage.complete("u", "film")
    assert storage.read_bytes("film") == FILM


def test_a_slow_connection_takes_nothing_back(storage):
    """It opened first and stores last, with fewer bytes than the quick one."""
    with storage.appender("u") as slow:
        slow.write(0, FILM[:1000])
        append(storage, "u", (0, FILM[:5000]))
    assert storage.appended("u") == 5000
    append(storage, "u", (5000, FILM[5000:]))
    storage.complete("u", "film")
    assert storage.read_bytes("film") == FILM


def test_many_megabytes_are_appended_and_completed(storage):
    film = random.Random(2).randbytes(18 * 1024 * 1024 + 7)
    append(storage, "u", *((start, film[start : start + READ_BYTES]) for start in range(0, len(film), READ_BYTES)))
    assert storage.complete("u", "film") == len(film)
    assert b"".join(storage.read("film")) == film


def test_nothing_received_cannot_be_completed(storage):
    storage.write("there", b"there")
    append(storage, "opened")
    for key in ("never", "opened"):
        with pytest.raises(Missing):
            storage.complete(key, "there")
    assert storage.read_bytes("there") == b"there"


def test_discarded_bytes_are_gone(storage):
    append(storage, "uploads/u1", (0, b"0123"))
    append(storage, "uploads/u2", (0, b"01"))
    assert storage.discard("uploads/u1") == 4
    assert storage.discard("uploads/u1") == 0 == storage.discard("never")
    assert (storage.appended("uploads/u1"), storage.appended("uploads/u2")) == (0, 2)


def test_a_list_is_of_a_folder_not_of_a_beginning(storage):
    for key in ("m/1/source", "m/1/v/a", "m/12/source", "m/1-x"):
        storage.write(key, b"x")
    assert listed(storage, "m/1") == {"m/1/source": 1, "m/1/v/a": 1}
    assert listed(storage, "never") == {}
    assert listed(storage, "m/1/source") == {}
    entry = next(storage.list("m/12"))
    assert abs(datetime.now(UTC) - entry.modified) < timedelta(minutes=5)


def test_every_byte_is_listed_and_can_be_removed(storage):
    storage.write("m/source", b"source")
    append(storage, "uploads/u1", (0, b"0123"))
    append(storage, "uploads/u1", (4, b"4567"))
    (storage.work_folder("job-1") / "half done.mp4").write_bytes(b"half")
    found = listed(storage)
    leftovers = {key for key in found if key.startswith(".")}
    assert sum(found.values()) == 6 + 8 + 4
    assert found.keys() - leftovers == {"m/source"} and ".work/job-1/half done.mp4" in leftovers
    for key in leftovers:
        storage.delete_leftover(key)
        storage.delete_leftover(key)
    assert listed(storage) == {"m/source": 6} and storage.appended("uploads/u1") == 0


@pytest.mark.parametrize(
    "key", ["m/source", ".work", ".work/", ".work/../m/source", ".appended/../../x", ".work//x", ".work/./x"]
)
def test_only_leftovers_are_deleted_as_leftovers(storage, key):
    storage.write("m/source", b"source")
    with pytest.raises(ValueError):
        storage.delete_leftover(key)
    assert storage.read_bytes("m/source") == b"source"


def test_a_deleted_object_is_gone_and_deleting_again_is_no_error(storage):
    storage.write("m/a", b"a")
    storage.write("m/b", b"b")
    for _ in range(2):
        storage.delete("m/a")
    storage.delete("m")
    storage.delete("m/b/behind")
    storage.delete("never/there")
    assert listed(storage) == {"m/b": 1}


def test_a_deleted_folder_is_gone_and_its_neighbours_stay(storage):
    for key in ("m/1/source", "m/1/v/a", "m/12/source", "m/1-x"):
        storage.write(key, b"1234")
    assert storage.delete_folder("m/1") == 8
    assert storage.delete_folder("m/1") == 0 == storage.delete_folder("m/1-x")
    assert listed(storage) == {"m/12/source": 4, "m/1-x": 4}


def test_a_large_object_is_not_taken_into_memory_at_once(storage, monkeypatch):
    storage.write("film", FILM)
    for module in ("local", "s3"):
        monkeypatch.setattr(f"fastpix.storage.{module}.LARGEST_WHOLE", len(FILM) - 1)
    with pytest.raises(Refused, match="too large"):
        storage.read_bytes("film")
    assert interface.LARGEST_WHOLE > 2**20


def test_a_good_storage_says_ok_and_leaves_nothing(storage):
    assert storage.check() == "ok"
    assert listed(storage) == {}


def test_only_the_local_disk_has_files(storage, local):
    storage.write("m/a", b"a")
    path = storage.local_path("m/a")
    if type(storage) is type(local):
        assert path.read_bytes() == b"a" and storage.free_bytes() > 0
        with pytest.raises(Missing):
            storage.local_path("never")
    else:
        assert path is None and storage.free_bytes() is None


def test_work_is_done_in_a_folder_of_one_safe_name(storage):
    assert os.access(storage.work_folder("job-1"), os.W_OK)
    for name in ("a/b", "..", "", ".x"):
        with pytest.raises(ValueError):
            storage.work_folder(name)
