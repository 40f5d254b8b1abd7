"""Where webhooks may lead: one rule, asked at saving, at a test and at every delivery."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastpix import addresses, posting
from fastpix.errors import Invalid, Refused

LONGEST_URL = 1000
# A name is looked up inside the request's transaction, so that may not take long.
LOOK_UP_SECONDS = 3.0
NO_ADDRESS = "Give the whole address of your receiver, such as https://example.com/hooks."


@dataclass
class Policy:
    """Set from the settings by `fastpix.app`. `resolve` is how names are looked up."""

    allow_private: bool = False
    resolve: addresses.Resolve = addresses.resolve
    seconds: float = 10.0


policy = Policy()


def checked(url: str) -> str:
    """The address of an endpoint, which is public now. Raises `Invalid`."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        is_good = is_good and url.isascii() and url.isprintable() and " " not in url and len(url) <= LONGEST_URL
        is_good = is_good and "@" not in parts.netloc and not parts.fragment
    except ValueError:
        is_good = False
    if not is_good:
        raise Invalid("url", NO_ADDRESS)
    try:
        refuse_private(url)
    except Refused as refused:
        raise Invalid("url", str(refused)) from None
    return url


def refuse_private(url: str) -> None:
    """Raises `Refused` where the address leads to a host that is not public, or nowhere."""
    if policy.allow_private:
        return
    parts = urlsplit(url)
    host, port = str(parts.hostname), posting.port_of(parts)
    problems: list[str] = []

    def look() -> None:
        try:
            addresses.find(host, port, allow_private=False, resolve=policy.resolve)
        except Refused as refused:
            problems.append(str(refused))
        except (OSError, UnicodeError):
            problems.append(f"There is no server called {host}. Check the address.")

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    looking.join(LOOK_UP_SECONDS)
    if looking.is_alive():
        problems.append(f"The name {host} could not be looked up in time. Try again.")
    if problems:
        raise Refused(problems[0])
