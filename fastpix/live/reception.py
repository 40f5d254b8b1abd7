"""The doorman: lets in who shows a stream key, before a byte of video is taken, and keeps the list of who is on air."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from time import monotonic
from uuid import UUID

from fastpix.live.broadcast import Broadcast, Source
from fastpix.live.clerk import Clerk
from fastpix.live.pushing import Pushing
from fastpix.live.rtmp import Rejected, Session
from fastpix.resources.live_streams import lifecycle, simulcasts
from fastpix.resources.live_streams.lifecycle import Admission, NotAdmitted
from fastpix.video import live

log = logging.getLogger(__name__)
APPLICATION = "live"
NO_SUCH_APPLICATION = "The server's address ends with /live."
FULL = "This server has as many live streams on air as it takes. Try again later."
# An encoder that was silent for longer makes way for another one with the same key: its connection broke unnoticed.
SILENCE_SECONDS = 5.0
CUT_OFF = "The stream was ended from the dashboard."
# Every how many looks it is asked where the streams are to be pushed.
TARGETS_EVERY = 3
TOLD_SECONDS, MOST_TOLD = 60.0, 10_000
OWN, RELAY = "own", "relay"


class Reception:
    """A `rtmp.Desk`. `owner` names this ingest in the database."""

    def __init__(self, clerk: Clerk, owner: str, most: int, *, allow_private: bool) -> None:
        self._clerk, self._owner, self._most, self._allow_private = clerk, owner, most, allow_private
        self._on_air: dict[UUID, Broadcast] = {}
        self._is_closing, self._looks, self._deciding = False, 0, 0
        # Who was told of lately, and when: the same again is not worth a write.
        self._told: dict[tuple[str | None, str, str], float] = {}

    async def publish(self, session: Session, app: str, key: str) -> Broadcast:
        """Where an encoder's stream goes. Raises `Rejected` with a sentence for whoever set the encoder up."""
        if app.strip("/") != APPLICATION:
            raise Rejected(NO_SUCH_APPLICATION)
        try:
            broadcast = await self.admit(key, session.address, session, OWN)
        except NotAdmitted as problem:
            raise Rejected(str(problem)) from None
        await broadcast.start(live.from_pipe())
        return broadcast

    async def admit(self, key: str, address: str, source: Source, engine: str) -> Broadcast:
        """A broadcast for whoever shows the key, not started yet. Raises `NotAdmitted`."""
        self._deciding += 1
        try:
            admission = await self._admitted(key, address, engine)
            log.info("live.admitted address=%s stream=%s", address, admission.stream_id)
            return self._welcome(admission, source)
        except NotAdmitted as problem:
            log.info("live.refused address=%s stream=%s reason=%s", address, problem.stream_id, problem)
            await self._tell(problem, address)
            raise
        finally:
            self._deciding -= 1

    async def _tell(self, problem: NotAdmitted, address: str) -> None:
        """Have a refusal written down, the same one once a minute."""
        mark = (problem.stream_id, address, str(problem))
        moment = monotonic()
        if problem.stream_id is None or moment - self._told.get(mark, -TOLD_SECONDS) < TOLD_SECONDS:
            return
        if len(self._told) >= MOST_TOLD:
            self._told.clear()
        self._told[mark] = moment
        await self._clerk.write(lifecycle.refuse, problem, address)

    async def _admitted(self, key: str, address: str, engine: str) -> Admission:
        await self._clerk.look(lifecycle.prove, key)
        # Those being decided count, this one among them: after a restart all encoders come at once.
        if len(self._on_air) + self._deciding > self._most or self._is_closing:
            raise NotAdmitted(FULL, lifecycle.named_by(key))
        asked = (key, address, self._owner, engine)
        try:
            return await self._clerk.write(lifecycle.admit, *asked)
        except NotAdmitted as problem:
            silent = self._silent_on(problem.stream_id) if str(problem) == lifecycle.IS_TAKEN else None
            if silent is None:
                raise
        silent.source.cut("The encoder was silent, and came back on another connection.")
        await silent.finished()
        return await self._clerk.write(lifecycle.admit, *asked)

    def _silent_on(self, stream_id: str | None) -> Broadcast | None:
        for broadcast in self._on_air.values():
            is_silent = monotonic() - broadcast.last_media_at > SILENCE_SECONDS
            if broadcast.admission.stream_id == stream_id and is_silent:
                return broadcast
        return None

    def _welcome(self, admission: Admission, source: Source) -> Broadcast:
        async def tell(simulcast_id: str, state: str, text: str) -> None:
            with suppress(Exception):  # only what the page shows depends on it
                await self._clerk.write(_pushed, admission, simulcast_id, state, text)

        pushing = Pushing(tell, allow_private=self._allow_private)
        broadcast = Broadcast(admission, source, self._clerk, pushing, self._gone)
        self._on_air[admission.connection_id] = broadcast
        return broadcast

    def _gone(self, broadcast: Broadcast) -> None:
        log.info("live.over stream=%s", broadcast.admission.stream_id)
        self._on_air.pop(broadcast.admission.connection_id, None)

    async def look_after(self) -> None:
        """Renew the leases of all that are on air, cut those off that lost their stream, and see where they are pushed."""
        present = {c: b for c, b in self._on_air.items() if not b.is_over}
        if not present:
            return
        measured = {connection_id: broadcast.measured() for connection_id, broadcast in present.items()}
        held = await self._clerk.write(lifecycle.renew, self._owner, measured)
        for connection_id, broadcast in present.items():
            if connection_id not in held:
                broadcast.source.cut(CUT_OFF)
        self._looks += 1
        if self._looks % TARGETS_EVERY:
            return
        targets = await self._clerk.write(_targets, [b.admission for c, b in present.items() if c in held])
        for connection_id, found in targets.items():
            present[connection_id].pushing.refresh(found)

    async def close(self) -> None:
        """Take nobody in any more, and bring in what is under way: its encoders come back to the next run."""
        self._is_closing = True
        going = list(self._on_air.values())
        for broadcast in going:
            broadcast.source.cut("The server is being restarted.")
        await asyncio.gather(*(broadcast.finished() for broadcast in going))


def _pushed(admission: Admission, simulcast_id: str, state: str, text: str) -> None:
    with lifecycle.scope(admission.organization_id):
        simulcasts.pushed(simulcast_id, admission.connection_id, state, text)


def _targets(admissions: list[Admission]) -> dict[UUID, list[simulcasts.Target]]:
    found = {}
    for admission in admissions:
        with lifecycle.scope(admission.organization_id):
            found[admission.connection_id] = simulcasts.targets(admission.stream_id)
    return found
