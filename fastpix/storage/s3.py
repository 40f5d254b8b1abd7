"""The storage in an S3 bucket, of AWS or any server that speaks it, through obstore.

obstore works in threads of its own that do not survive a fork: use a storage only in the process that goes on with it.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from fastpix.errors import Missing, Refused
from fastpix.storage import keys, parts
from fastpix.storage.interface import LARGEST_WHOLE, READ_BYTES, Appender, Entry
from fastpix.storage.parts import PART, GrowingParts, Part, Slice
from fastpix.storage.work import WorkFolders, check_file, files_in

# How many requests one call has under way: four times 8 MiB are in memory at most.
AT_ONCE = 4
ALWAYS_WHOLE = "answers a request for a part of a file with all of it: films could not be played. Take another server."
# How many parts are read ahead when an object is put together from them.
AHEAD = 2


class S3Storage:
    """Objects under `prefix` of a bucket. See `interface.Storage` for what the methods promise."""

    def __init__(
        self, bucket: str, prefix: str, root: Path, *, access_key: str, secret_key: str, endpoint: str, region: str
    ) -> None:
        self._work = WorkFolders(root)
        self.work_root = self._work.work_root
        self.work_folder = self._work.work_folder
        self._bucket = bucket
        self._at = endpoint or "AWS"
        given = {"access_key_id": access_key, "secret_access_key": secret_key, "endpoint": endpoint, "region": region}
        config = {name: value for name, value in given.items() if value}

        def connect(retries: int, patience: timedelta) -> S3Store:
            return S3Store(
                bucket,
                prefix=prefix or None,
                client_options={
                    "allow_http": endpoint.startswith("http://"),
                    "connect_timeout": "5s",
                    "read_timeout": "60s",
                    # A slow viewer may take hours for a film: only silence is an error, not length.
                    "timeout": "24h",
                },
                retry_config={"max_retries": retries, "retry_timeout": patience},
                **config,  # type: ignore[arg-type]  # the names are those of S3Config
            )

        self._store = connect(5, timedelta(seconds=60))
        self._impatient = connect(1, timedelta(seconds=5))

    def local_path(self, key: str) -> Path | None:
        keys.check(key)
        return None

    def size(self, key: str) -> int:
        with self._speaking(key):
            return obstore.head(self._store, keys.check(key))["size"]

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        if start < 0 or (length is not None and length < 0):
            raise ValueError(f"cannot read {length} bytes from byte {start}")
        if length == 0:
            self.size(key)
            return iter(())
        options: obstore.GetOptions = {}
        if start or length:
            options["range"] = (start, start + length) if length else {"offset": start}
        try:
            with self._speaking(key):
                found = obstore.get(self._store, keys.check(key), options=options)
        except OSError:
            # S3 refuses a range behind the last byte, where a file is simply at its end.
            if start >= self.size(key):
                return iter(())
            raise
        return self._pieces(key, found.stream(min_chunk_size=READ_BYTES))

    def read_bytes(self, key: str) -> bytes:
        with self._speaking(key):
            found = obstore.get(self._store, keys.check(key))
            if found.meta["size"] > LARGEST_WHOLE:
                raise Refused(f"{key} has {found.meta['size']} bytes and is too large to be read at once.")
            return bytes(found.bytes())

    def write(self, key: str, pieces: bytes | Iterable[bytes]) -> int:
        keys.check(key)
        if not isinstance(pieces, bytes):
            return self._stream(key, pieces)
        with self._speaking(key):
            obstore.put(self._store, key, pieces, chunk_size=PART, max_concurrency=AT_ONCE)
        return len(pieces)

    def add_folder(self, folder: Path, prefix: str) -> int:
        keys.check(prefix)
        files = files_in(folder, prefix)
        with ThreadPoolExecutor(AT_ONCE) as several:
            for _ in several.map(lambda name: self.add_file(folder / name, f"{prefix}/{name}"), files):
                pass
        shutil.rmtree(folder)
        return sum(files.values())

    def add_file(self, path: Path, key: str) -> int:
        with self._speaking(key):
            obstore.put(self._store, keys.check(key), check_file(path), chunk_size=PART, max_concurrency=2)
        return path.stat().st_size

    def fetch(self, key: str, to: Path) -> None:
        with self._speaking(key):
            found = obstore.head(self._store, keys.check(key))
        size, tag = found["size"], found["e_tag"]
        unfinished = to.with_name(f"{to.name}.unfinished")

        with (
            self._work.removed_after(unfinished),
            unfinished.open("wb") as file,
            ThreadPoolExecutor(AT_ONCE) as several,
        ):

            def get(start: int) -> None:
                # All parts are of one and the same object, also when somebody replaces it meanwhile.
                options: obstore.GetOptions = {"range": (start, min(size, start + PART)), "if_match": tag}
                with self._speaking(key):
                    os.pwrite(file.fileno(), bytes(obstore.get(self._store, key, options=options).bytes()), start)

            for _ in several.map(get, range(0, size, PART)):
                pass
            os.replace(unfinished, to)

    @contextmanager
    def appender(self, key: str) -> Iterator[Appender]:
        def put(part: Part, data: bytes) -> None:
            with self._speaking(key):
                obstore.put(self._store, f"{keys.APPENDED}/{key}/{part.name}", data, use_multipart=False)

        growing = GrowingParts(self.appended(key), put)
        try:
            yield growing
        finally:
            growing.close()

    def appended(self, key: str) -> int:
        return parts.covered(self._parts(key))

    def complete(self, key: str, to: str) -> int:
        keys.check(to)
        slices = parts.cover(self._parts(key))
        if not slices:
            raise Missing(f"Nothing was received for {key}.")
        size = slices[-1].part.end
        if len(slices) == 1:
            with self._speaking(to):
                obstore.copy(self._store, f"{keys.APPENDED}/{key}/{slices[0].part.name}", to)
        else:
            # The bytes come here and go back: obstore cannot make one object of others inside the bucket.
            self._stream(to, self._joined(key, slices))
        self.discard(key)
        return size

    def discard(self, key: str) -> int:
        found = self._parts(key)
        with self._speaking(key):
            obstore.delete(self._store, [f"{keys.APPENDED}/{key}/{part.name}" for part in found])
        return sum(part.length for part in found)

    def list(self, prefix: str = "") -> Iterator[Entry]:
        keys.check_prefix(prefix)
        return self._list(prefix) if prefix else itertools.chain(self._work.entries(self.work_root), self._list(""))

    def delete(self, key: str) -> None:
        with self._speaking(key):
            obstore.delete(self._store, keys.check(key))

    def delete_folder(self, prefix: str) -> int:
        keys.check(prefix)
        size = 0
        found = self._list(prefix)
        while several := list(itertools.islice(found, 1000)):
            with self._speaking(prefix):
                obstore.delete(self._store, [entry.key for entry in several])
            size += sum(entry.size for entry in several)
        return size

    def delete_leftover(self, key: str) -> None:
        if keys.check_leftover(key).startswith(f"{keys.WORK}/"):
            self._work.delete_leftover(key)
        else:
            with self._speaking(key):
                obstore.delete(self._store, key)

    def check(self) -> str:
        key = f"{keys.APPENDED}/{self._work.temporary('check').name}"
        try:
            with self._speaking(key):
                obstore.put(self._impatient, key, b"fastpix", use_multipart=False)
                is_partial = self._gives_a_part(key)
                obstore.delete(self._impatient, key)
        except OSError as problem:
            return str(problem)
        return "ok" if is_partial else f"The S3 server {self._at} {ALWAYS_WHOLE}"

    def _gives_a_part(self, key: str) -> bool:
        """Whether it keeps to RFC 9110, section 14, as work on films needs it; rclone's `serve s3` does not."""
        with suppress(BaseError):
            return bytes(obstore.get(self._impatient, key, options={"range": (1, 4)}).bytes()) == b"ast"
        return False

    def free_bytes(self) -> int | None:
        return None

    def _stream(self, key: str, pieces: Iterable[bytes]) -> int:
        """Store pieces as they come.

        `obstore.put` would take them too, but it waits for the next one in a thread that all requests need.
        When the pieces break off, the object stays as it was; S3 may keep parts of the try, which cannot be seen:
        the bucket's rule for incomplete multipart uploads removes them.
        """
        size = 0
        with self._speaking(key):
            writer = obstore.open_writer(self._store, key, buffer_size=PART, max_concurrency=AT_ONCE)
        for piece in pieces:
            with self._speaking(key):
                size += writer.write(piece)
        with self._speaking(key):
            writer.close()
        return size

    def _list(self, prefix: str) -> Iterator[Entry]:
        with self._speaking(prefix):
            for several in obstore.list(self._store, prefix or None, chunk_size=1000):
                for found in several:
                    yield Entry(found["path"], found["size"], found["last_modified"])

    def _parts(self, key: str) -> Sequence[Part]:
        folder = f"{keys.APPENDED}/{keys.check(key)}"
        named = (parts.parse(entry.key.removeprefix(f"{folder}/")) for entry in self._list(folder))
        return [part for part in named if part]

    def _joined(self, key: str, slices: Sequence[Slice]) -> Iterator[bytes]:
        """The bytes of the slices in order; the next parts are on their way while one is handed on."""

        def get(slice_: Slice) -> bytes:
            with self._speaking(key):
                found = obstore.get(self._store, f"{keys.APPENDED}/{key}/{slice_.part.name}")
                return bytes(found.bytes())[slice_.skip :]

        coming: deque[Future[bytes]] = deque()
        with ThreadPoolExecutor(AHEAD) as several:
            for slice_ in slices:
                coming.append(several.submit(get, slice_))
                if len(coming) > AHEAD:
                    yield coming.popleft().result()
            while coming:
                yield coming.popleft().result()

    def _pieces(self, key: str, chunks: obstore.BytesStream) -> Iterator[bytes]:
        with self._speaking(key):
            for chunk in chunks:
                view = memoryview(chunk)
                for start in range(0, len(view), READ_BYTES):
                    yield bytes(view[start : start + READ_BYTES])

    @contextmanager
    def _speaking(self, key: str) -> Iterator[None]:
        """Say in our words what S3 answered: Missing for an object that is not there, OSError for the rest."""
        try:
            yield
        except FileNotFoundError as problem:
            if "NoSuchBucket" in str(problem):
                raise OSError(self._words(problem)) from problem
            raise Missing(f"There is no {key} in the storage.") from problem
        except BaseError as problem:
            raise OSError(self._words(problem)) from problem

    def _words(self, problem: Exception) -> str:
        text = str(problem).partition("\n")[0]
        if "NoSuchBucket" in str(problem):
            return f"There is no bucket {self._bucket} at {self._at}. Create it, or correct the storage's url."
        # A list that is refused has no error of its own.
        if isinstance(problem, PermissionDeniedError | UnauthenticatedError) or "403 Forbidden" in text:
            return (
                f"The S3 storage at {self._at} refuses our access key for the bucket {self._bucket}. "
                "Correct the access key and the secret key, and let them read, write, list and delete."
            )
        return f"The S3 storage at {self._at} does not work: {text[:300]}"
