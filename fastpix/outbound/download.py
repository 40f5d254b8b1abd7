"""Downloads from addresses that strangers gave us: only from the public internet, and never more or longer than allowed."""

from __future__ import annotations

import http.client
import ipaddress
import re
import ssl
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from time import monotonic
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from fastpix import hostnames
from fastpix.errors import Refused
from fastpix.outbound import public_address
from fastpix.outbound.connect import AS_IT_IS, Connector, Patience, PatientSocket, TookTooLong, Unresolved, ask, port_of

READ_BYTES = 256 * 1024
MAX_REDIRECTS = 5
CONNECT_SECONDS = 10.0
# The longest silence of a server in the middle of an answer.
READ_SECONDS = 30.0
# Answers that another try may change: time-outs, too many requests, trouble of the server. All others stay as they are.
TEMPORARY = frozenset({408, 421, 425, 429, 500, 502, 503, 504})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
NAME = re.compile(r"[a-z0-9._-]+")


class FetchFailed(Refused):
    """The download did not work. `is_permanent`: trying again cannot help."""

    def __init__(self, message: str, is_permanent: bool) -> None:
        super().__init__(message)
        self.is_permanent = is_permanent


class FetchStopped(FetchFailed):
    """`should_stop` said so; another try may begin anew."""

    def __init__(self) -> None:
        super().__init__("The download was stopped before its end.", is_permanent=False)


@dataclass(frozen=True)
class Fetched:
    """What came: bytes, and what the server said of them. Both texts may be empty and are a stranger's words."""

    size: int
    content_type: str
    file_name: str


def _nothing(_done: int, _total: int | None) -> None: ...


def fetch(
    url: str,
    receive: Callable[[bytes], object],
    *,
    allow_private: bool,
    max_bytes: int,
    max_seconds: float,
    on_progress: Callable[[int, int | None], object] = _nothing,
    should_stop: Callable[[], bool] = lambda: False,
    resolve: public_address.Resolve = public_address.resolve,
    context: ssl.SSLContext | None = None,
) -> Fetched:
    """Download `url` (http or https) and hand its pieces, of at most 256 KiB, to `receive`.

    `on_progress` gets the bytes so far and the announced total, None if there is none; `should_stop` is asked at least
    once a second. `max_seconds` counts from the first connection to the last byte, over all redirects. `context` is
    for servers whose certificates no public authority signed.
    Raises FetchFailed with a sentence for the person who gave the address; what `receive` raises goes through.
    """
    patience = Patience(monotonic() + max_seconds, READ_SECONDS, should_stop)
    connector = Connector(patience, CONNECT_SECONDS, allow_private, resolve, context or ssl.create_default_context())
    download = _Download(connector, max_bytes)
    try:
        return download.run(_parsed(url), receive, on_progress)
    except TookTooLong as slow:
        if slow.is_stopped:
            raise FetchStopped from None
        if monotonic() >= patience.deadline:
            raise FetchFailed(f"The download took longer than the {_time(max_seconds)} it may take.", True) from None
        raise FetchFailed("The server stopped sending in the middle. Try again.", False) from None


