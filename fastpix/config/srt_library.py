"""Where the system keeps libsrt: SRT is listened for only where it is installed."""

from __future__ import annotations

from ctypes import CDLL
from functools import cache

# As Debian names it, built with OpenSSL and with GnuTLS; most others use the first name.
NAMES = ("libsrt.so.1.5", "libsrt-gnutls.so.1.5")
IS_MISSING = (
    "Nothing listens for SRT: it needs libsrt 1.5 on the server. Run apt-get install libsrt1.5-openssl "
    "(or libsrt1.5-gnutls), and start fastpix again."
)


@cache
def load() -> CDLL | None:
    """The library; None where it is not installed."""
    for name in NAMES:
        try:
            return CDLL(name)
        except OSError:
            continue
    return None
