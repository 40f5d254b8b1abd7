"""The rules of a stream's life without HTTP: who is let in, what a broadcast survives, and what is left of it."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from fastpix.db import now
from fastpix.resources.live_streams import domain, jobs, lifecycle
from fastpix.resources.live_streams.broadcasts import domain as broadcasts
from fastpix.resources.live_streams.broadcasts.models import StoredSegment, VideoInfo
from fastpix.resources.live_streams.connections import domain as connections
from fastpix.resources.live_streams.connections.models import Admission, IngestRate
from fastpix.resources.live_streams.models import ACTIVE, IDLE, PREPARING
from fastpix.resources.live_streams.rules import StreamOptions
from fastpix.resources.media import domain as media_domain
from tests.stories.tables import change, rows

PICTURE = VideoInfo("avc1.64001f,mp4a.40.2", 1280, 720)
ADDRESS = "192.0.2.9"


class Studio:
    """A stream of acme's with an encoder: what ingest tells of it, each in a transaction of its own."""

    def __init__(self, world, stream):
        self.world, self.id, self.key = world, stream["id"], stream["stream_key"]
        self.sent = 0

    def admit(self, key=None, owner="one", address=ADDRESS):
        with self.world.session():
            return connections.admit(key or self.key, address, owner, "own")

    def send(self, admission, count=1):
        """Whether the segments were still taken."""
        told = [StoredSegment(f"s{self.sent + n:05}.m4s", 2.0, 1000, now()) for n in range(count)]
        self.sent += count
        with self.world.session():
            return broadcasts.add_segments(admission, told, PICTURE)

    def leave(self, admission, reason="The encoder left."):
        with self.world.session():
            connections.close(admission, reason)

    def on_air(self):
        admission = self.admit()
        assert self.send(admission)
        return admission

    def sweep(self):
        with self.world.session():
            jobs.sweep()

    def let_the_window_pass(self):
        self.change(disconnected_at=now() - timedelta(seconds=61))

    def change(self, **values):
        change(self.world, "live_streams", {"id": self.id}, **values)

    @property
    def row(self):
        (found,) = rows(self.world, "live_streams", id=self.id)
        return found

    @property
    def status(self):
        return self.row["status"]

    @property
    def broadcasts(self):
        found = rows(self.world, "live_broadcasts", stream_id=self.id)
        return sorted(found, key=lambda row: row["started_at"])

    @property
    def recordings(self):
        return rows(self.world, "media", stream_id=self.id)

    @property
    def log(self):
        found = rows(self.world, "live_log", stream_id=self.id)
        return [row["text"] for row in sorted(found, key=lambda row: row["at"])]


@pytest.fixture
def studio(world, acting, cast):
    return make(world, acting, cast)


def make(world, acting, cast, **wanted):
    with acting("ada"):
        told = {"metadata": {"name": "Evening"}, "media_policy": "private", "max_resolution": "720p"}
        return Studio(world, domain.create(cast.acme.workspace, StreamOptions(**told | wanted)))


@pytest.fixture
def act(acting):
    """`act(domain.finish, stream_id)`: Ada does it."""

    def do(verb, *arguments, who="ada", **given):
        with acting(who):
            return verb(*arguments, **given)

    return do


# Who is let in.


def test_the_right_key_lets_in_and_is_told_in_log_and_audit(world, studio, cast):
    admission = studio.admit()
    row = studio.row
    assert (row["status"], row["connection_id"]) == (PREPARING, admission.connection_id)
    assert (row["broadcast_id"], row["disconnected_at"]) == (admission.broadcast_id, None)
    assert admission.organization_id == cast.acme.id
    assert (
        admission.folder == f"{cast.acme.id}/{cast.acme.workspace}/{admission.broadcast_id}/{admission.connection_id}"
    )
    assert studio.log[-1] == f"An encoder connected from {ADDRESS}."
    (told,) = rows(world, "audit_log", action="live_streams.publish", target_id=studio.id)
    assert (told["door"], told["actor_kind"], told["actor_name"]) == ("ingest", "system", lifecycle.ACTOR)
    assert (told["address"], told["target_name"], told["organization_id"]) == (ADDRESS, "Evening", cast.acme.id)
    assert studio.key not in repr(told)
    assert [row["recording"]["title"].partition(",")[0] for row in studio.broadcasts] == ["Evening"]


