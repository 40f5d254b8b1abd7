"""The rules of a stream's life without HTTP: who is let in, what a broadcast survives, and what is left of it."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from fastpix.access.principal import Denied
from fastpix.db import db, now
from fastpix.errors import Invalid, Missing, Refused, WrongState
from fastpix.resources.live_streams import domain, housekeeping, keys, lifecycle, playback_ids, simulcasts, viewers
from fastpix.resources.live_streams.models import (
    ACTIVE,
    BROADCASTING,
    BROKEN,
    DISABLED,
    IDLE,
    PREPARING,
    RESTING,
    LiveStream,
)
from fastpix.resources.media import domain as media_domain
from tests.stories.tables import change, rows

PICTURE = lifecycle.Picture("avc1.64001f,mp4a.40.2", 1280, 720)
ADDRESS = "192.0.2.9"


class Studio:
    """A stream of acme's with an encoder: what ingest tells of it, each in a transaction of its own."""

    def __init__(self, world, stream):
        self.world, self.id, self.key = world, stream["id"], stream["stream_key"]
        self.sent = 0

    def admit(self, key=None, owner="one", address=ADDRESS):
        with self.world.session():
            return lifecycle.admit(key or self.key, address, owner, "own")

    def send(self, admission, count=1):
        """Whether the segments were still taken."""
        told = [lifecycle.Finished(f"s{self.sent + n:05}.m4s", 2.0, 1000, now()) for n in range(count)]
        self.sent += count
        with self.world.session():
            return lifecycle.keep(admission, told, PICTURE)

    def leave(self, admission, reason="The encoder left."):
        with self.world.session():
            lifecycle.closed(admission, reason)

    def on_air(self):
        admission = self.admit()
        assert self.send(admission)
        return admission

    def sweep(self):
        with self.world.session():
            housekeeping.sweep()

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
        return Studio(world, domain.create(cast.acme.workspace, domain.Wanted(**told | wanted)))


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
        with pytest.raises(lifecycle.NotAdmitted, match="no stream with this key") as caught, world.session():
            lifecycle.admit(key, ADDRESS, "one", "own")
        assert caught.value.stream_id == stream_id, key
    assert world.digest() == before
    studio.admit(told["stream_key"])


def test_a_disabled_stream_and_a_taken_one_refuse_with_a_sentence(world, studio, act):
    act(domain.disable, studio.id)
    before = world.digest()
    with pytest.raises(lifecycle.NotAdmitted, match="disabled") as caught:
        studio.admit()
    assert caught.value.stream_id == studio.id
    assert world.digest() == before
    act(domain.enable, studio.id)
    studio.admit()
    before = world.digest()
    with pytest.raises(lifecycle.NotAdmitted, match="Another encoder"):
        studio.admit(owner="two")
    assert world.digest() == before


def test_a_refusal_is_told_once_a_minute_for_each_who_is_refused(world, studio):
    problem = lifecycle.NotAdmitted(lifecycle.IS_TAKEN, studio.id)

    def refuse(*addresses):
        for address in addresses:
            with world.session():
                lifecycle.refuse(problem, address)

    refuse(ADDRESS, ADDRESS, "192.0.2.10")
    refused = [line for line in studio.log if "was refused" in line]
    assert refused == [
        f"An encoder at {ADDRESS} was refused. {lifecycle.IS_TAKEN}",
        f"An encoder at 192.0.2.10 was refused. {lifecycle.IS_TAKEN}",
    ]
    told = rows(world, "audit_log", action="live_streams.publish", target_id=studio.id)
    assert [row["after"] for row in told] == [{"reason": lifecycle.IS_TAKEN}] * 2
    assert {row["result"] for row in told} == {"refused"}
    for row in rows(world, "live_log", stream_id=studio.id):
        change(world, "live_log", {"id": row["id"]}, at=row["at"] - lifecycle.TOLD_EVERY)
    refuse(ADDRESS)
    assert len([line for line in studio.log if "was refused" in line]) == 3
    before = world.digest()
    with world.session():
        lifecycle.refuse(lifecycle.NotAdmitted(lifecycle.WRONG_KEY), ADDRESS)
        lifecycle.refuse(lifecycle.NotAdmitted(lifecycle.WRONG_KEY, "0" * 32), ADDRESS)
    assert world.digest() == before


