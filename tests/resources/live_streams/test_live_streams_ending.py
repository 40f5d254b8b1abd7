"""How broadcasts end, and what is left of them: finish, disable, new keys, dead ingests."""
# ruff: noqa: F811  # fixtures are imported by name, and named again by the tests that ask for them

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from fastpix.access.principal import Denied
from fastpix.db import db, now
from fastpix.errors import Invalid, Missing, Refused, WrongState
from fastpix.resources.live_streams import domain, jobs, lifecycle, rules, stream_keys
from fastpix.resources.live_streams.connections import domain as connections
from fastpix.resources.live_streams.connections.models import IngestRate
from fastpix.resources.live_streams.models import ACTIVE, DISABLED, IDLE, PREPARING, LiveStream
from fastpix.resources.live_streams.playback_ids import domain as playback_ids
from fastpix.resources.live_streams.rules import StreamOptions
from fastpix.resources.live_streams.simulcasts import domain as simulcasts
from fastpix.resources.live_streams.simulcasts import queries as simulcast_queries
from fastpix.resources.live_streams.simulcasts.models import BROADCASTING, BROKEN, RESTING
from fastpix.resources.live_streams.viewers import domain as viewers
from fastpix.resources.live_streams.viewers import queries as viewer_queries
from fastpix.resources.playback_ids import domain as all_playback_ids
from tests.resources.live_streams.test_live_streams import act, studio  # noqa: F401  # fixtures too
from tests.stories.tables import change, rows


def test_finish_ends_it_now_and_waits_for_the_last_segment(studio, act):
    admission = studio.on_air()
    act(domain.finish, studio.id)
    assert (studio.status, studio.row["connection_id"]) == (IDLE, None)
    assert "Ada Admin finished the broadcast." in studio.log
    assert studio.recordings == [], "a connection is still bringing in what it has"
    studio.sweep()
    assert studio.recordings == []
    with studio.world.session():
        assert connections.renew("one", {admission.connection_id: IngestRate(1, 1)}) == set()
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
    with pytest.raises(connections.NotAdmitted, match="disabled"):
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
    assert stream_keys.stream_id_of(new) == stream_keys.stream_id_of(old) == studio.id
    assert (studio.status, studio.row["connection_id"]) == (ACTIVE, None)
    with studio.world.session():
        assert connections.renew("one", {first.connection_id: IngestRate(1, 1)}) == set()
    with pytest.raises(connections.NotAdmitted, match="no stream with this key"):
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
    with pytest.raises(connections.NotAdmitted, match="no stream with this key"):
        studio.admit()
    assert studio.send(admission), "its last segment"
    studio.leave(admission)
    assert len(studio.recordings) == 1
    with pytest.raises(Missing):
        act(domain.get, studio.id)


def test_who_is_served_by_a_dead_ingest_makes_room(world, studio):
    first = studio.on_air()
    change(world, "live_connections", {"id": first.connection_id}, lease_until=now() - timedelta(seconds=1))
    second = studio.admit(owner="two")
    assert second.broadcast_id == first.broadcast_id
    with world.session():
        assert connections.renew("one", {first.connection_id: IngestRate(1, 1)}) == set()
        assert connections.renew("two", {second.connection_id: IngestRate(1, 1)}) == {second.connection_id}
    studio.leave(first)
    assert (studio.status, studio.row["connection_id"]) == (ACTIVE, second.connection_id)


def test_only_the_ingest_that_serves_it_keeps_a_connection(world, studio):
    admission = studio.on_air()
    measured = {admission.connection_id: IngestRate(1, 1)}
    with world.session():
        assert connections.renew("two", measured) == set()
        assert connections.renew("one", measured) == {admission.connection_id}
        assert connections.renew("one", {}) == set()


