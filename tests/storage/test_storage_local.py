"""What only the local disk can do wrong: links, crashes, races for folders and files."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import threading
import tracemalloc

import pytest

from fastpix.errors import Misconfigured, Missing, Refused
from fastpix.storage import open_storage
from fastpix.storage.interface import READ_BYTES


def listed(storage, prefix=""):
    return {entry.key: entry.size for entry in storage.list(prefix)}


@pytest.fixture
def secret(tmp_path):
    """A folder outside the storage, with another one's key in it."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "key").write_bytes(b"secret")
    return folder


def test_a_link_in_the_tree_lets_nobody_read_or_write_what_is_outside(local, secret, tmp_path):
    local.write("m/source", b"film")
    (local.root / "m" / "file").symlink_to(secret / "key")
    (local.root / "m" / "folder").symlink_to(secret)
    for key in ("m/file", "m/folder/key"):
        for ask in (
            local.size,
            local.read,
            local.read_bytes,
            local.local_path,
            lambda key: local.fetch(key, tmp_path / "to"),
        ):
            with pytest.raises(Refused, match="link"):
                ask(key)
    for write in (
        lambda: local.write("m/folder/new", b"x"),
        lambda: local.delete("m/folder/key"),
        lambda: local.delete_folder("m/folder/key"),
        lambda: list(local.list("m/folder/key")),
    ):
        with pytest.raises(Refused, match="link"):
            write()
    assert list(local.list("m/folder")) == []
    assert local.delete_folder("m/folder") == 0
    assert {path.name: path.read_bytes() for path in secret.iterdir()} == {"key": b"secret"}
    assert not (tmp_path / "to").exists()


def test_another_tenants_file_is_not_read_through_a_link_either(local):
    local.write("acme/source", b"film of acme")
    (local.root / "globex").mkdir()
    (local.root / "globex" / "source").symlink_to(local.root / "acme" / "source")
    with pytest.raises(Refused):
        local.read_bytes("globex/source")


def test_a_link_is_replaced_or_deleted_never_followed(local, secret):
    local.write("m/source", b"film")
    for name in ("a", "b", "c"):
        (local.root / "m" / name).symlink_to(secret / "key")
    local.write("m/a", b"new")
    local.delete("m/b")
    assert local.read_bytes("m/a") == b"new" and not (local.root / "m" / "b").is_symlink()
    local.delete_folder("m")
    assert (secret / "key").read_bytes() == b"secret"


def test_a_link_put_where_an_upload_grows_is_not_written_through(local, secret):
    (local.root / ".appended").mkdir()
    (local.root / ".appended" / "u").symlink_to(secret / "key")
    (local.root / ".work" / "link").symlink_to(secret)
    with pytest.raises(OSError), local.appender("u") as appender:
        appender.write(0, b"overwritten")
    with pytest.raises(OSError):
        local.complete("u", "m/source")
    with pytest.raises(ValueError):
        local.delete_leftover(".work/link/key")
    assert (secret / "key").read_bytes() == b"secret"


def test_the_storage_itself_may_lie_behind_a_link(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "media").symlink_to(tmp_path / "disk")
    storage = open_storage("", tmp_path / "media")
    storage.write("m/source", b"film")
    assert storage.read_bytes("m/source") == b"film"


WRITER = """
import sys
from pathlib import Path
from fastpix.storage import open_storage
open_storage("", Path(sys.argv[1])).write("m/source", iter(lambda: sys.stdin.buffer.read1(65536), b""))
"""


def test_a_process_that_is_killed_while_writing_leaves_nothing_but_a_leftover(local, eventually):
    local.write("m/source", b"the old one")
    with subprocess.Popen([sys.executable, "-c", WRITER, str(local.root)], stdin=subprocess.PIPE, bufsize=0) as writer:
        writer.stdin.write(bytes(300_000))
        leftover = eventually(
            lambda: [entry for entry in local.list() if entry.key.startswith(".work/") and entry.size]
        )[0]
        writer.kill()
    assert local.read_bytes("m/source") == b"the old one"
    local.delete_leftover(leftover.key)
    assert listed(local) == {"m/source": 11}


def test_a_folder_whose_deletion_broke_off_is_gone_and_its_bytes_are_found(local, monkeypatch):
    for name in ("a", "b/c"):
        local.write(f"m/{name}", b"1234")
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", lambda folder: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            local.delete_folder("m")
    assert listed(local, "m") == {}
    left = listed(local)
    assert sum(left.values()) == 8 and all(key.startswith(".work/deleted-") for key in left)
    for key in left:
        local.delete_leftover(key)
    assert listed(local) == {} and list(local.work_root.iterdir()) == []


def test_a_connection_that_hung_cannot_write_into_the_published_object(local):
    """The attack: two connections to one upload; the second goes on after the first completed it."""
    with local.appender("u") as hanging:
        with local.appender("u") as appender:
            appender.write(0, b"good")
        local.complete("u", "m/source")
        for offset in (0, 4):
            with pytest.raises(Missing, match="Begin a new one"):
                hanging.write(offset, b"goodevil")
    assert local.read_bytes("m/source") == b"good"
    assert listed(local) == {"m/source": 4}


def test_a_finished_upload_is_read_only_and_can_still_be_replaced_and_deleted(local, make_folder):
    with local.appender("u") as appender:
        appender.write(0, b"film")
    local.complete("u", "m/source")
    assert not local.local_path("m/source").stat().st_mode & 0o222
    local.write("m/source", b"new")
    assert local.read_bytes("m/source") == b"new" and local.delete_folder("m") == 3


def test_a_file_in_the_way_of_a_folder_is_an_error_and_no_endless_loop(local):
    local.write("m/a", b"file")
    with pytest.raises(OSError):
        local.write("m/a/b", b"x")
    assert listed(local) == {"m/a": 4}


