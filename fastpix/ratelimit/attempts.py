"""Limits on tries: passwords, codes, mails to one address. Counted at once and shared by all processes (`storage`).

How many requests somebody may make is `requests`: there a count may lag a little, and must cost next to nothing.
"""

from __future__ import annotations

import ipaddress

from fastpix.errors import TooMany
from fastpix.ratelimit import storage
from fastpix.ratelimit.storage import Storage


def count(what: str, who: str, most: int, minutes: int, *, cost: int = 1) -> None:
    """Count one more `what` by `who`. Raises `TooMany` beyond `most` in `minutes`; `most` 0 is no limit.

    Where the database counts, the count is the caller's to commit.
    """
    if not most:
        return
    key = _key(what, who, most, minutes)

    def seconds_to_wait(store: Storage) -> int:
        if store.increment(key, cost, minutes * 60) <= most:
            return 0
        return max(1, int(store.seconds_left(key)))

    if seconds := storage.with_store(seconds_to_wait):
        raise TooMany(f"Too many tries. Wait {in_words(seconds)} and try again.", seconds)


def in_words(seconds: int) -> str:
    if seconds < 90:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    return f"{round(seconds / 60)} minutes"


def forget(what: str, who: str, most: int, minutes: int) -> None:
    """Start counting anew, as after a right password."""
    if most:
        storage.with_store(lambda store: store.clear(_key(what, who, most, minutes)))


def _key(what: str, who: str, most: int, minutes: int) -> str:
    """A limit that was changed counts anew."""
    return f"{what}/{who}/{most}/{minutes}"


def network(address: str) -> str:
    """Whose address it is, as limits count it: one IPv4 address, or the /64 that one subscriber of IPv6 has."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address):
        mapped = known.ipv4_mapped
        return str(mapped or ipaddress.ip_network((int(known), 64), strict=False))
    return str(known)
