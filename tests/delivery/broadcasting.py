"""A live stream to look at: rows and small stored pieces as ingest leaves them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from fastpix.access import principal
from fastpix.db import now
from fastpix.resources.live_streams.broadcasts.models import LiveBroadcast, LiveSegment
from fastpix.resources.live_streams.models import ACTIVE, LiveStream
from fastpix.resources.playback_ids.models import NO_RESTRICTIONS, LivePlaybackId
from fastpix.storage import instance as storage
from tests.delivery.screening import Screening, segment


@dataclass
class Show(Screening):
    """A stream with one playback id, and its latest broadcast. `tracks` and `master` are as a film's."""

    id: str
    broadcast: UUID = field(default_factory=uuid4)
    connections: list[UUID] = field(default_factory=list)

    def piece(self, number: int = 0, connection: int = 0) -> str:
        """The path of a piece inside a prefix."""
        return f"live/{self.broadcast}/{self.connections[connection]}/s{number:05}.m4s"


class Studio:
    """Puts streams on air in a world."""

    def __init__(self, world: Any) -> None:
        self.world = world

    def show(self, policy: str = "public", parts: tuple[int, ...] = (3,), house: Any = None, **given: Any) -> Show:
        """A stream on air that has sent so many pieces in each connection; `given` overrides columns of the broadcast."""
        house = house or self.world.cast.acme
        made = Show(uuid4(), house.workspace, house.id, uuid4().hex)
        inside = {"workspace_id": made.workspace_id}
        restrictions = given.pop("restrictions", NO_RESTRICTIONS)
        status = given.pop("status", ACTIVE)
        with self.world.session() as session, principal.acting(principal.system("a test", house.id)):
            session.add(
                LiveStream(id=made.id, status=status, metadata_={"name": "Talk"}, created_by="a test", **inside)
            )
            session.flush()
            session.add(
                LivePlaybackId(
                    id=made.playback_id, stream_id=made.id, access_policy=policy, restrictions=restrictions, **inside
                )
            )
            session.flush()
        if parts:
            self.send(made, parts, **given)
        return made

    def send(self, show: Show, parts: tuple[int, ...], **given: Any) -> None:
        """A new broadcast of the stream."""
        show.broadcast, show.connections = uuid4(), [uuid4() for _ in parts]
        columns = {
            "is_recorded": True,
            "is_dvr": False,
            "position": sum(parts),
            "part": len(parts),
            "seconds": 2.0 * sum(parts),
            "longest": 2.0,
            "codecs": "avc1.64001f,mp4a.40.2",
            "width": 1280,
            "height": 720,
        }
        inside = {"workspace_id": show.workspace_id}
        with self.world.session() as session, principal.acting(principal.system("a test", show.organization_id)):
            session.add(LiveBroadcast(id=show.broadcast, stream_id=show.id, **inside, **columns | given))
            session.flush()
            position, begun = 0, now() - timedelta(seconds=2 * sum(parts))
            for part, (connection, count) in enumerate(zip(show.connections, parts, strict=True), 1):
                folder = f"{show.organization_id}/{show.workspace_id}/{show.broadcast}/{connection}"
                storage.get().write(f"{folder}/init.mp4", segment(0))
                for number in range(count):
                    position += 1
                    name = f"s{number:05}.m4s"
                    storage.get().write(f"{folder}/{name}", segment(position))
                    row = LiveSegment(broadcast_id=show.broadcast, position=position, part=part, name=name, **inside)
                    row.connection_id, row.seconds, row.size, row.frames = connection, 2.0, 5000, 60
                    row.at = begun + timedelta(seconds=2 * position)
                    session.add(row)
            session.flush()

    def change(self, show: Show, model: Any, **columns: Any) -> None:
        """Change the stream, its playback id or its broadcast."""
        keys = {LiveStream: show.id, LivePlaybackId: show.playback_id, LiveBroadcast: show.broadcast}
        with self.world.session() as session, principal.acting(principal.system("a test", show.organization_id)):
            row = session.get(model, keys[model])
            for name, value in columns.items():
                setattr(row, name, value)
            session.flush()
