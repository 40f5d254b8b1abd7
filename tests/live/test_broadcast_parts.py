"""An encoder whose tracks change while it sends, with the real ffmpeg, storage and database: parts, in order, and nothing lost."""

from __future__ import annotations

import asyncio
import subprocess

import pytest
import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.live import ingest, segment_spool
from fastpix.live.broadcast import CHANGES_FAST
from fastpix.live.publishers import Publishers
from fastpix.live.rtmp import flv
from fastpix.resources.live_streams.broadcasts import queries as broadcast_queries
from fastpix.resources.live_streams.broadcasts.models import LiveBroadcast, LiveSegment
from fastpix.resources.live_streams.connections import domain as connections
from fastpix.resources.live_streams.connections.models import LiveConnection
from fastpix.resources.live_streams.models import LiveStream
from fastpix.storage import instance as storage
from fastpix.storage.local import LocalStorage
from fastpix.video import stretches, tools
from tests.running.frames import late, tags, without

OWNER = "this ingest"
PATIENT = 60  # seconds: a deadline, not a pause
SECONDS, LATE = 8, 4


@pytest.fixture(autouse=True)
def own_storage(world, tmp_path):
    world.instance.put(storage.of, LocalStorage(tmp_path))


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """The tags of two sizes of picture with the same sound."""

    def made(size):
        file = tmp_path_factory.mktemp("clips") / "clip.flv"
        command = [
            *(tools.ffmpeg(), "-v", "error", "-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25"),
            *("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", str(SECONDS)),
            *("-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-pix_fmt", "yuv420p", "-c:a", "aac", str(file)),
        ]
        subprocess.run(command, check=True, timeout=60)
        return tags(file)

    return made("320x180"), made("160x90")


class Encoder:
    """A source that remembers why it was cut."""

    def __init__(self):
        self.broadcast, self.reasons, self.waits = None, [], []

    def cut(self, reason, message=""):
        self.reasons.append(reason)
        self.broadcast.ended(reason)

    def pause(self):
        self.waits.append(True)

    def resume(self):
        self.waits.append(False)


def broadcast(executor, key, sent):
    """Send all of it; the encoder."""
    encoder = Encoder()

    async def publish():
        registry = Publishers(executor, OWNER, 5, allow_private=False)
        encoder.broadcast = await registry.admit(key, "192.0.2.9", encoder, "own")
        await encoder.broadcast.start()
        for kind, at, payload in sent:
            encoder.broadcast.media(kind, at, payload)
        encoder.broadcast.ended("")
        await asyncio.wait_for(encoder.broadcast.finished(), PATIENT)

    asyncio.run(publish())
    return encoder


def stored(world, folder):
    """What each part that was stored has: whether picture and sound, the picture's size, and its length in seconds."""
    with world.session() as session, tenancy.everywhere("the test looks at what ingest wrote"):
        ours = sa.select(LiveConnection.id).where(LiveConnection.owner == OWNER)
        of_ours = sa.select(LiveSegment).where(LiveSegment.connection_id.in_(ours))
        rows = session.scalars(of_ours.order_by(LiveSegment.position)).all()
        (made,) = session.scalars(sa.select(LiveBroadcast).where(LiveBroadcast.id == rows[0].broadcast_id)).all()
        found = {}
        for row in rows:
            found.setdefault(row.part, (f"{made.folder}/{row.connection_id}/init.mp4", []))[1].append(
                broadcast_queries.key(made, row)
            )
    parts = []
    for number, (init, keys) in found.items():
        (place := folder / f"part-{number}").mkdir()
        for name in (init, *keys):
            storage.get().fetch(name, place / name.rpartition("/")[2])
        segments = [place / name.rpartition("/")[2] for name in keys]
        (stretch,) = stretches.join(place / "init.mp4", segments, place).stretches
        picture = stretch.kind.picture
        parts.append((picture and picture.width, stretch.kind.sound is not None, round(stretch.seconds, 1)))
    return parts


