"""Where the values of settings come from: the environment, files of secrets, and `settings.toml` of the instance.

`FASTPIX_<NAME>` in the environment counts first, then `settings.toml` in the instance folder, then the default. A
secret may also be given as `FASTPIX_<NAME>_FILE`, the path of a file that holds it. Unknown names and nonsense values
stop the start with one line. Which settings there are is not known here.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import Field
from pathlib import Path
from typing import Any

from fastpix.errors import Misconfigured

PREFIX = "FASTPIX_"
# Client tools (FastPix's own SDK among them) read their credentials from these names: they are not ours.
FOREIGN = frozenset({"FASTPIX_USERNAME", "FASTPIX_PASSWORD", "FASTPIX_SECURITY", "FASTPIX_SERVER_URL"})
# Of a value that is refused.
MOST_SHOWN = 200

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
            given[field.name] = _read_secret(key, text)
        elif name in known:
            given[name] = text
        else:
            raise Misconfigured(f"{_printable(key)} is not a setting of fastpix. `fastpix settings` lists them all.")
    return given


def _read_secret(key: str, path: str) -> str:
    # Where it should lie stays unsaid: some give the secret itself in place of the path.
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except UnicodeError:
        raise Misconfigured(f"{key}: the file it names is not UTF-8 text. Write it anew.") from None
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "it is no path"
        raise Misconfigured(
            f"{key}: cannot read the file it names: {reason}. Give its path, and let fastpix read it."
        ) from None


def _from_file(known: Known, path: Path) -> dict[str, str]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except tomllib.TOMLDecodeError as problem:
        # Its own words may hold a character of a secret.
        place = re.search(r"\(at .*\)$", str(problem))
        raise Misconfigured(
            f'{path} is not TOML {place[0] if place else ""}. Write lines such as name = "value".'
        ) from None
    except UnicodeError:
        raise Misconfigured(f"{path} is not UTF-8 text. Save it as UTF-8.") from None
    except OSError as problem:
        raise Misconfigured(
            f"{path} cannot be read: {problem.strerror}. Let the user that runs fastpix read it."
        ) from None
    for name, value in table.items():
        if name not in known:
            raise Misconfigured(
                f"{path}: {_printable(name)} is not a setting of fastpix. `fastpix settings` lists them all."
            )
        if not isinstance(value, str | bool | int):
            raise Misconfigured(f"{path}: {name}: give text in quotation marks, a whole number, or true or false.")
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in table.items()}


def _parse(known: Known, name: str, text: str) -> Any:
    field = known[name]
    try:
        if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text.strip()):
            raise ValueError("it holds a line break, a control character or what is not UTF-8; leave that out")
        return field.metadata["parse"](text)
    except ValueError as problem:
        # An address with an @ may hold a password, wherever it was put by mistake.
        is_hidden = field.metadata["secret"] or ("@" in text and (":" in text or name != "mail_from"))
        shown = "(not shown)" if is_hidden else _printable(repr(text))
        raise Misconfigured(f"{PREFIX}{name.upper()}={shown}: {problem}.") from None


def _printable(text: str) -> str:
    """Short, and in one line of what every terminal shows."""
    short = text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
    return "".join(character if character.isprintable() else "?" for character in short)
