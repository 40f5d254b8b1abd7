"""From which address a request comes, in one form: proxies write it with ports and in brackets, too.

Some count and name the connection, not the visitor (`203.0.113.12:51234` by IIS and Azure, `[2001:db8::1]:4711` by HAProxy):
then no limit would ever be reached, and pages would show a number more.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# What cannot be read is one visitor to all limits, since whoever sends it could write something else each time.
UNKNOWN = "unknown"


def plain(text: str) -> str:
    """The IP address alone, `unknown` where there is none."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return UNKNOWN
    return str(getattr(address, "ipv4_mapped", None) or address)


class VisitorAddress:
    """WSGI middleware inside `ProxyFix`, which chooses the address and takes it as it is written."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["REMOTE_ADDR"] = plain(environ.get("REMOTE_ADDR", ""))
        return self._application(environ, start_response)
