"""A real encoder: ffmpeg that publishes over RTMP, and one that returns whenever it is cut off, as OBS does."""

from __future__ import annotations

import signal
import subprocess
import threading
from pathlib import Path

from fastpix.video import tools

# Two seconds from keyframe to keyframe; loops, so that publishing it costs next to nothing.
CLIP_SECONDS = 10


def make_clip(
    folder: Path, size: str = "320x180", name: str = "clip.flv", b_frames: int = 0, pixels: str = "yuv420p"
) -> Path:
    """A moving picture with a tone, as an encoder sends it. Others than the usual `pixels` are packaged by ffmpeg."""
    clip = folder / name
    command = [
        *(tools.ffmpeg(), "-v", "error", "-y", "-f", "lavfi", "-i", f"testsrc2=size={size}:rate=30"),
        *("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", str(CLIP_SECONDS)),
        *("-c:v", "libx264", "-preset", "ultrafast", "-g", "60", "-bf", str(b_frames), "-pix_fmt", pixels),
        *("-c:a", "aac", "-b:a", "64k", "-f", "flv", str(clip)),
    ]
    subprocess.run(command, check=True, timeout=60)
    return clip


class Encoder:
    """Publishes `clip` to an RTMP address until it is stopped or refused."""

    def __init__(self, clip: Path, url: str) -> None:
        self._command = [
            *(tools.ffmpeg(), "-hide_banner", "-nostdin", "-v", "error", "-re", "-stream_loop", "-1", "-i", str(clip)),
            *("-c", "copy", "-f", "flv", url),
        ]
        self.process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(self._command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def refused(self, seconds: float = 15) -> str:
        """Wait for it to be turned away; what it was told."""
        _, said = self.process.communicate(timeout=seconds)
        assert self.process.returncode != 0, "it was let in"
        return said

    def stop(self) -> None:
        """As when a person presses "stop streaming"."""
        if self.is_running:
            self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=10)

    def kill(self) -> None:
        """As when the encoder's machine loses power."""
        self.process.kill()
        self.process.communicate()


class Returning(Encoder):
    """Comes back at once whenever it is cut off."""

    def __init__(self, clip: Path, url: str) -> None:
        super().__init__(clip, url)
        self.starts = 1
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._return, daemon=True)
        self._thread.start()

    def _return(self) -> None:
        while not self._is_over.is_set():
            self.process.communicate()
            if not self._is_over.wait(0.3):
                self.process = self._start()
                self.starts += 1

    def stop(self) -> None:
        self._is_over.set()
        self.process.send_signal(signal.SIGINT)
        self._thread.join(10)
        if self.is_running:  # it had just come back
            self.process.kill()
            self.process.communicate()
