"""FastPix's published uploader: on another site's page, through errors and a restart, byte for byte; and on our own."""

from __future__ import annotations

import hashlib
import http.server
import os
import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from fastpix.storage import open_storage
from tests.browser.looking import Watch
from tests.running.server import eventually
from tests.running.shelf_server import serving
from tests.video.clips import H264, clip, picture

VENDORED = Path(__file__).parents[2] / "fastpix/web/static/vendor/resumable-uploads/uploads.js"
PAGE = b"""<!doctype html><input type=file><script src=/uploads.js></script><script>
window.told = [];
window.send = (url) => {
  const uploader = window.Uploader.init({ endpoint: url, file: document.querySelector("input").files[0], chunkSize: 5120, delayRetry: 0.2 });
  for (const name of ["success", "error", "chunkAttemptFailure"]) uploader.on(name, (event) => window.told.push(name));
};
</script>"""
CHUNK = 5 << 20


class _Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        is_script = self.path == "/uploads.js"
        body = VENDORED.read_bytes() if is_script else PAGE
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if is_script else "text/html")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


class Trouble:
    """Stands between page and server, and does one mischief at each of the first chunks."""

    def __init__(self, server, origin):
        self.server, self.cors = (
            server,
            {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": "Range"},
        )
        self.seen, self.done = [], set()

    def __call__(self, route):
        request = route.request
        if request.method != "PUT":
            return route.continue_()
        content_range = request.headers["content-range"]
        first, last, total = map(int, re.match(r"bytes (\d+)-(\d+)/(\d+)", content_range).groups())
        self.seen.append(first)
        mischief = {0: self.unavailable, CHUNK: self.short, 2 * CHUNK: self.restart}.get(first)
        if last + 1 == total:
            mischief = self.lost_answer
        if mischief is None or mischief in self.done:
            return route.continue_()
        self.done.add(mischief)
        return mischief(route, request, first, total)

    def unavailable(self, route, _request, _first, _total):
        route.fulfill(status=503, headers=self.cors, body="busy")

    def short(self, route, request, first, total):
        """The server gets only part of the chunk, as when the connection is slow to close."""
        half = request.post_data_buffer[: CHUNK // 2]
        told = httpx.put(
            request.url, content=half, headers={"Content-Range": f"bytes {first}-{first + len(half) - 1}/{total}"}
        )
        assert told.status_code == 308
        route.fulfill(status=308, headers=self.cors | {"Range": told.headers["Range"]})

    def restart(self, route, _request, _first, _total):
        self.server.kill_everything()
        self.server.start_web()
        route.continue_()

    def lost_answer(self, route, request, first, total):
        """The server takes the last chunk, and its answer never arrives."""
        data = request.post_data_buffer
        headers = {"Content-Range": f"bytes {first}-{total - 1}/{total}"}
        assert httpx.put(request.url, content=data, headers=headers, timeout=30).status_code == 200
        route.abort("connectionreset")


@pytest.fixture
def server(servers):
    made = servers()
    made.cast = made.seed()
    return made.start_web()


def test_the_stored_file_is_what_was_sent(server, visit, tmp_path):
    file = tmp_path / "film.bin"
    file.write_bytes(os.urandom(3 * CHUNK + 1_234_567))
    token = server.cast.people["ada"].tokens["admin"]
    with serving(_Site) as origin:
        body = {"corsOrigin": origin, "pushMediaSettings": {"accessPolicy": "public"}}
        made = httpx.post(f"{server.url}/v1/on-demand/upload", json=body, auth=(str(token.id), token.secret)).json()[
            "data"
        ]
        page = visit(server)
        trouble = Trouble(server, origin)
        page.route(re.compile("/upload/"), trouble)
        page.goto(origin)
        page.locator("input").set_input_files(str(file))
        page.evaluate("url => window.send(url)", made["url"])
        page.wait_for_function("() => window.told.includes('success') || window.told.includes('error')", timeout=90_000)
        assert page.evaluate("() => window.told").count("success") == 1
    assert len(trouble.done) == 4, trouble.seen
    store = open_storage("", server.folder / "media")
    key = f"uploads/{made['uploadId']}"
    eventually(lambda: store.appended(key) == file.stat().st_size)
    store.complete(key, "compared/film")
    digest = hashlib.sha256()
    for piece in store.read("compared/film"):
        digest.update(piece)
    assert digest.hexdigest() == hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def site(servers):
    made = servers()
    made.cast = made.seed()
    return made.start()


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (360, 740)])
def test_what_the_button_started_is_seen_and_followed_to_its_end(site, visit, tmp_path, width, height):
    """The button is far below the list of files. A file is not good because it came: it plays, or it says why not."""
    film = clip(tmp_path, f"film {width}.mp4", *picture("320x180", seconds=1), *H264)
    text = tmp_path / f"notes {width}.mp4"
    text.write_text("These are the notes of a film, and no film.\n" * 40)
    page = visit(site, session=site.cast.people["ada"].session, viewport={"width": width, "height": height})
    watch = Watch(page, site)
    page.goto(f"/o/acme/media/upload?workspace={site.cast.acme.workspace}")
    page.locator("#file").set_input_files([str(film), str(text)])
    button = page.get_by_role("button", name=re.compile("^Upload 2"))
    button.scroll_into_view_if_needed()
    rows = page.locator("[data-files] > li")
    button.click()
    expect(rows.first).to_be_in_viewport(ratio=1)
    assert page.evaluate("() => document.activeElement.matches('[data-files]')")
    page.keyboard.press("Tab")
    assert page.evaluate("() => !document.activeElement.matches('[data-files], body')")

    expect(rows.first.locator("[data-text]")).to_have_text("Ready: it can be watched.", timeout=60_000)
    expect(rows.first).to_have_attribute("data-state", "done")
    expect(rows.last.locator("[data-text]")).to_contain_text(re.compile("^Failed: .{10,}"), timeout=60_000)
    expect(rows.last).to_have_attribute("data-state", "failed")
    for row in (rows.first, rows.last):
        expect(row.get_by_role("link", name="Open the media")).to_have_attribute("href", re.compile("/o/acme/media/"))
        expect(row.get_by_role("button")).to_have_count(0)
    assert not watch.found
