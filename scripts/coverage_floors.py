"""Say how much of each package the full lane ran, and fail below its floor.

Only what ran in the test processes counts; what the tests start as programs of their own is not looked into.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path

# Percent of the lines: a few below what the full lane ran when it was last looked at, so that a new module may come.
FLOORS: dict[str, int] = {
    "fastpix": 94,
    "fastpix/access": 97,
    "fastpix/access_check": 98,
    "fastpix/accounts": 98,
    "fastpix/backup": 88,
    "fastpix/cli": 90,
    "fastpix/config": 95,
    "fastpix/crypto": 98,
    "fastpix/delivery": 97,
    "fastpix/demo": 95,
    "fastpix/intake": 95,
    "fastpix/jobs": 93,
    "fastpix/live": 79,
    "fastpix/mail": 97,
    "fastpix/monitoring": 93,
    "fastpix/outbound": 96,
    "fastpix/overview": 99,
    "fastpix/processes": 54,
    "fastpix/ratelimit": 95,
    "fastpix/resources": 97,
    "fastpix/storage": 96,
    "fastpix/text": 98,
    "fastpix/video": 78,
    "fastpix/web": 97,
}
EVERYTHING = "fastpix"


def shares(report: dict[str, dict[str, dict[str, list[int]]]]) -> dict[str, float]:
    """Percent by package, of a report in slipcover's JSON; modules at the top are `fastpix` itself."""
    lines: dict[str, int] = defaultdict(int)
    ran: dict[str, int] = defaultdict(int)
    for name, file in report["files"].items():
        parts = Path(name).parts
        package = "/".join(parts[:2]) if len(parts) > 2 else EVERYTHING
        ran[package] += len(file["executed_lines"])
        lines[package] += len(file["executed_lines"]) + len(file["missing_lines"])
    return {package: 100 * ran[package] / count for package, count in sorted(lines.items()) if count}


def faults(found: dict[str, float], floors: dict[str, int]) -> list[str]:
    """What is below its floor, has none, or is gone."""
    low = [f"{package}: {share:.1f} %, floor {floors.get(package)} %" for package, share in found.items()
           if package not in floors or share < floors[package]]  # fmt: skip
    return low + [f"{package}: nothing of it was measured" for package in floors if package not in found]


def main(path: str) -> int:
    found = shares(json.loads(Path(path).read_text()))
    for package, share in found.items():
        print(f"{package:28} {share:5.1f} %   floor {FLOORS.get(package, '-')} %")
    wrong = faults(found, FLOORS)
    for line in wrong:
        print(f"BELOW ITS FLOOR: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
