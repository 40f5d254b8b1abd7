"""What is shipped for containers and supervisors, held against the code: what linters cannot see. `.ci/run` lints them.

Building the image and starting the containers needs a Docker daemon and is not done here.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from fastpix.cli import group
from fastpix.config import settings
from fastpix.errors import Misconfigured
from tests import nginx
from tests.nginx import SHIPPED, replaced
from tests.running import wheel as wheels

ROOT = SHIPPED.parent.parent
UNITS = sorted((SHIPPED / "systemd").glob("*.service"))
SYSTEMD = shutil.which("systemd-analyze")
# What ffmpeg's jail and the serving of files need of the kernel (video/launch.py, video/child.py, delivery/files.py).
CALLS = {"unshare", "pidfd_open", "setpriority", "prlimit64", "sendfile", "prctl", "wait4"}
# The kernel's numbers for the two namespaces that video/launch.py asks for are in systemd's option by name.
NAMESPACES = {"user", "net"}


def option(unit, name):
    return re.findall(rf"^{name}=(.*)$", unit.read_text(), re.MULTILINE)


@pytest.mark.skipif(SYSTEMD is None, reason="needs systemd-analyze: apt-get install systemd")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_is_what_systemd_understands_and_locks_much_away(unit, tmp_path):
    text = replaced(unit.read_text(), {r"ExecStart=/opt/fastpix/\.venv/bin/fastpix": f"ExecStart={sys.executable}"})
    path = tmp_path / unit.name
    path.write_text(text)
    done = subprocess.run([SYSTEMD, "verify", "--man=no", str(path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    told = subprocess.run([SYSTEMD, "security", "--offline=yes", "--threshold=25", str(path)], capture_output=True)
    assert told.returncode == 0, told.stdout.decode()[-200:]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_starts_a_command_that_there_is_on_the_instance_it_may_write(unit):
    (started,) = option(unit, "ExecStart")
    assert started.rpartition(" ")[2] in group.main.commands
    assert option(unit, "Environment") == ["FASTPIX_INSTANCE_PATH=/var/lib/fastpix"]
    assert option(unit, "StateDirectory") == ["fastpix"]
    assert set(*(text.split() for text in option(unit, "RestrictNamespaces"))) == NAMESPACES


@pytest.mark.skipif(SYSTEMD is None, reason="needs systemd-analyze: apt-get install systemd")
def test_what_ffmpegs_jail_asks_of_the_kernel_is_allowed_in_the_units():
    allowed, todo = set(), ["@system-service"]
    while todo:
        said = subprocess.run([SYSTEMD, "syscall-filter", todo.pop()], capture_output=True, text=True, check=True)
        names = [line.strip() for line in said.stdout.splitlines()[1:] if not line.strip().startswith("#")]
        allowed.update(name for name in names if not name.startswith("@"))
        todo += [name for name in names if name.startswith("@")]
    assert allowed >= CALLS


@pytest.mark.full("copies the repository and starts it")
def test_the_files_that_the_image_gets_are_enough_to_run(tmp_path):
    """COPY brings less than the repository has: as much must do, and .dockerignore must let it through."""
    text = (ROOT / "Dockerfile").read_text()
    wanted = {name for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE) for name in line.split()}
    let_through = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    for name in wanted:
        assert (ROOT / name).exists(), name
        assert any(name == given or name.startswith(f"{given}/") for given in let_through), name
    source, environment = tmp_path / "source", tmp_path / "environment"
    source.mkdir(), environment.mkdir()
    made = wheels.build("wheel", wheels.copy(wanted & {*wheels.SOURCES}, source), tmp_path)
    program = wheels.install(made, environment) / "bin" / "fastpix"
    wheels.run(program, "upgrade", cwd=environment, FASTPIX_INSTANCE_PATH=str(tmp_path / "data"))
    assert (tmp_path / "data/setup_token").exists(), "whoever starts the parts alone needs it too"


def test_the_image_installs_by_the_lock_and_runs_as_nobody_special():
    text = (ROOT / "Dockerfile").read_text()
    assert "pip install --require-hashes -r requirements.lock" in text
    assert "pip wheel --no-deps -w /wheels ." in text and "pip install --no-deps --no-index /wheels/*.whl" in text
    *_, last = re.findall(r"^FROM \S+ AS fastpix\n(.*?)(?=^FROM )", text, re.MULTILINE | re.DOTALL)
    assert re.search(r"^USER 10001$", last, re.MULTILINE) and "HEALTHCHECK" in last and "/healthz" in last
    for name in re.findall(r"FASTPIX_[A-Z_]+(?==)", last):
        assert name.removeprefix("FASTPIX_").lower() in {field.name for field in settings.SETTINGS}


def compose(values):
    """compose.yaml as compose reads it: `${NAME:-default}` for unset or empty, `${NAME-default}` for unset."""

    def value(found):
        name, sign, default = found.groups()
        given = values.get(name)
        return default if given is None or (sign == ":-" and not given) else given

    def filled(part):
        if isinstance(part, dict):
            return {name: filled(each) for name, each in part.items()}
        if isinstance(part, list):
            return [filled(each) for each in part]
        return re.sub(r"\$\{(\w+)(:?-)([^}]*)\}", value, part) if isinstance(part, str) else part

    return filled(yaml.safe_load((ROOT / "compose.yaml").read_text()))["services"]


def env_file():
    lines = (SHIPPED / "full.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_without_a_word_there_is_one_service_with_one_volume():
    alone = {name: service for name, service in compose({}).items() if "profiles" not in service}
    assert list(alone) == ["fastpix"] and alone["fastpix"]["scale"] == "1"
    assert alone["fastpix"]["volumes"] == ["data:/data"]
    given = settings.load(alone["fastpix"]["environment"])
    assert given.public_url == "http://localhost:8000" and not given.database_url


def test_the_grown_services_have_settings_that_fastpix_takes_and_commands_that_there_are():
    values = {name: re.sub("CHANGE-ME", "as-the-operator-makes-one", text) for name, text in env_file().items()}
    services = compose(values)
    assert values["COMPOSE_PROFILES"] == "full" and services["fastpix"]["scale"] == "0"
    seen = set()
    for name in ("upgrade", "web", "worker", "live"):
        service = services[name]
        assert service["profiles"] == ["full"] and service["command"][0] in group.main.commands
        given = settings.load(service["environment"])
        seen.add((given.secret_key, given.database_url, given.redis_url, given.storage_url, given.public_url))
        assert given.storage_secret_key == values["FASTPIX_STORAGE_SECRET_KEY"] and given.redis_url
    assert len(seen) == 1, "all of them mean the same instance"
    assert services["live"]["environment"]["FASTPIX_LIVE_CALLBACKS"] == "127.0.0.1:1936"
    assert services["nginx"]["network_mode"] == "service:live", "nginx asks on loopback"


def test_secrets_of_the_example_are_not_taken_for_real_ones():
    values = env_file()
    unchanged = [name for name, text in values.items() if re.search("KEY|PASSWORD", name) and "CHANGE-ME" not in text]
    assert unchanged == ["FASTPIX_STORAGE_ACCESS_KEY"], "a name, not a secret"
    for name in ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "FASTPIX_STORAGE_SECRET_KEY"):
        own = {other: text.replace("CHANGE-ME", "as-the-operator-makes-one") for other, text in values.items()}
        with pytest.raises(Misconfigured, match="stands in an example"):
            settings.load(compose(own | {name: values[name]})["web"]["environment"])


@pytest.mark.skipif(nginx.is_missing, reason=nginx.MISSING)
def test_nginx_of_the_containers_takes_its_configuration(tmp_path):
    for name in ("nginx-rtmp.conf", "fastpix-locations.conf"):
        shutil.copy(SHIPPED / name, tmp_path)
    changes = {
        r"/tmp/(?=\w)": f"{tmp_path}/",
        r"/etc/nginx/(?=nginx-rtmp|fastpix)": f"{tmp_path}/",
        r"web:8000": "127.0.0.1:8000",
        r"/dev/stderr": "stderr",
    }
    text = replaced((SHIPPED / "nginx-compose.conf").read_text(), changes)
    path = tmp_path / "nginx.conf"
    path.write_text(text)
    done = subprocess.run([str(nginx.PROGRAM), "-t", "-q", "-c", str(path)], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr


def test_the_folder_of_media_is_the_same_in_all_files():
    """nginx's alias is the media folder of the instance that the units and the containers have."""
    alias = re.search(r"alias (\S+);", (SHIPPED / "fastpix-locations.conf").read_text())[1]
    assert Path(alias) == Path("/var/lib/fastpix/media")
    services = compose({})
    assert services["nginx"]["volumes"] == ["data:/var/lib/fastpix:ro"]
    assert services["web"]["environment"]["FASTPIX_ACCEL_PREFIX"] == "/_fastpix_media/"
