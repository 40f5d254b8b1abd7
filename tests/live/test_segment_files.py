"""Files that grow: whole to the last fragment, also when the disk takes no more."""

from __future__ import annotations

import resource
from contextlib import contextmanager

from fastpix.live import segment_files
from fastpix.live.fmp4.muxer import Write
from fastpix.live.segment_files import Append


@contextmanager
def files_of_at_most(size):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_gets_its_name_when_it_is_whole(tmp_path):
    writes = [Write("a.m4s", b"one", False), Write("b.m4s", b"three", False), Write("a.m4s", b"two", True)]
    assert segment_files.apply(Append(tmp_path, write) for write in writes) == [None] * 3
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"a.m4s": b"onetwo", "b.m4s.open": b"three"}
    assert segment_files.is_ours(tmp_path)


def test_of_what_does_not_fit_nothing_is_written_and_the_others_are(tmp_path):
    writes = [Write("a.m4s", bytes(3000), False), Write("a.m4s", bytes(3000), False), Write("b.m4s", b"small", True)]
    with files_of_at_most(4096):
        first, second, third = segment_files.apply(Append(tmp_path, write) for write in writes)
    assert first is None and third is None and isinstance(second, OSError)
    assert (tmp_path / "a.m4s.open").stat().st_size == 3000 and (tmp_path / "b.m4s").read_bytes() == b"small"


def test_what_has_no_whole_fragment_is_left_out(tmp_path):
    for name, data in (("empty", b""), ("torn", b"\x00\x00\x00\x10mdat"), ("noise", bytes(range(64)))):
        (tmp_path / f"{name}.m4s.open").write_bytes(data)
    segment_files.finish(tmp_path)
    assert list(tmp_path.iterdir()) == []
