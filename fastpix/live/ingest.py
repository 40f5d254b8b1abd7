"""The ingest process: brings in what an earlier run left, listens for encoders, and looks after what is on air."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import time
from uuid import UUID

from flask import Flask

from fastpix.config import encoder_addresses, srt_library
from fastpix.config.parsers import OFF
from fastpix.config.settings import Settings
from fastpix.errors import Misconfigured
from fastpix.live import segment_files, segment_spool
from fastpix.live.executor import Executor
from fastpix.live.nginx_hooks import HookServer
from fastpix.live.nginx_relay import Relays
from fastpix.live.part import add_last_segments
from fastpix.live.publishers import Publishers
from fastpix.live.rtmp import listener
from fastpix.live.srt.library import Library
from fastpix.live.srt.listener import Listener as SrtListener
from fastpix.live.srt_calls import Calls
from fastpix.ratelimit.attempts import network
from fastpix.resources.live_streams.connections import domain as connections
from fastpix.resources.live_streams.connections import queries as connection_queries
from fastpix.resources.live_streams.connections.models import Admission

log = logging.getLogger(__name__)
CHECK_SECONDS = 1.0
# How long the last segment of a broadcast may take whose ingest was killed: ffmpeg finishes it by itself.
FFMPEG_END_SECONDS = 3.0
STALE_SECONDS = 30.0
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
    executor = Executor(app)
    try:
        await _wait_for_database(executor, owner, stop)
        await _recover(executor, owner)
        publishers = Publishers(executor, owner, settings.live_streams, allow_private=settings.fetch_allow_private)
        await _listen(publishers, settings, stop)
    finally:
        executor.close()


async def _listen(publishers: Publishers, settings: Settings, stop: asyncio.Event) -> None:
    relays = Relays(publishers, settings.live_relay_url)
    hook_server, rtmp_listener, srt_listener = None, None, None
    if settings.live_callbacks != OFF:
        hook_server = HookServer(relays, asyncio.get_running_loop(), *_host_and_port(settings.live_callbacks))
    if settings.live_bind != OFF:
        rtmp_listener = await listener.listen(publishers, *_host_and_port(settings.live_bind), whose=network)
    srt_bind = encoder_addresses.srt_wanted(settings)
    if srt_bind != OFF:
        srt_listener = _listen_for_srt(publishers, srt_bind)
    log.info(
        "live.start rtmp=%s callbacks=%s srt=%s",
        settings.live_bind,
        settings.live_callbacks,
        srt_bind if srt_listener else OFF,
    )
    try:
        await _check_forever(publishers, stop)
    finally:
        if rtmp_listener is not None:
            rtmp_listener.close()
        if srt_listener is not None:
            srt_listener.close()
        if hook_server is not None:
            hook_server.close()
        await publishers.close()
        if srt_listener is not None:
            srt_listener.stop()
        log.info("live.stop")


def _listen_for_srt(publishers: Publishers, address: str) -> SrtListener | None:
    library = srt_library.load()
    if library is None:
        log.info("live.no_srt %s", srt_library.IS_MISSING)
        return None
    made = SrtListener(Library(library), Calls(publishers), whose=network)
    try:
        made.open(*_host_and_port(address))
    except OSError as problem:
        text = f"{address} (UDP) cannot be listened on: {problem}. Set FASTPIX_SRT_BIND to another address."
        raise Misconfigured(text) from problem
    return made


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


async def _check_forever(publishers: Publishers, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await publishers.check()
        except Exception:
            # The database may be away for a while; what comes in meanwhile waits on the disk.
            log.warning("live.trouble", exc_info=True)
        try:
            await asyncio.wait_for(stop.wait(), CHECK_SECONDS)
        except TimeoutError:
            continue


async def _wait_for_database(executor: Executor, owner: str, stop: asyncio.Event) -> None:
    """Wait: to end, and be started again and again, would end web server and worker, too."""
    while not stop.is_set():
        try:
            await executor.write(connection_queries.left_open, owner)
        except Exception:
            log.warning("live.trouble", exc_info=True)
            await asyncio.sleep(CHECK_SECONDS)
        else:
            return


async def _recover(executor: Executor, owner: str) -> None:
    """Bring in the segments that an earlier run of this machine's ingest left, before anybody may publish."""
    connection_ids = await executor.run_io(lambda: list(segment_spool.leftover_connections()))
    await asyncio.gather(
        *(executor.run_io(_wait_for_ffmpeg, segment_spool.open_spool(each, "")) for each in connection_ids)
    )
    # What an encoder sent before it changed its tracks comes before what it sent then.
    for connection_id in await executor.write(connection_queries.in_order, connection_ids):
        try:
            await _recover_connection(executor, owner, connection_id)
        except Exception:
            # One stream's trouble must not keep all others from publishing; the folder waits for the next start.
            log.exception("live.not_recovered connection=%s", connection_id)
    for admission in await executor.write(connection_queries.left_open, owner):
        await executor.write(connections.close, admission, RESTARTED)


async def _recover_connection(executor: Executor, owner: str, connection_id: UUID) -> None:
    leftover = await executor.write(connection_queries.left_behind, connection_id, owner)
    if leftover is not None:
        await _store_leftovers(executor, connection_id, *leftover)
    elif not await executor.write(connection_queries.is_known, connection_id):
        await executor.run_io(segment_spool.open_spool(connection_id, "").remove)


async def _store_leftovers(executor: Executor, connection_id: UUID, admission: Admission, listed: set[str]) -> None:
    spool = segment_spool.open_spool(connection_id, admission.folder)
    await executor.run_io(segment_spool.recover, spool, listed)
    if spool.stored:
        if not await executor.write(add_last_segments, admission, spool.stored, spool.video, RESTARTED):
            await executor.run_io(spool.discard, spool.stored)
        log.info("live.recovered stream=%s pieces=%d", admission.stream_id, len(spool.stored))
    await executor.write(connections.close, admission, RESTARTED)
    await executor.run_io(spool.remove)


def _wait_for_ffmpeg(spool: segment_spool.SegmentSpool) -> None:
    """Wait until ffmpeg of the earlier run has written its last segment: then it ends its playlist."""
    if segment_files.is_ours(spool.folder):
        return
    end = time.monotonic() + FFMPEG_END_SECONDS
    playlist = spool.folder / "index.m3u8"
    if playlist.is_file() and time.time() - playlist.stat().st_mtime > STALE_SECONDS:
        return  # the whole machine had stopped
    while time.monotonic() < end:
        if playlist.is_file() and "#EXT-X-ENDLIST" in playlist.read_text("ascii", "replace"):
            return
        time.sleep(0.1)