def test_of_two_encoders_at_once_one_is_admitted(world, studio):
    barrier, results = threading.Barrier(4), []

    def come(owner):
        barrier.wait(30)
        try:
            results.append(studio.admit(owner=owner))
        except lifecycle.NotAdmitted as problem:
            results.append(str(problem))

    threads = [threading.Thread(target=come, args=(str(number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    admitted = [each for each in results if isinstance(each, lifecycle.Admission)]
    assert len(admitted) == 1, results
    assert results.count(lifecycle.IS_TAKEN) == 3
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
        lifecycle.renew("one", {admission.connection_id: lifecycle.Measured(3_000_000, 750_000)})
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


def test_finish_ends_it_now_and_waits_for_the_last_segment(studio, act):
    admission = studio.on_air()
    act(domain.finish, studio.id)
    assert (studio.status, studio.row["connection_id"]) == (IDLE, None)
    assert "Ada Admin finished the broadcast." in studio.log
    assert studio.recordings == [], "a connection is still bringing in what it has"
    studio.sweep()
    assert studio.recordings == []
    with studio.world.session():
        assert lifecycle.renew("one", {admission.connection_id: lifecycle.Measured(1, 1)}) == set()
    assert studio.send(admission), "the last segment comes after"
    assert studio.status == IDLE
    studio.leave(admission)
    (media,) = studio.recordings
    assert studio.broadcasts[0]["position"] == 2
    assert not studio.send(admission), "too late"
    assert studio.broadcasts[0]["position"] == 2
    with pytest.raises(WrongState, match="Only active streams can be marked as completed"):
        act(domain.finish, studio.id)
    assert [row["id"] for row in studio.recordings] == [media["id"]]


def test_finish_while_the_encoder_is_away_settles_at_once(studio, act):
    studio.leave(studio.on_air())
    act(domain.finish, studio.id)
    assert (studio.status, len(studio.recordings)) == (IDLE, 1)


def test_a_finished_stream_takes_the_next_encoder_while_the_last_one_still_goes(studio, act):
    first = studio.on_air()
    act(domain.finish, studio.id)
    second = studio.admit()
    assert second.broadcast_id != first.broadcast_id
    studio.leave(first)
    row = studio.row
    assert (row["connection_id"], row["status"]) == (second.connection_id, PREPARING)
    assert len(studio.recordings) == 1


@pytest.mark.parametrize("is_sending", [True, False])
def test_disable_ends_what_is_out_and_enable_lets_in_again(studio, act, is_sending):
    admission = studio.on_air()
    if not is_sending:
        studio.leave(admission)
    act(domain.disable, studio.id)
    assert (studio.status, studio.row["broadcast_id"]) == (DISABLED, None)
    with pytest.raises(lifecycle.NotAdmitted, match="disabled"):
        studio.admit()
    studio.leave(admission)
    assert studio.status == DISABLED
    assert len(studio.recordings) == 1
    with pytest.raises(WrongState):
        act(domain.disable, studio.id)
    act(domain.enable, studio.id)
    assert studio.status == IDLE
    with pytest.raises(WrongState):
        act(domain.enable, studio.id)
    studio.on_air()
    assert len(studio.broadcasts) == 2


def test_a_new_key_cuts_off_the_old_one_and_the_broadcast_waits(studio, act):
    first, old = studio.on_air(), studio.key
    new = act(domain.reset_key, studio.id)["stream_key"]
    assert new != old
    assert keys.stream_id_of(new) == keys.stream_id_of(old) == studio.id
    assert (studio.status, studio.row["connection_id"]) == (ACTIVE, None)
    with studio.world.session():
        assert lifecycle.renew("one", {first.connection_id: lifecycle.Measured(1, 1)}) == set()
    with pytest.raises(lifecycle.NotAdmitted, match="no stream with this key"):
        studio.admit(old)
    second = studio.admit(new)
    assert second.broadcast_id == first.broadcast_id
    studio.leave(first, "Cut off.")
    assert studio.row["connection_id"] == second.connection_id
    assert studio.recordings == []


def test_a_new_key_before_anything_was_sent_ends_it(studio, act):
    admission = studio.admit()
    act(domain.reset_key, studio.id)
    assert (studio.status, studio.row["broadcast_id"]) == (IDLE, None)
    studio.leave(admission)
    assert studio.recordings == []


def test_a_deleted_streams_recording_stays(world, studio, act):
    admission = studio.on_air()
    act(domain.delete, studio.id)
    (told,) = rows(world, "audit_log", action="live_streams.delete", target_id=studio.id)
    assert told["before"]["status"] == ACTIVE
    assert rows(world, "live_streams", id=studio.id) == rows(world, "live_log", stream_id=studio.id) == []
    with pytest.raises(lifecycle.NotAdmitted, match="no stream with this key"):
        studio.admit()
    assert studio.send(admission), "its last segment"
    studio.leave(admission)
    assert len(studio.recordings) == 1
    with pytest.raises(Missing):
        act(domain.get, studio.id)


# Ingests that die.


def test_who_is_served_by_a_dead_ingest_makes_room(world, studio):
    first = studio.on_air()
    change(world, "live_connections", {"id": first.connection_id}, lease_until=now() - timedelta(seconds=1))
    second = studio.admit(owner="two")
    assert second.broadcast_id == first.broadcast_id
    with world.session():
        assert lifecycle.renew("one", {first.connection_id: lifecycle.Measured(1, 1)}) == set()
        assert lifecycle.renew("two", {second.connection_id: lifecycle.Measured(1, 1)}) == {second.connection_id}
    studio.leave(first)
    assert (studio.status, studio.row["connection_id"]) == (ACTIVE, second.connection_id)


def test_only_the_ingest_that_serves_it_keeps_a_connection(world, studio):
    admission = studio.on_air()
    measured = {admission.connection_id: lifecycle.Measured(1, 1)}
    with world.session():
        assert lifecycle.renew("two", measured) == set()
        assert lifecycle.renew("one", measured) == {admission.connection_id}
        assert lifecycle.renew("one", {}) == set()


def test_what_a_dead_ingest_left_is_closed_by_the_sweep(world, studio):
    admission = studio.on_air()
    studio.sweep()
    assert studio.row["connection_id"] == admission.connection_id
    change(world, "live_connections", {"id": admission.connection_id}, lease_until=now() - timedelta(seconds=1))
    studio.sweep()
    assert (studio.status, studio.row["connection_id"]) == (ACTIVE, None)
    (connection,) = rows(world, "live_connections", id=admission.connection_id)
    assert (connection["end_reason"], connection["bit_rate"]) == (housekeeping.INGEST_DIED, 0)
    studio.let_the_window_pass()
    studio.sweep()
    assert (studio.status, len(studio.recordings)) == (IDLE, 1)


# What a stream is asked for.


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"access_policy": "drm"}, "accessPolicy"), ({"media_policy": "secret"}, "mediaPolicy"),
        ({"max_resolution": "2160p"}, "maxResolution"), ({"reconnect_window": 59}, "reconnectWindow"),
        ({"reconnect_window": 1801}, "reconnectWindow"), ({"metadata": {"a": 1}}, "metadata"),
        ({"restrictions": {"domains": {"allow": ["x y"]}}}, "allow"),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.sqlite
def test_a_bad_wish_makes_nothing(world, act, cast, wanted, field):
    before = world.digest()
    with pytest.raises(Invalid) as caught:
        act(domain.create, cast.acme.workspace, domain.Wanted(**wanted))
    assert list(caught.value.fields) == [field]
    assert world.digest() == before


@pytest.mark.sqlite
def test_there_is_room_for_so_many_and_no_more(act, cast, monkeypatch, studio):
    monkeypatch.setattr(domain, "MOST", 4)
    with pytest.raises(Refused, match="at most 4 live streams"):
        act(domain.create, cast.acme.workspace, domain.Wanted())
    monkeypatch.setattr(playback_ids, "MOST", 1)
    with pytest.raises(Refused, match="at most 1 playback ids"):
        act(playback_ids.create, studio.id)


@pytest.mark.sqlite
def test_a_stream_is_called_by_its_metadata(act, cast):
    def name(**metadata):
        return act(domain.create, cast.acme.workspace, domain.Wanted(metadata=metadata))["name"]

    assert name(name="One", title="Two") == "One"
    assert name(title="Two") == "Two"
    assert name().startswith("Stream ")


def test_a_member_sees_streams_without_secrets_and_changes_none(world, studio, act):
    seen = act(domain.get, studio.id, who="mel")
    assert not {"stream_key", "srt_secret", "srt_playback_secret", "key_generation", "generation"} & set(seen)
    before = world.digest()
    for verb in (domain.enable, domain.disable, domain.finish, domain.reset_key, domain.delete, domain.edit):
        with pytest.raises(Denied):
            act(verb, studio.id, who="mel")
    assert world.digest() == before


# What a stream is pushed to, and who watches.


def test_targets_are_told_to_ingest_with_their_keys_and_rest_when_it_ends(world, studio, act):
    target = act(simulcasts.create, studio.id, "rtmps://live.elsewhere.example/app", "a-secret-key")
    off = act(simulcasts.create, studio.id, "rtmp://live.elsewhere.example/app", "another")
    act(simulcasts.edit, studio.id, off["id"], is_enabled=False)
    studio.on_air()
    with world.session(), lifecycle.scope(studio.row["organization_id"]):
        (told,) = simulcasts.targets(studio.id)
        assert (told.id, told.url, told.key) == (target["id"], "rtmps://live.elsewhere.example/app", "a-secret-key")
        assert "a-secret-key" not in repr(told)
        mine = domain.load(studio.id).connection_id
        simulcasts.pushed(target["id"], uuid4(), BROKEN)  # another connection's push: that one is over
        simulcasts.pushed(target["id"], mine, BROADCASTING)
        simulcasts.pushed("0" * 32, mine, BROADCASTING)
    assert act(simulcasts.get, studio.id, target["id"])["state"] == BROADCASTING
    assert "a-secret-key" not in repr(rows(world, "live_simulcasts", id=target["id"]))
    act(domain.finish, studio.id)
    assert act(simulcasts.get, studio.id, target["id"])["state"] == RESTING


def test_many_viewers_are_noted_at_once_and_forgotten_later(world, studio, cast, act, monkeypatch):
    monkeypatch.setattr(viewers, "MOST_AT_ONCE", 3)
    with world.session():
        viewers.note((studio.id, f"viewer {n}", cast.acme.workspace, cast.acme.id) for n in range(5))
        viewers.note([])
    assert act(viewers.count, studio.id, who="mel") == 3
    with world.session():
        past = now() - timedelta(minutes=3)
        mine = sa.update(viewers.LiveViewer).where(viewers.LiveViewer.stream_id == studio.id)
        with lifecycle.scope(cast.acme.id):
            db.session.execute(mine.values(seen_at=past))
    assert act(viewers.count, studio.id) == 0
    with world.session():
        housekeeping.tidy()
    assert rows(world, "live_viewers", stream_id=studio.id) == []
    with pytest.raises(Missing):
        act(viewers.count, cast.rival.shelf.stream)


def test_streams_of_another_house_are_not_there(world, act, cast):
    before = world.digest()
    foreign = cast.rival.shelf
    for verb, arguments in (
        (domain.get, ()), (domain.log, ()), (domain.edit, ()), (domain.enable, ()), (domain.disable, ()),
        (domain.finish, ()), (domain.reset_key, ()), (domain.delete, ()), (playback_ids.create, ()),
        (playback_ids.get, (foreign.live_playback_id,)), (simulcasts.get, (foreign.simulcast,)),
        (simulcasts.delete, (foreign.simulcast,)),
    ):  # fmt: skip
        with pytest.raises(Missing):
            act(verb, foreign.stream, *arguments)
    assert world.digest() == before


@pytest.mark.sqlite
def test_keys_are_stored_nowhere(world, studio):
    stored = repr(world._read())
    assert studio.key not in stored
    with world.session(), lifecycle.scope(studio.row["organization_id"]):
        stream = db.session.scalar(sa.select(LiveStream).where(LiveStream.id == studio.id))
        assert keys.is_right(studio.key, stream)
        assert not keys.is_right(studio.key[::-1], stream)
