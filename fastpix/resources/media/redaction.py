"""What of a media is told to whom: members do not learn where a file came from."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from fastpix.access import principal


def for_reader(text: str, url: str) -> str:
    """The text; without any host for those who may not know where a file came from: redirects name others, too."""
    if not url or principal.may("media.edit"):
        return text
    host = re.escape(urlsplit(url).hostname or "")
    hosts = r"(?:[\w-]+\.)+[\w-]*\w" + (f"|{host}" if host else "")
    return re.sub(hosts, "the server", text, flags=re.IGNORECASE)
