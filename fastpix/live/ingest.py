"""The ingest process: brings in what an earlier run left, opens the doors, and looks after what is on air."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import time
from uuid import UUID

from flask import Flask

from fastpix.live import door, shelf
from fastpix.live.callbacks import Callbacks
from fastpix.live.clerk import Clerk
from fastpix.live.reception import Reception
from fastpix.live.relay import Relays
from fastpix.resources.live_streams import lifecycle, recovery
from fastpix.resources.live_streams.lifecycle import Admission
from fastpix.setting_kinds import OFF
from fastpix.settings import Settings

log = logging.getLogger(__name__)
EVERY_SECONDS = 1.0
# How long the last piece of a broadcast may take whose ingest was killed: ffmpeg finishes it by itself.
SETTLING_SECONDS = 3.0
LONG_AGO_SECONDS = 30.0
RESTARTED = "The ingest was restarted."


def run(app: Flask, settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT. Returns the exit code."""
    asyncio.run(_serve(app, settings))
    return 0


async def _serve(app: Flask, settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    owner = f"{socket.gethostname()[:100]} {settings.live_bind} {settings.live_callbacks}"[:160]
    clerk = Clerk(app)
    try:
        await _until_the_database_answers(clerk, owner, stop)
        await _take_up(clerk, owner)
        reception = Reception(clerk, owner, settings.live_streams, allow_private=settings.fetch_allow_private)
        await _with_doors(reception, settings, stop)
    finally:
        clerk.close()


async def _with_doors(reception: Reception, settings: Settings, stop: asyncio.Event) -> None:
    relays = Relays(reception, settings.live_relay_url)
    callbacks, entrance = None, None
    if settings.live_callbacks != OFF:
        callbacks = Callbacks(relays, asyncio.get_running_loop(), *_place(settings.live_callbacks))
    if settings.live_bind != OFF:
        entrance = await door.listen(reception, *_place(settings.live_bind))
    log.info("live.start rtmp=%s callbacks=%s", settings.live_bind, settings.live_callbacks)
    try:
        await _look_after(reception, relays, stop)
    finally:
        if entrance is not None:
            entrance.close()
        if callbacks is not None:
            callbacks.close()
        await reception.close()
        log.info("live.stop")


def _place(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


async def _look_after(reception: Reception, relays: Relays, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await reception.look_after()
            relays.look_after()
        except Exception:
            # The database may be away for a while; what comes in meanwhile waits on the disk.
            log.warning("live.trouble", exc_info=True)
        try:
            await asyncio.wait_for(stop.wait(), EVERY_SECONDS)
        except TimeoutError:
            continue


async def _until_the_database_answers(clerk: Clerk, owner: str, stop: asyncio.Event) -> None:
    """Wait: to end, and be started again and again, would end web server and worker, too."""
    while not stop.is_set():
        try:
            await clerk.write(recovery.left_open, owner)
        except Exception:
            log.warning("live.trouble", exc_info=True)
            await asyncio.sleep(EVERY_SECONDS)
        else:
            return


async def _take_up(clerk: Clerk, owner: str) -> None:
    """Bring in the pieces that an earlier run of this machine's ingest left, before anybody may publish."""
    folders = await clerk.move(lambda: list(shelf.left_folders()))
    await asyncio.gather(*(clerk.move(_settle, shelf.open_shelf(each, "")) for each in folders))
    for connection_id in folders:
        try:
            await _take_one_up(clerk, owner, connection_id)
        except Exception:
            # One stream's trouble must not keep the door shut for all others; the folder waits for the next start.
            log.exception("live.not_recovered connection=%s", connection_id)
    for admission in await clerk.write(recovery.left_open, owner):
        await clerk.write(lifecycle.closed, admission, RESTARTED)


async def _take_one_up(clerk: Clerk, owner: str, connection_id: UUID) -> None:
    found = await clerk.write(recovery.left_behind, connection_id, owner)
    if found is not None:
        await _bring_in(clerk, connection_id, *found)
    elif not await clerk.write(recovery.is_known, connection_id):
        await clerk.move(shelf.open_shelf(connection_id, "").remove)


async def _bring_in(clerk: Clerk, connection_id: UUID, admission: Admission, kept: set[str]) -> None:
    place = shelf.open_shelf(connection_id, admission.folder)
    await clerk.move(shelf.take_up, place, kept)
    if place.stored:
        if not await clerk.write(lifecycle.keep, admission, place.stored, place.picture):
            await clerk.move(place.discard, place.stored)
        log.info("live.recovered stream=%s pieces=%d", admission.stream_id, len(place.stored))
    await clerk.write(lifecycle.closed, admission, RESTARTED)
    await clerk.move(place.remove)


def _settle(place: shelf.Shelf) -> None:
    """Wait until ffmpeg of the earlier run has written its last piece: then it ends its playlist."""
    end = time.monotonic() + SETTLING_SECONDS
    playlist = place.folder / "index.m3u8"
    if playlist.is_file() and time.time() - playlist.stat().st_mtime > LONG_AGO_SECONDS:
        return  # the whole machine had stopped
    while time.monotonic() < end:
        if playlist.is_file() and "#EXT-X-ENDLIST" in playlist.read_text("ascii", "replace"):
            return
        time.sleep(0.1)
