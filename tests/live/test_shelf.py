"""Finished pieces on their way into the storage: in order, once each, and found again after a crash at any step."""

from __future__ import annotations

import subprocess
from uuid import uuid4

import pytest

from fastpix.live import shelf
from fastpix.storage import instance as storage
from fastpix.storage.local import LocalStorage
from fastpix.video import live, tools


@pytest.fixture(scope="module")
def pieces(tmp_path_factory):
    """A folder as ffmpeg leaves it: five pieces of two seconds and what begins them."""
    folder = tmp_path_factory.mktemp("pieces")
    source = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30", "-f", "lavfi", "-i", "sine", "-t", "10"]
    encoded = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "60", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv"]
    flv = subprocess.run(
        [tools.ffmpeg(), "-v", "error", *source, *encoded, "-"], capture_output=True, check=True
    ).stdout
    subprocess.run(live.from_pipe(), input=flv, cwd=folder, check=True)
    return folder


@pytest.fixture
def place(tmp_path, pieces):
    """The shelf of a connection, on a storage of its own, with all pieces on ffmpeg's side."""
    storage.configure(LocalStorage(tmp_path))
    made = shelf.open_shelf(uuid4(), "org/workspace/broadcast/connection")
    for file in pieces.iterdir():
        (made.folder / file.name).write_bytes(file.read_bytes())
    return made


def stored(place):
    return sorted(entry.key.rpartition("/")[2] for entry in storage.get().list(place.prefix))


def names(place):
    return [piece.name for piece in place.stored]


ALL = [f"s{number:05}.m4s" for number in range(5)]


def test_pieces_are_stored_in_order_with_their_lengths_and_times(place):
    assert place.has_news
    place.collect()
    assert names(place) == ALL and stored(place) == ["init.mp4", *ALL] and not place.has_news
    assert [round(piece.seconds, 1) for piece in place.stored] == [2.0] * 5
    gaps = [(b.at - a.at).total_seconds() for a, b in zip(place.stored, place.stored[1:], strict=False)]
    assert all(abs(gap - 2) < 0.1 for gap in gaps)
    assert place.picture.codecs.startswith("avc1.") and (place.picture.width, place.picture.height) == (320, 180)


def test_a_piece_that_ffmpeg_still_writes_waits(place):
    (place.folder / ALL[4]).rename(place.folder / f"{ALL[4]}.tmp")
    place.collect()
    assert names(place) == ALL[:4]


def test_nothing_happens_before_the_first_piece(place):
    for piece in live.finished(place.folder):
        piece.unlink()
    place.collect()
    assert not place.has_news and stored(place) == [] and names(place) == []


def test_trouble_of_the_storage_loses_nothing_and_keeps_the_order(place, monkeypatch):
    real, calls = storage.get().add_folder, []

    def fails_at_the_third(folder, prefix):
        calls.append(folder)
        if len(calls) == 3:
            raise OSError("the bucket is away")
        return real(folder, prefix)

    monkeypatch.setattr(storage.get(), "add_folder", fails_at_the_third)
    with pytest.raises(OSError, match="bucket"):
        place.collect()
    assert names(place) == ALL[:2]
    place.collect()
    assert names(place) == ALL and stored(place) == ["init.mp4", *ALL]


@pytest.mark.parametrize("listed", [0, 2, 5])
def test_what_a_crash_left_is_taken_up_wherever_it_lay(place, listed):
    """Stored and written down, stored only, on its way, or still with ffmpeg: each piece comes in exactly once."""
    for name in ALL[2:]:
        (place.folder / name).rename(place.folder / f"later-{name}")
    place.collect()
    for name in ALL[2:]:
        (place.folder / f"later-{name}").rename(place.folder / name)
    if listed < 3:  # killed between taking a piece and storing it
        parcel = storage.get().work_folder(f"{place.folder.name}-parcel")
        (place.folder / ALL[2]).rename(parcel / ALL[2])
    again = shelf.open_shelf(uuid4(), place.prefix)
    again.folder = place.folder
    shelf.take_up(again, set(ALL[:listed]) if listed < 5 else set(ALL[:2]))
    assert names(again) == ALL[min(listed, 2) :]
    assert stored(again) == ["init.mp4", *ALL]


def test_a_folder_without_anything_playable_is_nothing(place):
    for file in place.folder.iterdir():
        file.unlink()
    shelf.take_up(place, set())
    assert names(place) == [] and stored(place) == []
    place.remove()
    assert list(shelf.left_folders()) == []


def test_a_piece_that_cannot_be_read_is_set_aside_and_the_rest_is_kept(place):
    (place.folder / ALL[1]).write_bytes(b"")
    (place.folder / ALL[3]).write_bytes(b"\0\0\0\x10moof" + b"\xff" * 40)
    place.collect()
    assert names(place) == [ALL[0], ALL[2], ALL[4]] and not place.has_news


def test_an_init_that_is_stored_is_never_replaced(place):
    storage.get().write(f"{place.prefix}/init.mp4", b"the first")
    place.collect()
    assert storage.get().read_bytes(f"{place.prefix}/init.mp4") == b"the first" and names(place) == ALL


def test_pieces_that_were_trimmed_are_not_taken_up_again(place):
    place.collect()
    again = shelf.open_shelf(uuid4(), place.prefix)
    again.folder = place.folder
    shelf.take_up(again, {ALL[3]})  # the rows of the first three are gone, their bytes not yet
    assert names(again) == [ALL[4]]


def test_folders_of_earlier_runs_are_found_by_their_connection(place):
    assert [f"live-{found}" for found in shelf.left_folders()] == [place.folder.name]
