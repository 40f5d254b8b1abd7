"""Who publishes: admits encoders by their stream key, before a byte of video is taken, and holds what is on air."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from time import monotonic

from fastpix.errors import StorageFailed
from fastpix.live.broadcast import Broadcast
from fastpix.live.executor import Executor
from fastpix.live.part import Source
from fastpix.live.rtmp.session import Rejected, Session
from fastpix.live.simulcast import Simulcast
from fastpix.resources.live_streams import lifecycle
from fastpix.resources.live_streams.connections import domain as connections
from fastpix.resources.live_streams.connections.domain import NotAdmitted
from fastpix.resources.live_streams.connections.models import Admission
from fastpix.resources.live_streams.simulcasts import domain as simulcasts
from fastpix.resources.live_streams.simulcasts import queries as simulcast_queries
from fastpix.storage import room

log = logging.getLogger(__name__)
APPLICATION = "live"
NO_SUCH_APPLICATION = "The server's address ends with /live."
FULL = "This server has as many live streams on air as it takes. Try again later."
# An encoder that was silent for longer makes way for another one with the same key: its connection broke unnoticed.
SILENCE_SECONDS = 5.0
# Every how many checks it is asked where the streams are to be pushed.
TARGETS_EVERY = 3
REPORT_SECONDS, MOST_REPORTED = 60.0, 10_000
OWN, RELAY, SRT = "own", "relay", "srt"


class Publishers:
    """A `PublishHandler` of `rtmp.session`. `owner` names this ingest in the database."""

    def __init__(self, executor: Executor, owner: str, most: int, *, allow_private: bool) -> None:
        self._executor, self._owner, self._most, self._allow_private = executor, owner, most, allow_private
        self._on_air: set[Broadcast] = set()
        self._is_closing, self._checks, self._deciding = False, 0, 0
        # Which refusals were written down lately, and when: the same again is not worth a write.
        self._reported: dict[tuple[str | None, str, str], float] = {}

    async def publish(self, session: Session, app: str, key: str) -> Broadcast:
        """Where an encoder's stream goes. Raises `Rejected` with a sentence for whoever set the encoder up."""
        if app.strip("/") != APPLICATION:
            raise Rejected(NO_SUCH_APPLICATION)
        try:
            broadcast = await self.admit(key, session.address, session, OWN)
        except NotAdmitted as problem:
            raise Rejected(str(problem)) from None
        await broadcast.start()
        return broadcast

    async def admit(self, key: str, address: str, source: Source, engine: str) -> Broadcast:
        """A broadcast for whoever shows the key, not started yet. Raises `NotAdmitted`."""
        self._deciding += 1
        try:
            admission = await self._admitted(key, address, engine)
            log.info("live.admitted address=%s stream=%s", address, admission.stream_id)
            return self._register(admission, source)
        except NotAdmitted as problem:
            await self.refuse(problem, address)
            raise
        finally:
            self._deciding -= 1

    async def srt_passphrase(self, key: str) -> str:
        """What a caller must have to publish with this key just now; nothing is taken yet. Raises `NotAdmitted`."""
        silent = {broadcast.admission.stream_id for broadcast in self._on_air if _is_silent(broadcast)}
        passphrase = await self._executor.read(connections.srt_passphrase, key, silent)
        await self._check_room(key, 1)
        return passphrase

    async def refuse(self, problem: NotAdmitted, address: str) -> None:
        """Have a refusal written down, the same one once a minute."""
        log.info("live.refused address=%s stream=%s reason=%s", address, problem.stream_id, problem)
        mark = (problem.stream_id, address, str(problem))
        moment = monotonic()
        if problem.stream_id is None or moment - self._reported.get(mark, -REPORT_SECONDS) < REPORT_SECONDS:
            return
        if len(self._reported) >= MOST_REPORTED:
            self._reported.clear()
        self._reported[mark] = moment
        await self._executor.write(connections.log_refusal, problem, address)

    async def _admitted(self, key: str, address: str, engine: str) -> Admission:
        await self._executor.read(connections.check_key, key)
        # Those being decided count, this one among them: after a restart all encoders come at once.
        await self._check_room(key, self._deciding)
        arguments = (key, address, self._owner, engine)
        try:
            return await self._executor.write(connections.admit, *arguments)
        except NotAdmitted as problem:
            silent = self._silent_on(problem.stream_id) if str(problem) == connections.IS_TAKEN else None
            if silent is None:
                raise
        silent.source.cut("The encoder was silent, and came back on another connection.")
        await silent.finished()
        return await self._executor.write(connections.admit, *arguments)

    async def _check_room(self, key: str, wanted: int) -> None:
        """Check that so many streams more may go on air, and that the disk has room. Raises `NotAdmitted`."""
        if len(self._on_air) + wanted > self._most or self._is_closing:
            raise NotAdmitted(FULL, connections.stream_named_by(key))
        try:
            await self._executor.run_io(room.check_work)
        except StorageFailed as problem:  # those on air go on: what is broadcast may not be lost
            raise NotAdmitted(str(problem), connections.stream_named_by(key)) from problem

    def _silent_on(self, stream_id: str | None) -> Broadcast | None:
        for broadcast in self._on_air:
            if broadcast.admission.stream_id == stream_id and _is_silent(broadcast):
                return broadcast
        return None

    def _register(self, admission: Admission, source: Source) -> Broadcast:
        async def report(simulcast_id: str, state: str, text: str) -> None:
            with suppress(Exception):  # only what the page shows depends on it
                await self._executor.write(_write_state, broadcast.admission, simulcast_id, state, text)

        simulcast = Simulcast(report, allow_private=self._allow_private)
        broadcast = Broadcast(admission, source, self._executor, simulcast, self._remove)
        self._on_air.add(broadcast)
        return broadcast

    def _remove(self, broadcast: Broadcast) -> None:
        log.info("live.over stream=%s", broadcast.admission.stream_id)
        self._on_air.discard(broadcast)

    async def check(self) -> None:
        """Renew the leases of all that are on air, cut those off that lost their stream, and see where they are pushed."""
        active = {broadcast.admission.connection_id: broadcast for broadcast in self._on_air if not broadcast.is_over}
        if not active:
            return
        rates = {connection_id: broadcast.rate() for connection_id, broadcast in active.items()}
        held = await self._executor.write(connections.renew, self._owner, rates)
        for connection_id, broadcast in active.items():
            # Another connection of the same encoder may have taken over meanwhile.
            if connection_id not in held and broadcast.admission.connection_id == connection_id:
                broadcast.source.cut(connections.IS_LOST)
        self._checks += 1
        if self._checks % TARGETS_EVERY:
            return
        holding = {b.admission.stream_id: b for connection_id, b in active.items() if connection_id in held}
        for stream_id, targets in (await self._executor.read(simulcast_queries.targets, list(holding))).items():
            holding[stream_id].simulcast.refresh(targets)

    async def close(self) -> None:
        """Take nobody in any more, and bring in what is under way: its encoders come back to the next run."""
        self._is_closing = True
        broadcasts = list(self._on_air)
        for broadcast in broadcasts:
            broadcast.source.cut("The server is being restarted.")
        await asyncio.gather(*(broadcast.finished() for broadcast in broadcasts))


def _is_silent(broadcast: Broadcast) -> bool:
    return monotonic() - broadcast.last_media_at > SILENCE_SECONDS


def _write_state(admission: Admission, simulcast_id: str, state: str, text: str) -> None:
    with lifecycle.ingest_scope(admission.organization_id):
        simulcasts.write_state(simulcast_id, admission.connection_id, state, text)
