"""Where ffmpeg is: the configured one, else the one that came with the package, else the system's."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache

import imageio_ffmpeg  # type: ignore[import-untyped]  # ships no types

from fastpix.config import instance
from fastpix.config.settings import Settings
from fastpix.errors import Misconfigured

CURE = "Set FASTPIX_FFMPEG to the path of ffmpeg, or leave it out."


def check(settings: Settings) -> None:
    """Raise `Misconfigured` where the ffmpeg of these settings is none: said at the start, not by the first film."""
    _version(_path(settings.ffmpeg))


def ffmpeg() -> str:
    """The full path of the ffmpeg in use. Raises Misconfigured if there is none."""
    return _path(instance.settings().ffmpeg)


def version() -> str:
    """What the ffmpeg in use calls its version, such as `5.1.9-0+deb12u1`. Raises Misconfigured if it does not run."""
    return _version(ffmpeg())


@cache
def _path(configured: str) -> str:
    """Of the configured one (a path, or a name on PATH); empty: of the one that is found."""
    if configured:
        found = shutil.which(configured)
        if found is None:
            raise Misconfigured(f"FASTPIX_FFMPEG is {configured}, which is no program that can be run here. {CURE}")
        return found
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:  # this platform's package carries no binary
        found = shutil.which("ffmpeg")
    if found is None:
        raise Misconfigured(
            "There is no ffmpeg. Install one (apt-get install ffmpeg) or set FASTPIX_FFMPEG to its path."
        )
    return found


@cache
def _version(ffmpeg: str) -> str:
    command = [ffmpeg, "-version"]
    try:
        said = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as problem:
        raise Misconfigured(f"{ffmpeg} does not run as ffmpeg does: {problem}. {CURE}") from problem
    words = said.split(maxsplit=3)
    if words[:2] != ["ffmpeg", "version"] or len(words) < 3:
        raise Misconfigured(f"{ffmpeg} is another program: it does not say its version as ffmpeg does. {CURE}")
    return words[2]
