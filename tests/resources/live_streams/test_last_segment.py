"""The last piece of an encoder that left: viewers see it together with what comes after it, or with the end."""
# ruff: noqa: F811  # fixtures are imported by name, and named again by the tests that ask for them

from __future__ import annotations

from datetime import timedelta

import pytest

from fastpix.db import now
from fastpix.live.part import add_last_segments
from fastpix.resources.live_streams import domain as live_streams
from fastpix.resources.live_streams import playback
from fastpix.resources.live_streams.broadcasts import domain as broadcasts
from fastpix.resources.live_streams.broadcasts.models import StoredSegment
from fastpix.resources.live_streams.connections import domain as connections
from fastpix.resources.live_streams.models import LiveStream
from tests.cast import acting_as
from tests.resources.live_streams.test_recordings import PICTURE, air, silent  # noqa: F401  # fixtures too

pytestmark = pytest.mark.sql("that the last segments and the end of their connection are seen at once")


def segments(*numbers):
    return [StoredSegment(f"s{number:05}.m4s", 2.0, 5, now()) for number in numbers]


def look(world, air):
    """The segments that viewers see, as part and name, and whether that is all."""
    with world.session():
        on_air = playback.on_air(air.id)
    return [(each.part, int(each.name[1:6])) for each in on_air.segments], on_air.is_over


def leave(world, admission, *numbers):
    with world.session():
        assert add_last_segments(admission, segments(*numbers), PICTURE, "It left.")


def test_it_is_shown_when_the_encoder_is_back(world, air, silent):
    first = air.connect()
    with world.session():
        broadcasts.add_segments(first, segments(0, 1), PICTURE)
    assert look(world, air) == ([(1, 0), (1, 1)], False)
    leave(world, first, 2)
    assert look(world, air) == ([(1, 0), (1, 1)], False)  # nothing that was shown is taken back
    second = air.connect()
    assert look(world, air) == ([(1, 0), (1, 1)], False)
    with world.session():
        broadcasts.add_segments(second, segments(0), PICTURE)
    assert look(world, air) == ([(1, 0), (1, 1), (1, 2), (2, 0)], False)


def test_it_is_shown_with_the_end_when_the_encoder_does_not_return(world, air, silent):
    admission = air.connect()
    leave(world, admission, 0, 1, 2)
    assert look(world, air) == ([(1, 0), (1, 1)], False)
    air.change(LiveStream, LiveStream.id == air.id, disconnected_at=now() - timedelta(hours=1))
    air.look_after()
    assert look(world, air) == ([(1, 0), (1, 1), (1, 2)], True)


def test_it_is_shown_with_the_end_of_a_broadcast_that_a_person_finished(world, air, silent):
    admission = air.connect()
    with world.session():
        broadcasts.add_segments(admission, segments(0, 1), PICTURE)
    with world.session(), acting_as(world.cast, "ada"):
        live_streams.finish(air.id)
    assert look(world, air) == ([(1, 0), (1, 1)], False)
    leave(world, admission, 2)
    assert look(world, air) == ([(1, 0), (1, 1), (1, 2)], True)


def test_a_single_piece_is_shown_at_once(world, air, silent):
    leave(world, air.connect(), 0)
    assert look(world, air) == ([(1, 0)], False)


def test_who_loses_the_stream_to_another_connection_hides_nothing(world, air, silent):
    """Its tracks changed, and what it sends now is not there yet."""
    first = air.connect()
    with world.session():
        broadcasts.add_segments(first, segments(0, 1), PICTURE)
        second = connections.go_on(first)
    leave(world, first, 2)
    with world.session():
        broadcasts.add_segments(second, segments(0), PICTURE)
    assert look(world, air) == ([(1, 0), (1, 1), (1, 2), (2, 0)], False)
