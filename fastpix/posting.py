"""POST to an address that a stranger gave us: only on the public internet, one answer, no redirect, and not for long."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from urllib.parse import SplitResult, urlsplit

from fastpix import addresses
from fastpix.errors import Refused
from fastpix.patient_socket import Patience, PatientSocket, TookTooLong

# As much of an answer as is read.
MOST_ANSWER = 4096


@dataclass(frozen=True)
class Answered:
    """The server's answer: its status, and the first bytes of its body, which are a stranger's words."""

    status: int
    body: bytes


class NotPosted(Refused):
    """No answer came; the message says why, for the person who gave the address."""


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    allow_private: bool,
    seconds: float,
    resolve: addresses.Resolve = addresses.resolve,
    context: ssl.SSLContext | None = None,
) -> Answered:
    """Send `body` to `url` (http or https, in ASCII) and read the answer; a redirect is an answer, too.

    `seconds` counts from the connection to the last byte read. `context` is for servers whose certificates no public
    authority signed. Raises NotPosted; so it does for a target that is not public, unless `allow_private`.
    """
    parts = urlsplit(url)
    patience = Patience(monotonic() + seconds, seconds, lambda: False)
    try:
        with _connect(parts, patience, allow_private, resolve, context) as connected:
            return _ask(connected, parts, body, headers)
    except TookTooLong:
        raise NotPosted(f"There was no answer within {seconds:g} seconds.") from None
    except TimeoutError:
        raise NotPosted("The server did not answer in time.") from None
    except ssl.SSLCertVerificationError as wrong:
        raise NotPosted(f"The server has no valid certificate: {wrong.verify_message}.") from None
    except ssl.SSLError:
        raise NotPosted("No encrypted connection could be made.") from None
    except OSError as problem:
        raise NotPosted(f"The server cannot be reached: {problem.strerror or 'no connection'}.") from None
    except (http.client.HTTPException, ValueError):
        raise NotPosted("The server gave no proper answer.") from None


def port_of(url: SplitResult) -> int:
    """The port a URL means. Raises ValueError for one that is no port."""
    return url.port or (443 if url.scheme == "https" else 80)


def _connect(
    url: SplitResult,
    patience: Patience,
    allow_private: bool,
    resolve: addresses.Resolve,
    context: ssl.SSLContext | None,
) -> PatientSocket:
    """Connect to an address that was checked, and to none that a second look-up of the name might give."""
    host, port = str(url.hostname), port_of(url)
    try:
        found = addresses.find(host, port, allow_private=allow_private, resolve=resolve)
    except Refused as refused:
        raise NotPosted(str(refused)) from None
    except OSError:
        raise NotPosted(f"There is no server called {host}.") from None
    last: OSError = OSError("no address")
    for address in found:
        try:
            connected = PatientSocket.open(str(address), port, max(patience.deadline - monotonic(), 0.001), patience)
            if url.scheme == "https":
                connected.start_tls(context or ssl.create_default_context(), host)
            return connected
        except ssl.SSLError:
            raise
        except OSError as failed:
            last = failed
    raise last


def _ask(connected: PatientSocket, url: SplitResult, body: bytes, headers: Mapping[str, str]) -> Answered:
    connection = http.client.HTTPConnection(str(url.hostname), port_of(url))
    connection.sock = connected
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    connection.putrequest("POST", path, skip_host=True, skip_accept_encoding=True)
    own = {"Host": url.netloc, "User-Agent": "fastpix", "Content-Length": str(len(body)), "Connection": "close"}
    for name, value in {**own, **headers}.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    response = connection.getresponse()
    return Answered(response.status, _first_bytes(response))


def _first_bytes(response: http.client.HTTPResponse) -> bytes:
    """What can be had of the body; a body that breaks off, or drips, does not unsay the status."""
    read = b""
    try:
        while len(read) < MOST_ANSWER and (piece := response.read1(MOST_ANSWER - len(read))):
            read += piece
    except (OSError, http.client.HTTPException, TookTooLong):
        pass
    return read
