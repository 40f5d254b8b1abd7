"""Real headless Chromium, and running servers for it to visit."""

from __future__ import annotations

from functools import partial

import pytest

from tests.browser import eye as eyes
from tests.browser.looking import CHROMIUM, MISSING, PLAIN_HOST, SECONDS, new_context
from tests.running.server import Server
from tests.video.clips import clip


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def chromium():
    """The browser. A module's own, since playwright keeps an event loop running while it lives."""
    if CHROMIUM is None:
        pytest.skip(MISSING)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=SECONDS * 1000)  # a deadline, not a pause: slow machines run several of these at once

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                *("--no-sandbox", "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required"),
                f"--host-resolver-rules=MAP {PLAIN_HOST} 127.0.0.1",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium):
    """`visit(server, session=…, script=False)`: a page in a browser context of its own, watched for complaints."""
    opened = []

    def begin(server, *, session="", script=True, **options):
        context = new_context(chromium, server, session=session, script=script, **options)
        opened.append(context)
        return context.new_page()

    yield begin
    for context in opened:
        context.close()


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """`servers(host=…, **settings)`: an instance of this module, not started; stopped at its end."""
    made = []

    def make(**settings):
        made.append(Server(tmp_path_factory.mktemp("site"), **settings))
        return made[-1]

    yield make
    for server in made:
        server.stop()


@pytest.fixture(scope="module")
def eye(chromium, tmp_path_factory):
    """What viewers see and hear of a file: one server and one browser for all of a module's films. See `eye.py`."""
    with (
        Server.running(tmp_path_factory.mktemp("eye"), fetch_allow_private="true") as server,
        eyes.opened(server, chromium, tmp_path_factory.mktemp("shelf")) as made,
    ):
        yield made


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """`film("a.mp4", *picture(), *sound(), *H264)`: the path of a film, made once for the module."""
    return partial(clip, tmp_path_factory.mktemp("films"))
