"""Real small clips, made by the real ffmpeg and kept for the test session."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from fastpix.video import tools


def picture(size="320x180", rate=30, seconds=2):
    """Arguments of an input: a moving test picture."""
    return ("-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}:d={seconds}")


def colour(size="320x180", rate=30, seconds=2):
    """Arguments of an input: one colour, which costs next to nothing to encode."""
    return ("-f", "lavfi", "-i", f"color=s={size}:r={rate}:d={seconds}")


def tone(seconds=2):
    """Arguments of an input: a tone, mono at 44.1 kHz."""
    return ("-f", "lavfi", "-i", f"sine=d={seconds}")


H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


def clip(folder: Path, name: str, *arguments: str) -> Path:
    """The file `name` that ffmpeg makes of `arguments` (inputs and output options), below `folder`; made once.

    Not to be changed by a test: the next one gets the same file.
    """
    key = hashlib.sha256("\0".join((name, *arguments)).encode()).hexdigest()[:12]
    made = folder / key / name
    if not made.exists():
        made.parent.mkdir(parents=True, exist_ok=True)
        command = [tools.ffmpeg(), "-hide_banner", "-nostdin", "-v", "error", "-y", *arguments, str(made)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert ended.returncode == 0, ended.stderr
    return made
