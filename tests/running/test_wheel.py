"""What `pip install` of the wheel gives: a program that runs in an empty folder, with all that it shows and needs.

The wheel is built from the source distribution, which is built from the repository, so that both hold everything. Only
fastpix comes from the wheel; the packages it depends on are those of the tests, which `.ci/run` installs anew once.
"""

from __future__ import annotations

import re
import sys
import zipfile
from pathlib import Path

import httpx
import pytest

from tests.running import wheel as wheels
from tests.running.server import ROOT, Server


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return wheels.copy(wheels.SOURCES, tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def wheel(source, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    sdist = wheels.build("sdist", source, folder)
    pip = (sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-index", "--no-build-isolation")
    wheels.run(*pip, "-w", folder, sdist, cwd=folder)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    return wheels.install(wheel, tmp_path_factory.mktemp("environment"))


class Installed(Server):
    """`fastpix up` of that environment, from an empty folder; where the instance lies nobody says."""

    def __init__(self, environment: Path, folder: Path) -> None:
        super().__init__(folder)
        self.command, self.cwd = (str(environment / "bin" / "fastpix"),), folder
        self.log_path = folder.parent / "log"

    @property
    def environ(self) -> dict[str, str]:
        left_out = ("FASTPIX_INSTANCE_PATH", "PYTHONPATH", "VIRTUAL_ENV")
        return {name: value for name, value in super().environ.items() if name not in left_out}


@pytest.fixture
def installed(environment, tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    server = Installed(environment, folder)
    yield server
    server.stop()


def test_it_holds_what_the_repository_has_and_nothing_else(wheel):
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if not re.match(r"fastpix-[^/]+\.dist-info/", name)}
    package = {f"fastpix/{name}" for name in _files(ROOT / "fastpix")}
    migrations = {f"fastpix/migrations/{name}" for name in _files(ROOT / "migrations")}
    assert inside == package | migrations


def test_what_an_earlier_build_left_is_not_in_it(source, tmp_path):
    left = source / "build" / "lib" / "fastpix" / "deleted_since.py"
    left.parent.mkdir(parents=True)
    left.touch()
    made = wheels.build("wheel", source, tmp_path)
    assert "fastpix/deleted_since.py" not in zipfile.ZipFile(made).namelist()


def _files(folder: Path) -> set[str]:
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in files if "__pycache__" not in path.parts}


def test_it_brings_the_licence_and_takes_nothing_from_the_repository(environment):
    code = (
        "import fastpix, fastpix.app, importlib.metadata as m; print(fastpix.__file__);"
        "print(m.distribution('fastpix').read_text('licenses/LICENSE'))"
    )
    said = wheels.run(environment / "bin" / "python", "-c", code, cwd=environment)
    place, _, licence = said.partition("\n")
    assert Path(place).is_relative_to(environment)
    assert licence.strip() == (ROOT / "LICENSE").read_text().strip()


def test_it_serves_the_set_up_page_from_an_empty_folder(installed):
    installed.start()
    assert (installed.folder / "fastpix.db").exists(), "the instance is ./instance"
    assert httpx.get(f"{installed.loopback}/readyz").json()["migrations"] == "ok"
    with httpx.Client(base_url=installed.url, follow_redirects=True) as client:
        page = client.get("/")
        assert page.url.path == "/set-up" and "Set-up token" in page.text
        shown = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
        assert {client.get(path).status_code for path in shown} == {200} and len(shown) > 3
    assert installed.interrupt() == 0
    assert {path.name for path in installed.folder.parent.iterdir()} == {"instance"}
