"""Limits on tries: passwords, codes, mails to one address. Counted at once and shared by all processes (`counts`).

How many requests somebody may make is `rates`: there a count may lag a little, and must cost next to nothing.
"""

from __future__ import annotations

import ipaddress
import time

import limits
from limits.storage import Storage

from fastpix import counts
from fastpix.errors import TooMany


def count(what: str, who: str, most: int, minutes: int, *, cost: int = 1) -> None:
    """Count one more `what` by `who`. Raises `TooMany` beyond `most` in `minutes`; `most` 0 is no limit.

    Where the database counts, the count is the caller's to commit.
    """
    if not most:
        return
    item = limits.RateLimitItemPerMinute(most, minutes)
    key = item.key_for(what, who)

    def seconds_to_wait(store: Storage) -> int:
        if store.incr(key, item.get_expiry(), amount=cost) <= most:
            return 0
        return max(1, int(store.get_expiry(key) - time.time()))

    if seconds := counts.with_store(seconds_to_wait):
        raise TooMany(f"Too many tries. Wait {in_words(seconds)} and try again.", seconds)


def in_words(seconds: int) -> str:
    if seconds < 90:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    return f"{round(seconds / 60)} minutes"


def forget(what: str, who: str, most: int, minutes: int) -> None:
    """Start counting anew, as after a right password."""
    if most:
        key = limits.RateLimitItemPerMinute(most, minutes).key_for(what, who)
        counts.with_store(lambda store: store.clear(key))


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
