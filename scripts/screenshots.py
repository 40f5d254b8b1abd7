"""Takes the README's pictures of the pages as they are today, from what `fastpix demo` fills an instance with.

    python scripts/screenshots.py        writes the PNG files of docs/pictures

Needs Chromium and playwright, as the browser tests do, and a free port for the web and one for encoders. About four minutes.
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

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs/pictures"
BROWSER = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium"))), None)
PORT, LIVE_PORT = 8791, 19391
URL = f"http://localhost:{PORT}"
HOME = "/o/harbour-films"
ADMIN = "ada@demo.example"
GUESTS = "lena.berg@harbour.example, tomas.ruiz@harbour.example, jo@harbour.example"
LISTS = (
    ("members", "/members/", 900), ("library", "/media/", 860), ("usage", "/usage/", 1080), ("audit", "/audit/", 900),
    ("review", "/access-review/", 900)
)  # fmt: skip


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
        "FASTPIX_SRT_BIND": f"127.0.0.1:{LIVE_PORT + 1}",
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
    for name, path, height in LISTS:
        page.goto(URL + HOME + path)
        take(page, name, height)
    page.goto(f"{URL}{HOME}/members/")
    page.get_by_role("link", name="Kofi Mensah", exact=True).click()
    take(page, "person", 900)
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


def of_what_is_on_air(page: Page, folder: Path) -> None:
    command = [sys.executable, "-m", "fastpix", "demo", "--on-air"]
    sending = subprocess.Popen(command, cwd=ROOT, env=environment(folder), stdout=subprocess.DEVNULL)
    try:
        page.goto(f"{URL}{HOME}/live/")
        while not page.locator("td .thumb img, th .thumb img").count():
            page.wait_for_timeout(2000)
            page.reload()
        page.goto(f"{URL}{HOME}/")
        take(page, "overview", 1180)
        page.goto(f"{URL}{HOME}/live/")
        page.get_by_role("link", name="Morning show").first.click()
        while not page.evaluate("() => document.querySelector('video')?.currentTime > 1"):
            page.wait_for_timeout(1000)
        take(page, "live", 900)
    finally:
        sending.terminate()
        sending.wait(30)


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
            of_what_is_on_air(page, filled)
        browser.close()


if __name__ == "__main__":
    main()
