"""What the browser tests look with: contexts, a watch for complaints, and forms found by their fields."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import urlsplit

# The headless shell does without the windows and menus that the whole browser draws for nobody: a third of its work.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, PROGRAMS)), None)
MISSING = "Chromium is not installed, so no browser test ran. Get it with: apt-get install chromium-headless-shell"
# A host name that is not localhost: plain http to it is no "secure context", as on an operator's own network.
PLAIN_HOST = "fastpix.test"
SECONDS = 30
AXE = (Path(__file__).parent.parent / "vendor/axe.min.js").read_text()
# `page.evaluate(RUN_AXE, part)`: everything, or "colours" alone, or "shape", which is everything but the colours.
RUN_AXE = """async (part) => {
  const contrast = "color-contrast";
  const tags = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] };
  const runOnly = part === "colours" ? { type: "rule", values: [contrast] } : tags;
  const rules = part === "colours" ? {} : { "target-size": { enabled: true }, [contrast]: { enabled: part !== "shape" } };
  const found = await axe.run({ runOnly, rules });
  if (part !== "colours" && !found.passes.length) throw new Error("axe looked at nothing");
  return found.violations.filter((v) => v.impact === "serious" || v.impact === "critical").map(
    (v) => `${v.id} (${v.impact}): ` + v.nodes.map((n) => `${n.target} ${n.failureSummary}`).join(" | "));
}"""


def new_context(chromium, server, *, session="", script=True, **options):
    context = chromium.new_context(
        base_url=server.url, java_script_enabled=script, reduced_motion="reduce", accept_downloads=True, **options
    )
    context.set_default_timeout(SECONDS * 1000)
    context.runs_scripts = script
    if session:
        context.add_cookies(
            [
                {
                    "name": f"fastpix_session_{urlsplit(server.url).port}",
                    "value": session,
                    "url": server.url,
                    "httpOnly": True,
                }
            ]
        )
    return context


class Watch:
    """What a page complained about: console errors, failed requests, requests to other hosts."""

    def __init__(self, page, server) -> None:
        self.found = []
        self.host = urlsplit(server.url).netloc
        page.on("console", self._on_console)
        page.on("pageerror", lambda problem: self.found.append(f"script: {problem}"))
        page.on("request", self._on_request)
        page.on("requestfailed", self._on_failure)

    def _on_console(self, message) -> None:
        # Of the document's own status (403, 404, 422) Chromium speaks too; that is what the page is about.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.found.append(f"console: {message.text}")

    def _on_failure(self, request) -> None:
        if request.failure != "net::ERR_ABORTED":  # the page was left before it was complete
            self.found.append(f"failed: {request.url} {request.failure}")

    def _on_request(self, request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != self.host:
            self.found.append(f"another host: {request.url}")


def send(page, field: str) -> None:
    """Press the button of the form that holds the field."""
    form = page.locator("form", has=page.locator(field))
    form.locator("button:not([type=button])").last.click()


def confirm(page, path_ends_with: str = "") -> None:
    """Press the button of the page's own form, the one in its content."""
    action = f'[action$="{path_ends_with}"]' if path_ends_with else ""
    form = page.locator(f"main form[method=post]{action}")
    form.locator("button:not([type=button])").last.click()


def load_axe(page) -> None:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)


def is_accessible(page) -> None:
    """What axe-core, a script, says of a page as it is now. In both schemes, wide and narrow: `test_accessibility.py`."""
    if not page.context.runs_scripts:
        return
    page.wait_for_load_state()
    load_axe(page)
    found = page.evaluate(RUN_AXE)
    assert not found, f"{page.url}: {found}"