def test_any_other_key_does_not(world, studio, cast, act):
    old = studio.key
    act(domain.reset_key, studio.id)
    told = act(domain.get, studio.id)
    half = old.partition("k")[0]
    wrong = {
        "": None, "x": None, studio.id: None, old.upper(): None, f"{old} ": None, f"{half}k{'0' * 32}": None,
        old: studio.id, told["srt_secret"]: studio.id, told["srt_playback_secret"]: studio.id,
        f"{half}k{cast.rival.shelf.stream}": cast.rival.shelf.stream,
        f"{told['stream_key'].partition('k')[0]}k{cast.acme.shelf.stream}": cast.acme.shelf.stream,
    }  # fmt: skip
    before = world.digest()
    for key, stream_id in wrong.items():
        with pytest.raises(connections.NotAdmitted, match="no stream with this key") as caught, world.session():
            connections.admit(key, ADDRESS, "one", "own")
        assert caught.value.stream_id == stream_id, key
    assert world.digest() == before
    studio.admit(told["stream_key"])


def test_a_disabled_stream_and_a_taken_one_refuse_with_a_sentence(world, studio, act):
    act(domain.disable, studio.id)
    before = world.digest()
    with pytest.raises(connections.NotAdmitted, match="disabled") as caught:
        studio.admit()
    assert caught.value.stream_id == studio.id
    assert world.digest() == before
    act(domain.enable, studio.id)
    studio.admit()
    before = world.digest()
    with pytest.raises(connections.NotAdmitted, match="Another encoder"):
        studio.admit(owner="two")
    assert world.digest() == before


def test_a_refusal_is_told_once_a_minute_for_each_who_is_refused(world, studio):
    problem = connections.NotAdmitted(connections.IS_TAKEN, studio.id)

    def refuse(*addresses):
        for address in addresses:
            with world.session():
                connections.log_refusal(problem, address)

    refuse(ADDRESS, ADDRESS, "192.0.2.10")
    refused = [line for line in studio.log if "was refused" in line]
    assert refused == [
        f"An encoder at {ADDRESS} was refused. {connections.IS_TAKEN}",
        f"An encoder at 192.0.2.10 was refused. {connections.IS_TAKEN}",
    ]
    told = rows(world, "audit_log", action="live_streams.publish", target_id=studio.id)
    assert [row["after"] for row in told] == [{"reason": connections.IS_TAKEN}] * 2
    assert {row["result"] for row in told} == {"refused"}
    for row in rows(world, "live_log", stream_id=studio.id):
        change(world, "live_log", {"id": row["id"]}, at=row["at"] - connections.REFUSAL_LOGGED_EVERY)
    refuse(ADDRESS)
    assert len([line for line in studio.log if "was refused" in line]) == 3
    before = world.digest()
    with world.session():
        connections.log_refusal(connections.NotAdmitted(connections.WRONG_KEY), ADDRESS)
        connections.log_refusal(connections.NotAdmitted(connections.WRONG_KEY, "0" * 32), ADDRESS)
    assert world.digest() == before


