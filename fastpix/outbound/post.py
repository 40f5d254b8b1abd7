"""POST to an address that a stranger gave us: only on the public internet, one answer, no redirect, and not for long."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from urllib.parse import urlsplit

from fastpix.errors import Refused
from fastpix.outbound import public_address
from fastpix.outbound.connect import Connector, Patience, TookTooLong, Unresolved, ask

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
    resolve: public_address.Resolve = public_address.resolve,
    context: ssl.SSLContext | None = None,
) -> Answered:
    """Send `body` to `url` (http or https, in ASCII) and read the answer; a redirect is an answer, too.

    `seconds` counts from the connection to the last byte read. `context` is for servers whose certificates no public
    authority signed. Raises NotPosted; so it does for a target that is not public, unless `allow_private`.
    """
    parts = urlsplit(url)
    patience = Patience(monotonic() + seconds, seconds, lambda: False)
    try:
        with Connector(patience, seconds, allow_private, resolve, context).connect(parts) as connected:
            response = ask(connected, "POST", parts, {"Content-Length": str(len(body)), **headers}, body)
            return Answered(response.status, _first_bytes(response))
    except Refused as refused:
        raise NotPosted(str(refused)) from None
    except Unresolved:
        raise NotPosted(f"There is no server called {parts.hostname}.") from None
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


def _first_bytes(response: http.client.HTTPResponse) -> bytes:
    """What can be had of the body; a body that breaks off, or drips, does not unsay the status."""
    read = b""
    try:
        while len(read) < MOST_ANSWER and (piece := response.read1(MOST_ANSWER - len(read))):
            read += piece
    except (OSError, http.client.HTTPException, TookTooLong):
        pass
    return read