@dataclass
class _Download:
    """One download over all its redirects."""

    connector: Connector
    max_bytes: int

    def run(
        self, url: SplitResult, receive: Callable[[bytes], object], on_progress: Callable[[int, int | None], object]
    ) -> Fetched:
        first = url
        for _ in range(MAX_REDIRECTS + 1):
            # Who gets a password is said by the person who gave the address, never by a server on the way.
            credentials = _credentials(first) if _origin(url) == _origin(first) else {}
            with self._connect(url) as connected:
                response = self._ask(connected, url, credentials)
                if response.status not in REDIRECTS:
                    return self._receive(url, response, receive, on_progress)
                url = _target(url, response)
        raise FetchFailed(f"The address redirects more than {MAX_REDIRECTS} times. Give the last one.", True)

    def _connect(self, url: SplitResult) -> PatientSocket:
        host = url.hostname
        try:
            return self.connector.connect(url)
        except Refused as refused:
            raise FetchFailed(str(refused), True) from None
        except Unresolved as problem:
            raise FetchFailed(f"There is no server called {host}. Check the address.", problem.is_permanent) from None
        except UnicodeError:
            raise FetchFailed(f"{host} is no name of a server. Check the address.", True) from None
        except ssl.SSLCertVerificationError as wrong:
            raise FetchFailed(f"{host} has no valid certificate: {wrong.verify_message}.", True) from None
        except OSError as problem:
            raise FetchFailed(f"{host} cannot be reached: {_reason(problem)}. Try again later.", False) from problem

    def _ask(self, connected: PatientSocket, url: SplitResult, credentials: dict[str, str]) -> http.client.HTTPResponse:
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        try:
            return ask(connected, "GET", url, headers | credentials)
        except (OSError, http.client.HTTPException) as problem:
            raise FetchFailed(
                f"{url.hostname} gave no proper answer: {_reason(problem)}. Try again later.", False
            ) from problem

    def _receive(
        self,
        url: SplitResult,
        response: http.client.HTTPResponse,
        receive: Callable[[bytes], object],
        on_progress: Callable[[int, int | None], object],
    ) -> Fetched:
        if response.status != 200:
            words = f"{response.status} {http.client.responses.get(response.status, '')}".strip()
            raise FetchFailed(f"{url.hostname} answered {words}. Check the address.", response.status not in TEMPORARY)
        if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
            raise FetchFailed(f"{url.hostname} sent a compressed answer, which was not asked for.", True)
        total, size = response.length, 0
        self._check_size(total or 0)
        on_progress(0, total)
        while piece := _read(url, response):
            size += len(piece)
            self._check_size(size)
            receive(piece)
            on_progress(size, total)
        if not size and not total:
            # An answer that breaks off in its headers announces no end; one that does is a file without a byte.
            is_whole = total == 0 or response.chunked
            advice = "Check the address" if is_whole else "Try again later"
            raise FetchFailed(f"{url.hostname} sent nothing: a file of 0 bytes. {advice}.", is_whole)
        if total is not None and size < total:
            raise FetchFailed(f"{url.hostname} closed the connection after {size} of {total} bytes. Try again.", False)
        content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()[:100]
        return Fetched(size, content_type, _file_name(url, response))

    def _check_size(self, size: int) -> None:
        if size > self.max_bytes:
            raise FetchFailed(f"The file is larger than the {_amount(self.max_bytes)} it may have.", True)


def _read(url: SplitResult, response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read1(READ_BYTES)
    except (OSError, http.client.HTTPException) as problem:
        raise FetchFailed(f"{url.hostname} broke off in the middle: {_reason(problem)}. Try again.", False) from problem


def _parsed(url: str) -> SplitResult:
    try:
        # Spaces and letters beyond ASCII are what people paste; line breaks would be a second header.
        parts = urlsplit(quote(url.strip(), safe=AS_IT_IS))
        port = f":{parts.port}" if parts.port else ""
        host = _host(parts.hostname or "")
    except ValueError:
        raise FetchFailed("This is no address of a file. Give one that starts with https://.", True) from None
    if parts.scheme not in ("http", "https"):
        raise FetchFailed("Only addresses that start with https:// or http:// can be fetched.", True)
    user, at, _ = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}{at}{host}{port}")


def _host(text: str) -> str:
    """The host as it stands in a URL, in ASCII. Raises ValueError for what can be no host."""
    if ":" in text:
        if "%" in text:
            raise ValueError(text)  # the name of an interface of this machine
        return f"[{ipaddress.IPv6Address(text)}]"
    host = hostnames.in_ascii(unquote(text))
    if not NAME.fullmatch(host):
        raise ValueError(text)
    return host


def _target(url: SplitResult, response: http.client.HTTPResponse) -> SplitResult:
    location = response.headers.get("Location")
    if not location:
        raise FetchFailed(f"{url.hostname} redirects to nowhere. Check the address.", True)
    # http.client reads headers as Latin-1; servers that do not encode send UTF-8.
    return _parsed(urljoin(url.geturl(), quote(location.encode("latin-1"), safe=AS_IT_IS)))


def _origin(url: SplitResult) -> tuple[str, str | None, int]:
    return url.scheme, url.hostname, port_of(url)


def _credentials(url: SplitResult) -> dict[str, str]:
    if url.username is None:
        return {}
    both = f"{unquote(url.username)}:{unquote(url.password or '')}"
    return {"Authorization": f"Basic {b64encode(both.encode()).decode()}"}


def _file_name(url: SplitResult, response: http.client.HTTPResponse) -> str:
    """The last segment of what the server or else the URL calls the file, without what no file name has."""
    name = response.headers.get_filename() or unquote(url.path)
    name = PurePosixPath(name.replace("\\", "/")).name
    return "".join(character for character in name if character.isprintable())[:255].strip()


def _reason(problem: Exception) -> str:
    if isinstance(problem, ssl.SSLError):
        return "no encrypted connection could be made"
    if isinstance(problem, TimeoutError):
        return "it did not answer in time"
    if isinstance(problem, OSError):
        return (problem.strerror or "the connection broke").lower()
    return "it does not speak HTTP as it should"


def _amount(size: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.4g} {unit}"
        size /= 1000
    return f"{size:.4g} GB"


def _time(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.4g} seconds"
