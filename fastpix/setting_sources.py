"""Where the values of settings come from: the environment, files of secrets, and `settings.toml` of the instance.

`FASTPIX_<NAME>` in the environment counts first, then `settings.toml` in the instance folder, then the default. A
secret may also be given as `FASTPIX_<NAME>_FILE`, the path of a file that holds it. Unknown names and nonsense values
stop the start with one line. Which settings there are is not known here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import Field
from pathlib import Path
from typing import Any

from fastpix.errors import Misconfigured

PREFIX = "FASTPIX_"
# Client tools (FastPix's own SDK among them) read their credentials from these names: they are not ours.
FOREIGN = frozenset({"FASTPIX_USERNAME", "FASTPIX_PASSWORD", "FASTPIX_SECURITY", "FASTPIX_SERVER_URL"})

Known = dict[str, Field[Any]]


def read(fields: Sequence[Field[Any]], environ: Mapping[str, str], instance: Path) -> dict[str, Any]:
    """The values that were given, by name; `instance` is the folder where none is given. Raises `Misconfigured`."""
    known = {field.name: field for field in fields}
    given = _from_environment(known, environ)
    if "instance_path" in given:
        instance = _parse(known, "instance_path", given["instance_path"])
    for name, text in _from_file(known, instance / "settings.toml").items():
        given.setdefault(name, text)
    return {name: _parse(known, name, text) for name, text in given.items()}


def _from_environment(known: Known, environ: Mapping[str, str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for key, text in environ.items():
        if not key.startswith(PREFIX) or key in FOREIGN:
            continue
        name = key.removeprefix(PREFIX).lower()
        if name.endswith("_file") and (field := known.get(name.removesuffix("_file"))) and field.metadata["secret"]:
            given[field.name] = _read_secret(key, Path(text))
        elif name in known:
            given[name] = text
        else:
            raise Misconfigured(f"{key} is not a setting of fastpix. `fastpix settings` lists them all.")
    return given


def _read_secret(key: str, path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError as problem:
        raise Misconfigured(f"{key}: cannot read {path}: {problem.strerror}.") from None


def _from_file(known: Known, path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    try:
        table = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as problem:
        raise Misconfigured(f"{path}: {problem}.") from None
    for name in table:
        if name not in known:
            raise Misconfigured(f"{path}: {name} is not a setting of fastpix. `fastpix settings` lists them all.")
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in table.items()}


def _parse(known: Known, name: str, text: str) -> Any:
    try:
        return known[name].metadata["parse"](text)
    except ValueError as problem:
        shown = "(not shown)" if known[name].metadata["secret"] else repr(text)
        raise Misconfigured(f"{PREFIX}{name.upper()}={shown}: {problem}.") from None