def test_sound_that_begins_late_becomes_part_of_the_broadcast(world, executor, key, clips, tmp_path):
    encoder = broadcast(executor, key, late(clips[0], flv.AUDIO, LATE * 1000 - 500))
    assert encoder.reasons == [] and encoder.waits[-1] is False
    assert stored(world, tmp_path) == [(320, True, LATE), (320, True, SECONDS - LATE)]  # silence in the first


def test_a_picture_that_begins_late_becomes_part_of_the_broadcast(world, executor, key, clips, tmp_path):
    broadcast(executor, key, late(clips[0], flv.VIDEO, LATE * 1000))
    assert stored(world, tmp_path) == [(None, True, LATE), (320, True, SECONDS - LATE)]


def test_sound_that_stops_for_a_while_is_silent_in_the_same_part(world, executor, key, clips, tmp_path):
    encoder = broadcast(executor, key, without(clips[0], flv.AUDIO, 2000, 6500))
    assert encoder.reasons == [] and encoder.waits == []
    assert stored(world, tmp_path) == [(320, True, SECONDS)]


def test_a_picture_that_stops_leaves_a_part_of_its_sound(world, executor, key, clips, tmp_path):
    """A second of it is still in the part before."""
    broadcast(executor, key, without(clips[0], flv.VIDEO, 2000, 10_000))
    assert stored(world, tmp_path) == [(320, True, 3), (None, True, SECONDS - 3)]


def test_another_size_goes_on_in_the_same_connection_of_the_encoder(world, executor, key, clips, tmp_path):
    large, small = clips
    later = [(kind, at + SECONDS * 1000, payload) for kind, at, payload in small]
    encoder = broadcast(executor, key, large + later)
    assert encoder.reasons == []
    assert stored(world, tmp_path) == [(320, True, SECONDS), (160, True, SECONDS)]
    with world.session() as session, tenancy.everywhere("the test looks at what ingest wrote"):
        made = session.scalars(
            sa.select(LiveConnection).where(LiveConnection.owner == OWNER).order_by(LiveConnection.started_at)
        ).all()
        stream = session.scalar(sa.select(LiveStream).where(LiveStream.id == encoder.broadcast.admission.stream_id))
    assert [each.end_reason for each in made] == ["The encoder changed its picture or sound.", "The encoder left."]
    assert stream.disconnected_at is not None and stream.connection_id is None


def test_who_changes_without_end_is_cut_off_and_what_came_is_kept(world, executor, key, clips, tmp_path):
    large, small = ([tag for tag in clip if tag[0] == flv.VIDEO] for clip in clips)
    sent = [(kind, at + n * SECONDS * 1000, payload) for n in range(3) for kind, at, payload in (large, small)[n % 2]]
    encoder = broadcast(executor, key, sent)
    assert encoder.reasons == [CHANGES_FAST]
    assert stored(world, tmp_path) == [(320, True, SECONDS), (160, True, SECONDS)]  # of silence


def test_an_encoder_that_lost_its_stream_does_not_go_on_in_another_part(world, executor, key, clips, tmp_path):
    with world.session():
        first = connections.admit(key, "192.0.2.9", OWNER, "own")
        second = connections.go_on(first)
    with world.session(), pytest.raises(connections.NotAdmitted, match="ended from the dashboard"):
        connections.go_on(first)
    assert second.folder != first.folder and second.broadcast_id == first.broadcast_id


def test_parts_that_a_dead_ingest_left_are_brought_in_as_they_came(world, executor, key, monkeypatch):
    with world.session():
        begun = [connections.admit(key, "192.0.2.9", OWNER, "own")]
    for _ in range(5):
        with world.session():
            begun.append(connections.go_on(begun[-1]))
    for each in begun:
        segment_spool.open_spool(each.connection_id, each.folder)
    taken = []
    monkeypatch.setattr(segment_spool, "recover", lambda spool, _listed: taken.append(spool.prefix))
    monkeypatch.setattr(ingest, "FFMPEG_END_SECONDS", 0)
    asyncio.run(ingest._recover(executor, OWNER))
    assert taken == [each.folder for each in begun]
