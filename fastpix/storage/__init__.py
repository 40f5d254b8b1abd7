"""Where the bytes of media are kept: on the local disk or in an S3 bucket, behind one interface."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from fastpix.errors import Misconfigured
from fastpix.storage import keys
from fastpix.storage.interface import Appender, Entry, Storage
from fastpix.storage.local import LocalStorage

__all__ = ["Appender", "Entry", "Storage", "open_storage"]

WAYS = "Give nothing for the local disk, file:///path/of/a/folder, or s3://bucket/prefix."
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
NO_NAME = "has no name that a bucket can have: give 3 to 63 small letters, digits, hyphens and dots, first and last a letter or digit."
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def open_storage(
    url: str, root: Path, *, access_key: str = "", secret_key: str = "", endpoint: str = "", region: str = ""
) -> Storage:
    """The storage at `url`: empty is the local disk at `root`, else `file:///path` or `s3://bucket/prefix`.

    `root` also holds the folders in which work is done while the bytes are in S3. The keys, the endpoint (empty: AWS)
    and the region count for S3 alone; without keys the usual places of AWS are asked (environment, instance role).
    Opening talks to nobody: `check()` does. Raises Misconfigured for a url that is none of these.
    """
    parts = urlsplit(url)
    if not url:
        return LocalStorage(root)
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        return LocalStorage(Path(unquote(parts.path)))
    if parts.scheme != "s3":
        raise Misconfigured(f"The storage {_without_password(url)} is of no known kind. {WAYS}")
    prefix = parts.path.strip("/")
    try:
        keys.check_prefix(prefix)
    except ValueError as wrong:
        raise Misconfigured(f"The prefix of the storage cannot be used: {wrong}.") from wrong
    if not parts.netloc:
        raise Misconfigured(f"The storage {url} names no bucket. {WAYS}")
    if not BUCKET.fullmatch(parts.netloc):
        raise Misconfigured(f"The storage {_without_password(url)} {NO_NAME} {WAYS}")
    from fastpix.storage.s3 import S3Storage  # with a library of 20 MB in memory, for whoever has a bucket

    return S3Storage(
        parts.netloc,
        prefix,
        root,
        access_key=access_key,
        secret_key=secret_key,
        endpoint=endpoint,
        region=region or "us-east-1",
    )


def _without_password(url: str) -> str:
    # Somebody may have put the keys into the url; the message ends up in a log.
    return re.sub(r"//[^/]*@", "//…@", url)
