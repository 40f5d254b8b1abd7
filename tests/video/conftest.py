"""Clips of the session and the ffmpegs of this machine. Nothing here skips: imageio-ffmpeg brings one along."""

from __future__ import annotations

import shutil
from functools import partial

import imageio_ffmpeg
import pytest

from fastpix.config.instance import Instance, entered
from fastpix.config.settings import Settings
from fastpix.video import tools
from tests.video.clips import clip
from tests.video.traps import Listener, Secrets

EVERY_FFMPEG = {"packaged": imageio_ffmpeg.get_ffmpeg_exe(), "system": shutil.which("ffmpeg")}


@pytest.fixture(scope="session")
def make_clip(tmp_path_factory):
    """`make_clip("a.mp4", *picture(), *H264)`: the path of a clip that is made once in a session."""
    return partial(clip, tmp_path_factory.mktemp("clips"))


@pytest.fixture(params=[name for name, path in EVERY_FFMPEG.items() if path])
def each_ffmpeg(request):
    """The test runs with every ffmpeg there is here. The value is its path."""
    with entered(Instance(Settings(ffmpeg=EVERY_FFMPEG[request.param]))):
        yield tools.ffmpeg()


@pytest.fixture
def rarer_ffmpeg():
    """The system's, where there is one: with the one that comes along, the same films are watched in a browser."""
    with entered(Instance(Settings(ffmpeg=EVERY_FFMPEG["system"] or EVERY_FFMPEG["packaged"]))):
        yield tools.ffmpeg()


@pytest.fixture
def ffmpeg():
    """The path of the ffmpeg that fastpix finds by itself."""
    with entered(Instance(Settings())):
        yield tools.ffmpeg()


@pytest.fixture(scope="session")
def secrets(tmp_path_factory, make_clip):
    """Files of another tenant, outside of the upload's folder, which tell when they are opened."""
    secrets = Secrets(tmp_path_factory.mktemp("secrets"), make_clip)
    yield secrets
    secrets.close()


@pytest.fixture(scope="session")
def listener(secrets):
    """A web server on loopback that serves the secrets and counts who connects."""
    listener = Listener(secrets.folder)
    yield listener
    listener.close()
