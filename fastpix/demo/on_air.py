"""Something on air in the demo: one of its landscapes, sent to a live stream of the running instance as encoders send."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from fastpix.access import principal
from fastpix.config import encoder_addresses
from fastpix.config.settings import Settings
from fastpix.demo import films
from fastpix.demo.organizations import ORGANIZATIONS, founder
from fastpix.errors import Refused
from fastpix.resources.live_streams import queries as live_streams
from fastpix.resources.workspaces import domain as workspaces
from fastpix.video import tools

STREAM = "Morning show"
# The landscape goes there and back in so long.
SECONDS = 24
NOTHING_LISTENS = "The stream was not taken in, or cut off. Does `fastpix up` run on this instance?"


def stream_key() -> str:
    """Of the demo's first live stream. Raises `Refused` where there is none."""
    with principal.acting(founder(ORGANIZATIONS[0])):
        for workspace in workspaces.search():
            for stream in live_streams.listed(workspace["id"], 1, 1, query=STREAM)[0]:
                return stream["stream_key"]
    raise Refused(f"The demo's live stream {STREAM} was renamed or deleted. Name another one so.")


def broadcast(settings: Settings, key: str, seconds: float, say: Callable[[str], None]) -> None:
    """Send until so many seconds are over or somebody interrupts it; then the broadcast ends as every other does.

    Raises `Refused` where nothing listens, and where the stream is cut off.
    """
    server = encoder_addresses.rtmp_server(settings)
    if not server:
        raise Refused("This instance takes no live streams in: FASTPIX_LIVE_BIND is off.")
    with TemporaryDirectory() as folder:
        film = films.draw(Path(folder), films.HILLS, SECONDS, films.THERE_AND_BACK)
        say(f"{STREAM} of {ORGANIZATIONS[0].name} is on air. End it with Ctrl+C.")
        _send(film, f"{server}/{key}", seconds)
    say("Off air.")


def _send(film: Path, address: str, seconds: float) -> None:
    command = [
        *(tools.ffmpeg(), "-v", "error", "-re", "-stream_loop", "-1", "-i", str(film), "-t", str(seconds)),
        *("-c", "copy", "-f", "flv", address),
    ]
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends this ends the encoder with it
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as encoder:
        try:
            code = encoder.wait()
        except KeyboardInterrupt:
            encoder.terminate()
            return
    if code:
        raise Refused(NOTHING_LISTENS)