def test_of_two_encoders_at_once_one_is_admitted(world, studio):
    barrier, results = threading.Barrier(4), []

    def come(owner):
        barrier.wait(30)
        try:
            results.append(studio.admit(owner=owner))
        except connections.NotAdmitted as problem:
            results.append(str(problem))

    threads = [threading.Thread(target=come, args=(str(number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    admitted = [each for each in results if isinstance(each, Admission)]
    assert len(admitted) == 1, results
    assert results.count(connections.IS_TAKEN) == 3
    assert studio.row["connection_id"] == admitted[0].connection_id
    assert len(studio.broadcasts) == len(rows(world, "live_connections", broadcast_id=admitted[0].broadcast_id)) == 1


# On air, away and back.


def test_the_first_segment_makes_it_active(studio, act):
    admission = studio.admit()
    assert studio.status == PREPARING
    assert studio.send(admission, 2)
    assert studio.status == ACTIVE
    assert studio.log[-1] == "On air, 1280 × 720."
    (broadcast,) = studio.broadcasts
    assert (broadcast["position"], broadcast["part"], broadcast["seconds"], broadcast["longest"]) == (2, 1, 4.0, 2.0)
    assert (broadcast["codecs"], broadcast["width"], broadcast["height"]) == (PICTURE.codecs, 1280, 720)
    with studio.world.session():
        connections.renew("one", {admission.connection_id: IngestRate(3_000_000, 750_000)})
    signal = act(domain.get, studio.id)["signal"]
    assert (signal["bit_rate"], signal["seconds"], signal["height"]) == (3_000_000, 4.0, 720)


def test_an_encoder_that_returns_in_time_goes_on_with_the_same_broadcast(world, studio):
    first = studio.on_air()
    studio.leave(first)
    assert (studio.status, studio.row["connection_id"]) == (ACTIVE, None)
    assert "within 60 seconds" in studio.log[-1]
    studio.change(disconnected_at=now() - timedelta(seconds=55))
    studio.sweep()
    assert studio.status == ACTIVE
    second = studio.admit()
    assert second.broadcast_id == first.broadcast_id
    assert second.connection_id != first.connection_id
    assert studio.row["disconnected_at"] is None
    assert studio.send(second, 2)
    kept = rows(world, "live_segments", broadcast_id=first.broadcast_id)
    assert sorted((row["position"], row["part"]) for row in kept) == [(1, 1), (2, 2), (3, 2)]
    assert studio.recordings == []


def test_when_the_window_is_over_the_broadcast_ends_and_becomes_one_media(world, studio, cast, act):
    admission = studio.on_air()
    studio.leave(admission)
    studio.let_the_window_pass()
    studio.sweep()
    row = studio.row
    assert (row["status"], row["broadcast_id"], row["connection_id"], row["disconnected_at"]) == (
        IDLE, None, None, None,
    )  # fmt: skip
    (media,) = studio.recordings
    (broadcast,) = studio.broadcasts
    assert broadcast["media_id"] == media["id"]
    assert broadcast["settled_at"] >= broadcast["ended_at"]
    assert media["title"].startswith("Evening, ")
    assert (media["source_kind"], media["max_resolution"], media["metadata"]) == (
        "recording", "720p", {"name": "Evening"},
    )  # fmt: skip
    assert [r["access_policy"] for r in rows(world, "playback_ids", media_id=media["id"])] == ["private"]
    assert [r["args"]["media_id"] for r in rows(world, "jobs", kind="media.ingest")] == [str(media["id"])]
    assert act(domain.get, studio.id)["media_ids"] == [media["id"]]
    (told,) = rows(world, "audit_log", action="media.create", target_id=str(media["id"]))
    assert (told["actor_kind"], told["organization_id"]) == ("system", cast.acme.id)
    studio.sweep()
    assert len(studio.recordings) == 1
    act(media_domain.delete, media["id"])
    assert act(domain.get, studio.id)["media_ids"] == []


def test_an_encoder_that_comes_after_the_window_begins_a_new_broadcast(studio):
    first = studio.on_air()
    studio.leave(first)
    studio.let_the_window_pass()
    second = studio.admit()
    assert second.broadcast_id != first.broadcast_id
    assert studio.status == PREPARING
    assert len(studio.recordings) == 1
    studio.send(second)
    studio.leave(second)
    studio.let_the_window_pass()
    studio.sweep()
    assert len(studio.recordings) == 2
    assert [row["media_id"] is not None for row in studio.broadcasts] == [True, True]


def test_the_window_is_the_streams_own(studio, act):
    act(domain.edit, studio.id, reconnect_window=1800)
    studio.leave(studio.on_air())
    studio.let_the_window_pass()
    studio.sweep()
    assert studio.status == ACTIVE
    studio.change(disconnected_at=now() - timedelta(seconds=1801))
    studio.sweep()
    assert studio.status == IDLE


def test_an_encoder_that_sent_nothing_leaves_nothing(studio):
    admission = studio.admit()
    studio.leave(admission)
    assert (studio.status, studio.row["broadcast_id"]) == (IDLE, None)
    (broadcast,) = studio.broadcasts
    assert (broadcast["media_id"], broadcast["settled_at"] is not None) == (None, True)
    assert studio.recordings == []


def test_without_recording_no_media_is_made(world, acting, cast):
    studio = make(world, acting, cast, enable_recording=False)
    studio.leave(studio.on_air())
    studio.let_the_window_pass()
    studio.sweep()
    assert (studio.status, studio.recordings) == (IDLE, [])
    assert studio.broadcasts[0]["settled_at"] is not None


def test_telling_twice_that_it_left_changes_nothing(world, studio):
    admission = studio.on_air()
    studio.leave(admission)
    before = world.digest()
    studio.leave(admission)
    assert world.digest() == before


# What people do meanwhile.


# Ingests that die.


# What a stream is asked for.


# What a stream is pushed to, and who watches.
