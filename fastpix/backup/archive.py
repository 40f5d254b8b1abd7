"""The file a backup is: a tar with a header first and a list of SHA-256 sums last, so that any damage is found."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from fastpix.errors import Refused

FORMAT = 1
HEADER, SUMS = "backup.json", "sums.json"
MEDIA = "media/"
_PIECE = 1 << 20


class Writer:
    """Adds members one after the other, and at the end of its block the list of sums, which alone it holds in memory."""

    def __init__(self, file: IO[bytes], header: dict[str, Any]) -> None:
        self._tar = tarfile.TarFile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT)
        self._sums: dict[str, str] = {}
        self.add_bytes(HEADER, json.dumps({"format": FORMAT, **header}, indent=1).encode())

    def add_bytes(self, name: str, data: bytes) -> None:
        self._add(name, io.BytesIO(data), len(data))

    def add_file(self, name: str, path: Path) -> None:
        """As long as the file is now: an upload that goes on meanwhile is cut at this moment."""
        with path.open("rb") as file:
            self._add(name, file, os.fstat(file.fileno()).st_size)

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, problem: type[BaseException] | None, *_: object) -> None:
        if problem is None:
            self.add_bytes(SUMS, json.dumps(self._sums).encode())
            self._tar.close()
        else:  # the file is thrown away; its stream must not be found open, and written to, when it is collected
            self._tar.fileobj.close()

    def _add(self, name: str, file: IO[bytes], size: int) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        hashing = _Hashing(file)
        self._tar.addfile(member, hashing)
        self._sums[name] = hashing.hexdigest()


class _Hashing(io.RawIOBase):
    """Reads through, and sums up what was read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._sum = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._sum.update(data)
        return data

    def hexdigest(self) -> str:
        return self._sum.hexdigest()


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file only its owner may read, which has its name when it is complete and on the disk. Raises `Refused`."""
    if path.exists():
        raise Refused(f"{path} exists already. Name another file; a backup never replaces one.")
    part = path.with_name(path.name + ".part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    except OSError as problem:
        raise Refused(f"{path} cannot be written: {problem.strerror or problem}.") from problem
    finally:
        part.unlink(missing_ok=True)


def read_header(path: Path) -> dict[str, Any]:
    """What the backup says of itself. Raises `Refused` for what is none, or one of a later format."""
    with _opened(path) as tar:
        member = tar.next()
        if member is None or member.name != HEADER:
            raise Refused(f"{path} is not a backup of fastpix.")
        header: dict[str, Any] = json.loads(_content(tar, member))
    if header["format"] > FORMAT:
        raise Refused(f"{path} was made by a newer fastpix ({header['version']}). Install that version to restore it.")
    return header


def unpack(path: Path, folder: Path) -> None:
    """All members as files of `folder`, each compared with its sum. Raises `Refused` where anything is amiss."""
    seen: dict[str, str] = {}
    sums: dict[str, str] | None = None
    with _opened(path) as tar:
        for member in tar:
            if member.name == SUMS:
                sums = json.loads(_content(tar, member))
                break
            seen[member.name] = _write(tar, member, folder / _safe(member, path))
    if sums is None:
        raise Refused(f"{path} is cut off: its end is missing. Nothing was restored.")
    if wrong := sorted(name for name in seen.keys() | sums if seen.get(name) != sums.get(name)):
        raise Refused(f"{path} is damaged ({', '.join(wrong[:3])}). Nothing was restored.")


def _safe(member: tarfile.TarInfo, path: Path) -> str:
    if not member.isreg() or member.name.startswith("/") or ".." in member.name.split("/"):
        raise Refused(f"{path} holds {member.name!r}, which no backup does. Nothing was restored.")
    return member.name


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, to: Path) -> str:
    to.parent.mkdir(parents=True, exist_ok=True)
    said = hashlib.sha256()
    with to.open("xb") as out:
        to.chmod(0o600)
        file = tar.extractfile(member)
        while piece := file.read(_PIECE) if file else b"":
            said.update(piece)
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    return said.hexdigest()


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    return file.read() if file else b""


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(path, mode="r|") as tar:
            yield tar
    except FileNotFoundError:
        raise Refused(f"There is no file {path}.") from None
    except (tarfile.TarError, EOFError, ValueError, KeyError) as problem:
        raise Refused(f"{path} cannot be read as a backup of fastpix ({problem}). Nothing was restored.") from problem
