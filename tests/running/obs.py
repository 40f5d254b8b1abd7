"""OBS Studio without a screen: it shows a film over and over, streams it, and keeps what it sends in a file of its own.

Debian's package draws by Mesa's software renderer into Xvfb. What it is told otherwise by hand stands in its files.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = ("obs", "Xvfb")
MISSING = " and ".join(program for program in PROGRAMS if shutil.which(program) is None)
RATE = 25  # frames a second
WIDTH, HEIGHT = 320, 180
GENERAL = """[General]
FirstRun=true
LastVersion=486539266
ConfirmOnExit=false
EnableAutoUpdates=false
[Basic]
Profile=Tests
ProfileDir=Tests
SceneCollection=Tests
SceneCollectionFile=Tests
ConfigOnNewProfile=false
[OBSWebSocket]
FirstLoad=false
ServerEnabled=false
[BasicWindow]
SysTrayEnabled=false
"""
# RecQuality "Stream": the file gets the very packets that are sent.
PROFILE = f"""[General]
Name=Tests
[Output]
Mode=Simple
Reconnect=false
[SimpleOutput]
FilePath={{folder}}
RecFormat=mkv
RecQuality=Stream
VBitrate=800
ABitrate=96
StreamEncoder=x264
UseAdvanced=true
Preset=ultrafast
x264Settings=keyint={2 * RATE}
[Video]
BaseCX={WIDTH}
BaseCY={HEIGHT}
OutputCX={WIDTH}
OutputCY={HEIGHT}
FPSType=1
FPSInt={RATE}
[Audio]
SampleRate=48000
ChannelSetup=Stereo
"""


@contextmanager
def screen():
    """The name of a screen that nobody sees."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "640x480x24", "-nolisten", "tcp"]
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(command, pass_fds=(write,), stdout=quiet, stderr=quiet)
    os.close(write)
    try:
        with os.fdopen(read) as told:
            yield f":{told.readline().strip()}"
    finally:
        server.terminate()
        server.wait(10)


class Obs:
    """Sends from the start on to a server and stream key, as they stand in its settings, until it is stopped."""

    def __init__(self, folder: Path, display: str, film: Path, server: str, key: str = "") -> None:
        self._folder = folder
        basic = folder / ".config/obs-studio/basic"
        for part in ("profiles/Tests", "scenes"):
            (basic / part).mkdir(parents=True)
        (basic.parent / "global.ini").write_text(GENERAL)
        (basic / "profiles/Tests/basic.ini").write_text(PROFILE.format(folder=folder))
        service = {"type": "rtmp_custom", "settings": {"server": server, "key": key, "use_auth": False}}
        (basic / "profiles/Tests/service.json").write_text(json.dumps(service))
        (basic / "scenes/Tests.json").write_text(json.dumps(_scene(film)))
        command = [
            "obs",
            "--startstreaming",
            "--startrecording",
            "--collection",
            "Tests",
            "--profile",
            "Tests",
            "--multi",
        ]
        environ = {**os.environ, "HOME": str(folder), "DISPLAY": display, "XDG_RUNTIME_DIR": str(folder)}
        environ.pop("XDG_CONFIG_HOME", None)
        self._log_path = folder / "obs.log"
        with self._log_path.open("w") as log:
            self.process = subprocess.Popen(command, env=environ, cwd=folder, stdout=log, stderr=log)

    @property
    def log(self) -> str:
        """What it told its user, and more."""
        return self._log_path.read_text(errors="replace")

    @property
    def kept(self) -> Path:
        """The file with what it sent."""
        (found,) = self._folder.glob("*.mkv")
        return found

    def stop(self) -> None:
        """As when its window is closed."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)

    def kill(self) -> None:
        """What shows a message that nobody confirms does not stop otherwise."""
        self.process.kill()
        self.process.wait()


def _scene(film: Path) -> dict:
    shown = {
        "name": "Film",
        "id": 1,
        "visible": True,
        "align": 5,
        "scale": {"x": 1.0, "y": 1.0},
        "pos": {"x": 0.0, "y": 0.0},
    }
    scene = {"id": "scene", "name": "Scene", "settings": {"id_counter": 1, "items": [shown]}}
    settings = {"local_file": str(film), "is_local_file": True, "looping": True, "hw_decode": False}
    source = {"id": "ffmpeg_source", "name": "Film", "settings": settings, "mixers": 255, "volume": 1.0}
    named = {"name": "Tests", "current_scene": "Scene", "current_program_scene": "Scene"}
    return {**named, "scene_order": [{"name": "Scene"}], "sources": [scene, source]}