def test_a_connection_that_hung_cannot_bring_a_discarded_upload_back(local):
    with local.appender("u") as hanging:
        hanging.write(0, b"1234")
        assert local.discard("u") == 4
        with pytest.raises(Missing):
            hanging.write(4, b"5678")
    assert listed(local) == {}


def test_only_one_of_many_completes_an_upload(local):
    with local.appender("u") as appender:
        appender.write(0, b"film")
    start, outcomes = threading.Barrier(4), []

    def complete(to):
        start.wait()
        try:
            outcomes.append(local.complete("u", to))
        except Missing:
            outcomes.append(None)

    threads = [threading.Thread(target=complete, args=(f"m/{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes, key=str) == [4, None, None, None] and list(listed(local).values()) == [4]


def test_writing_and_deleting_in_one_folder_at_once_loses_no_write(local):
    """Whoever deletes the last file removes the empty folder, perhaps under the other's hands."""
    done, failed = threading.Event(), []

    def delete_again_and_again():
        while not done.is_set():
            local.delete("m/v/other")
            local.discard("m/v/upload")

    def write_again_and_again():
        try:
            for number in range(100):
                local.write("m/v/other", b"x")
                local.write(f"k/{number}", b"x")
                with local.appender("m/v/upload"):
                    pass
        except Exception as problem:
            failed.append(problem)

    threads = [threading.Thread(target=target) for target in (delete_again_and_again, write_again_and_again)]
    for thread in threads:
        thread.start()
    threads[1].join()
    done.set()
    threads[0].join()
    assert not failed and len(listed(local, "k")) == 100


def test_a_full_disk_is_an_error_and_the_bytes_that_fit_count(local, monkeypatch):
    """`pwrite` takes a part first, then says that the disk is full."""
    room, real = [6], os.pwrite

    def pwrite(file, data, offset):
        if not room[0]:
            raise OSError(28, "No space left on device")
        written = real(file, bytes(data)[: room[0]], offset)
        room[0] -= written
        return written

    monkeypatch.setattr(os, "pwrite", pwrite)
    with pytest.raises(OSError, match="No space left"), local.appender("u") as appender:
        appender.write(0, b"0123456789")
    assert local.appended("u") == 6
    room[0] = 100
    with local.appender("u") as appender:
        assert appender.write(0, b"0123456789") == 10
    local.complete("u", "film")
    assert local.read_bytes("film") == b"0123456789"


def test_memory_stays_flat_however_long_the_film(local, tmp_path):
    film_pieces, size = 512, 512 * READ_BYTES
    piece = bytes(READ_BYTES)
    tracemalloc.start()
    try:
        local.write("film", itertools.repeat(piece, film_pieces))
        with local.appender("u") as appender:
            for number in range(film_pieces):
                appender.write(number * READ_BYTES, piece)
        assert local.complete("u", "copy") == size
        assert sum(map(len, local.read("film"))) == size
        local.fetch("film", tmp_path / "to")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * 1024 * 1024 < size


def test_a_fetched_file_is_the_same_file_where_the_disk_allows_it(local, tmp_path, monkeypatch):
    local.write("film", b"film")
    local.fetch("film", tmp_path / "to")
    assert (tmp_path / "to").samefile(local.local_path("film"))
    local.fetch("film", tmp_path / "to")

    def no_link(*_args, **_more):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", no_link)
    local.fetch("film", tmp_path / "to")
    assert not (tmp_path / "to").samefile(local.local_path("film")) and (tmp_path / "to").read_bytes() == b"film"


def test_a_folder_on_another_disk_is_copied_first(local, tmp_path):
    places = [place for place in ("/dev/shm", "/var/tmp", os.getcwd()) if os.access(place, os.W_OK)]
    elsewhere = [place for place in places if os.stat(place).st_dev != local.root.stat().st_dev]
    if not elsewhere:
        pytest.skip(f"needs a second file system at one of {places}")
    folder = os.path.join(elsewhere[0], f"fastpix-{os.getpid()}-{tmp_path.name}")
    os.mkdir(folder)
    try:
        assert os.stat(folder).st_dev != local.root.stat().st_dev
        with open(os.path.join(folder, "a"), "wb") as file:
            file.write(b"abc")
        assert local.add_folder(type(tmp_path)(folder), "m/v1") == 3
        assert not os.path.exists(folder) and listed(local) == {"m/v1/a": 3}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_a_storage_that_cannot_be_written_says_so(local, monkeypatch):
    shutil.rmtree(local.work_root)
    local.work_root.write_bytes(b"in the way")
    assert "cannot be written" in local.check() and str(local.root) in local.check()
    with pytest.raises(Misconfigured, match="cannot be made"):
        open_storage("", local.work_root / "below")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://host/x", "no known kind"), ("/var/media", "no known kind"), ("file://host/x", "no known kind"),
        ("file:relative", "no known kind"), ("s3://", "names no bucket"), ("s3://Media/x", "small letters"),
        ("s3://me:pw@media/x", "small letters"), ("s3://media/../x", "prefix"), ("s3://media/a//b", "prefix"),
    ],
)  # fmt: skip
def test_a_url_that_is_no_storage_is_refused_with_the_ways_there_are(tmp_path, url, words):
    with pytest.raises(Misconfigured, match=words) as refused:
        open_storage(url, tmp_path)
    assert "pw" not in str(refused.value)


def test_a_folder_can_be_named_by_url(tmp_path):
    storage = open_storage(f"file://{tmp_path}/my%20media", tmp_path / "other")
    storage.write("m/source", b"film")
    assert (tmp_path / "my media" / "m" / "source").read_bytes() == b"film"
