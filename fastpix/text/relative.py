"""How long ago a moment was, or how soon it comes, in the few words that people use."""

from __future__ import annotations

from datetime import datetime

# Beyond it the date says more.
MOST_SECONDS = 7 * 86400
UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))


def of(at: datetime, moment: datetime) -> str:
    """`5 minutes ago`, `in 2 hours`, `just now`; empty beyond a week. `static/js/times.js` says the same."""
    seconds = (moment - at).total_seconds()
    distance = abs(seconds)
    if distance > MOST_SECONDS:
        return ""
    for size, unit in UNITS:
        if distance >= size:
            count = int(distance // size)
            words = f"{count} {unit}{'' if count == 1 else 's'}"
            return f"{words} ago" if seconds > 0 else f"in {words}"
    return "just now" if seconds >= 0 else "in a moment"
