"""Takes the README's pictures of the pages as they are today, from what `fastpix demo` fills an instance with.

    python scripts/screenshots.py        writes the PNG files of docs/pictures

Needs Chromium and playwright, as the browser tests do, and a free port for the web and one for encoders. About two minutes.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from fastpix.video import tools

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs/pictures"
BROWSER = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium"))), None)
PORT, LIVE_PORT = 8791, 19391
URL = f"http://localhost:{PORT}"
HOME = "/o/harbour-films"
ADMIN = "ada@demo.example"
GUESTS = "lena.berg@harbour.example, tomas.ruiz@harbour.example, jo@harbour.example"
ON_AIR_SECONDS = 14


@contextmanager
def program(folder: Path) -> Iterator[None]:
    """`fastpix up` on an instance in this folder."""
    command = [sys.executable, "-m", "fastpix", "up"]
    running = subprocess.Popen(
        command, cwd=ROOT, env=environment(folder), stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    )
    try:
        wait_until_ready()
        yield
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(60)


def environment(folder: Path) -> dict[str, str]:
    ours = {
        "FASTPIX_INSTANCE_PATH": str(folder),
        "FASTPIX_BIND": f"127.0.0.1:{PORT}",
        "FASTPIX_PUBLIC_URL": URL,
        "FASTPIX_LIVE_BIND": f"127.0.0.1:{LIVE_PORT}",
    }
    return {name: value for name, value in os.environ.items() if not name.startswith("FASTPIX_")} | ours


def wait_until_ready() -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"{URL}/readyz") as answer:  # our own server, at a fixed address
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("fastpix up was not ready within a minute.")


def demo_password(folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "fastpix", "demo"],
        cwd=ROOT, env=environment(folder), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return re.findall(r"password is (\S+)\.", done.stdout)[0]


def take(page: Page, name: str, height: int, *, whole: bool = False) -> None:
    page.set_viewport_size({"width": 1280, "height": height})
    page.wait_for_function("[...document.images].every((image) => image.complete)")
    page.screenshot(path=PICTURES / f"{name}.png", full_page=whole)
    print(f"docs/pictures/{name}.png")


def of_the_set_up(page: Page) -> None:
    page.goto(URL)
    take(page, "set-up", 1170)


def of_the_demo(page: Page, password: str) -> None:
    page.goto(f"{URL}/sign-in")
    page.fill("#email", ADMIN)
    page.fill("#password", password)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{HOME}/")
    for name, path, height in (("members", "/members/", 900), ("library", "/media/", 860), ("usage", "/usage/", 1080)):
        page.goto(URL + HOME + path)
        take(page, name, height)
    page.goto(f"{URL}{HOME}/access")
    take(page, "access", 900, whole=True)
    page.goto(f"{URL}{HOME}/media/")
    page.get_by_role("link", name="Dusk over the harbour").first.click()
    page.wait_for_load_state("networkidle")
    take(page, "media", 1040)
    page.goto(f"{URL}{HOME}/members/invitations/new")
    page.fill("#emails", GUESTS)
    page.locator("input[name=role][value=member]").check()
    page.get_by_role("main").get_by_role("button", name="Invite", exact=True).click()
    page.get_by_label("All links").wait_for()
    take(page, "invited", 900)
    of_a_stream(page)


def of_a_stream(page: Page) -> None:
    page.goto(f"{URL}{HOME}/live/")
    page.get_by_role("link", name="Morning show").first.click()
    key = page.locator("#stream-key").input_value()
    source = ("-re", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30", "-f", "lavfi", "-i", "sine=frequency=440")
    coded = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "60", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv")
    where = f"rtmp://127.0.0.1:{LIVE_PORT}/live/{key}"
    encoder = subprocess.Popen([tools.ffmpeg(), "-v", "error", *source, *coded, where], stdin=subprocess.DEVNULL)
    try:
        time.sleep(ON_AIR_SECONDS)
        page.reload()
        page.wait_for_timeout(4000)
        take(page, "live", 900)
    finally:
        encoder.terminate()
        encoder.wait(30)


def main() -> None:
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as work:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
        with program(Path(work) / "instance"):
            of_the_set_up(page)
        filled = Path(work) / "demo"
        password = demo_password(filled)
        with program(filled):
            of_the_demo(page, password)
        browser.close()


if __name__ == "__main__":
    main()
