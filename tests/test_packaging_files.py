"""What stands at the top of the repository for lawyers, packagers and whoever found a hole."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# The text at https://www.apache.org/licenses/LICENSE-2.0.txt, as Debian ships it.
APACHE = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


def test_the_licence_that_the_package_names_is_there_word_for_word():
    assert PROJECT["license"] == "Apache-2.0"
    assert hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest() == APACHE


def test_every_licence_of_what_is_carried_along_goes_with_the_package():
    shipped = {path for pattern in PROJECT["license-files"] for path in ROOT.glob(pattern)}
    vendored = {folder / "LICENSE" for folder in (ROOT / "fastpix/web/static/vendor").iterdir()}
    assert shipped == {ROOT / "LICENSE"} | vendored


def test_links_of_the_package_are_as_registries_take_them():
    for label, address in PROJECT["urls"].items():
        assert len(label) <= 32 and re.fullmatch(r"https://[a-z.]+/\S*", address), label


def test_who_found_a_hole_is_told_where_to_and_what_comes_then():
    text = (ROOT / "SECURITY.md").read_text()
    assert {"Reporting a vulnerability", "What you can expect", "Supported versions"} <= set(
        re.findall("^## (.+)$", text, re.M)
    )
    assert "in private" in text and "git log -1 --format=" in text
