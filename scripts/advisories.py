"""Ask PyPI's advisories about every locked package. `python scripts/advisories.py PIP_AUDIT` (the program's path).

Ends with 1 where a package has a known vulnerability. Where the service cannot be reached nothing is known, which is said
in one line and ends with 0: a build without a network is no worse than before.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).resolve().parent.parent / "requirements-test.lock"  # holds the other one's packages too
SILENCE = "Advisories: the service of PyPI cannot be reached from here, so nothing was audited."


def verdict(report: str) -> tuple[int, str]:
    """The exit code and what to say of pip-audit's report in JSON; an empty one where it was stopped by the network."""
    try:
        packages = json.loads(report)["dependencies"]
    except ValueError:
        return 0, SILENCE
    audited = [package for package in packages if "vulns" in package]
    found = [
        f"{package['name']} {package['version']}: {vulnerability['id']}, "
        f"mended in {', '.join(vulnerability['fix_versions']) or 'no version yet'}"
        for package in audited
        for vulnerability in package["vulns"]
    ]
    if found:
        return 1, "\n".join(["Known vulnerabilities:", *found])
    # A mirror of packages without the advisories beside them answers 404 for all: pip-audit calls that skipped.
    return (
        (0, f"Advisories: {len(audited)} of {len(packages)} packages audited, none found.") if audited else (0, SILENCE)
    )


def main() -> int:
    command = [sys.argv[1], "-r", str(LOCK), "--no-deps", "--disable-pip", "--progress-spinner", "off", "-f", "json"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode not in (0, 1) and ran.stdout.strip():
        print(ran.stderr, file=sys.stderr)
        return ran.returncode
    if not ran.stdout.strip() and not any(word in ran.stderr for word in ("onnection", "resolve", "timed out")):
        print(ran.stderr, file=sys.stderr)
        return ran.returncode or 1
    code, words = verdict(ran.stdout)
    print(words)
    return code


if __name__ == "__main__":
    sys.exit(main())
