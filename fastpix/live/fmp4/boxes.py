"""The boxes that MP4 is made of (ISO/IEC 14496-12, section 4.2)."""

from __future__ import annotations

import struct


def box(name: bytes, *contents: bytes) -> bytes:
    """A box with its head."""
    content = b"".join(contents)
    return struct.pack(">I4s", 8 + len(content), name) + content


def full_box(name: bytes, version: int, flags: int, *contents: bytes) -> bytes:
    """A box that begins with a version and flags."""
    return box(name, struct.pack(">I", version << 24 | flags), *contents)
