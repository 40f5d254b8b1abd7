"""What an endpoint may be: where it may lead (checked at saving, at a test and at every delivery), and its description."""

from __future__ import annotations

import threading
from urllib.parse import urlsplit

from fastpix.config import instance
from fastpix.errors import Invalid, Refused
from fastpix.outbound import connect, public_address
from fastpix.text import naming

LONGEST_URL = 1000
# A name is looked up inside the request's transaction, so that may not take long.
LOOK_UP_SECONDS = 3.0
SUCH_AS = "Give the whole address of your receiver, such as https://example.com/hooks."


# How long a receiver may take to answer, in seconds.
ANSWER_SECONDS = 10.0


def resolve(host: str, port: int) -> list[public_address.IPAddress]:
    """The addresses of a name. Tests put others in their place."""
    return public_address.resolve(host, port)


def checked_url(url: str) -> str:
    """The address of an endpoint, which is public now, in ASCII. Raises `Invalid`."""
    url = url.strip()
    if problem := _fault(url):
        raise Invalid("url", problem)
    url = url if url.isascii() else connect.in_ascii(url)
    if len(url) > LONGEST_URL:
        raise Invalid("url", f"This address is longer than {LONGEST_URL} characters. Give a shorter one.")
    try:
        refuse_private(url)
    except Refused as refused:
        raise Invalid("url", str(refused)) from None
    return url


def _fault(url: str) -> str:
    """What keeps a text from being an address of a receiver, and what to do; empty where nothing does."""
    try:
        parts = urlsplit(url if url.isascii() else connect.in_ascii(url))
        port = parts.port
    except ValueError:
        return f"The server's name or its port in this address is none. {SUCH_AS}"
    if " " in url or not url.isprintable():
        return "This address has a blank or an invisible character in it. Leave it out, or write a blank as %20."
    if parts.scheme not in ("http", "https"):
        return f"This address does not begin with https:// or http://. {SUCH_AS}"
    if not parts.hostname:
        return f"This address names no server. {SUCH_AS}"
    if "@" in parts.netloc:
        return "This address holds a user name or a password. Leave it out: deliveries are signed, and the signature proves them."
    if parts.fragment or url.endswith("#"):
        return "This address has a part behind #, which is never sent. Leave it out."
    return "The port 0 leads nowhere. Give another one, or none." if port == 0 else ""


def refuse_private(url: str) -> None:
    """Raises `Refused` where the address leads to a host that is not public, or nowhere."""
    if instance.settings().fetch_allow_private:
        return
    parts = urlsplit(url)
    host, port = str(parts.hostname), connect.port_of(parts)
    problems: list[str] = []

    def look_up() -> None:
        try:
            public_address.find(host, port, allow_private=False, resolve=resolve)
        except Refused as refused:
            problems.append(str(refused))
        except (OSError, UnicodeError):
            problems.append(f"There is no server called {host}. Check the address.")

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(LOOK_UP_SECONDS)
    if thread.is_alive():
        problems.append(f"The name {host} could not be looked up in time. Try again.")
    if problems:
        raise Refused(problems[0])


def checked_description(text: str) -> str:
    """One line. Raises `Invalid`."""
    text = naming.visible(text.strip(), "description")
    if len(text) > 200 or not text.isprintable():
        raise Invalid("description", "Use one line of at most 200 characters.")
    return text


def host_of(url: str) -> str:
    """What may be said of an address outside of the webhook's pages: the rest of it may be a secret."""
    return str(urlsplit(url).hostname)