def test_what_a_dead_ingest_left_is_closed_by_the_sweep(world, studio):
    admission = studio.on_air()
    studio.sweep()
    assert studio.row["connection_id"] == admission.connection_id
    change(world, "live_connections", {"id": admission.connection_id}, lease_until=now() - timedelta(seconds=1))
    studio.sweep()
    assert (studio.status, studio.row["connection_id"]) == (ACTIVE, None)
    (connection,) = rows(world, "live_connections", id=admission.connection_id)
    assert (connection["end_reason"], connection["bit_rate"]) == (jobs.INGEST_DIED, 0)
    studio.let_the_window_pass()
    studio.sweep()
    assert (studio.status, len(studio.recordings)) == (IDLE, 1)


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
        act(domain.create, cast.acme.workspace, StreamOptions(**wanted))
    assert list(caught.value.fields) == [field]
    assert world.digest() == before


@pytest.mark.sqlite
def test_there_is_room_for_so_many_and_no_more(act, cast, monkeypatch, studio):
    monkeypatch.setattr(rules, "MOST", 4)
    with pytest.raises(Refused, match="at most 4 live streams"):
        act(domain.create, cast.acme.workspace, StreamOptions())
    monkeypatch.setattr(all_playback_ids, "MOST", 1)
    with pytest.raises(Refused, match="at most 1 playback ids"):
        act(playback_ids.create, studio.id)


@pytest.mark.sqlite
def test_a_stream_is_called_by_its_metadata(act, cast):
    def name(**metadata):
        return act(domain.create, cast.acme.workspace, StreamOptions(metadata=metadata))["name"]

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


def test_targets_are_told_to_ingest_with_their_keys_and_rest_when_it_ends(world, studio, act):
    target = act(simulcasts.create, studio.id, "rtmps://live.elsewhere.example/app", "a-secret-key")
    off = act(simulcasts.create, studio.id, "rtmp://live.elsewhere.example/app", "another")
    act(simulcasts.edit, studio.id, off["id"], is_enabled=False)
    studio.on_air()
    with world.session(), lifecycle.ingest_scope(studio.row["organization_id"]):
        (told,) = simulcast_queries.targets([studio.id])[studio.id]
        assert (told.id, told.url, told.key) == (target["id"], "rtmps://live.elsewhere.example/app", "a-secret-key")
        assert "a-secret-key" not in repr(told)
        mine = domain.load(studio.id).connection_id
        simulcasts.write_state(target["id"], uuid4(), BROKEN)  # another connection's push: that one is over
        simulcasts.write_state(target["id"], mine, BROADCASTING)
        simulcasts.write_state("0" * 32, mine, BROADCASTING)
    assert act(simulcasts.get, studio.id, target["id"])["state"] == BROADCASTING
    assert "a-secret-key" not in repr(rows(world, "live_simulcasts", id=target["id"]))
    act(domain.finish, studio.id)
    assert act(simulcasts.get, studio.id, target["id"])["state"] == RESTING


def test_many_viewers_are_noted_at_once_and_forgotten_later(world, studio, cast, act, monkeypatch):
    monkeypatch.setattr(viewers, "MOST_AT_ONCE", 3)
    with world.session():
        viewers.note((studio.id, f"viewer {n}", cast.acme.workspace, cast.acme.id) for n in range(5))
        viewers.note([])
    assert act(viewer_queries.count, studio.id, who="mel") == 3
    with world.session():
        past = now() - timedelta(minutes=3)
        mine = sa.update(viewers.LiveViewer).where(viewers.LiveViewer.stream_id == studio.id)
        with lifecycle.ingest_scope(cast.acme.id):
            db.session.execute(mine.values(seen_at=past))
    assert act(viewer_queries.count, studio.id) == 0
    with world.session():
        jobs.tidy()
    assert rows(world, "live_viewers", stream_id=studio.id) == []
    with pytest.raises(Missing):
        act(viewer_queries.count, cast.rival.shelf.stream)


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
    stored = repr(world.rows())
    assert studio.key not in stored
    with world.session(), lifecycle.ingest_scope(studio.row["organization_id"]):
        stream = db.session.scalar(sa.select(LiveStream).where(LiveStream.id == studio.id))
        assert stream_keys.is_right(studio.key, stream)
        assert not stream_keys.is_right(studio.key[::-1], stream)
