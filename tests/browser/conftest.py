"""Real headless Chromium, and running servers for it to visit."""

from __future__ import annotations

import pytest

from tests.browser.looking import CHROMIUM, MISSING, PLAIN_HOST, new_context
from tests.running.server import Server


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def chromium():
    """The browser. A module's own, since playwright keeps an event loop running while it lives."""
    if CHROMIUM is None:
        pytest.skip(MISSING)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-dev-shm-usage", f"--host-resolver-rules=MAP {PLAIN_HOST} 127.0.0.1"],
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
