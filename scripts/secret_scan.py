"""Look for secrets in all tracked files. `python scripts/secret_scan.py DETECT_SECRETS [--accept]` (the program's path).

Ends with 1 where one is found that does not stand in `.secrets.baseline`: places that were looked at and hold examples,
throw-away keys of tests and the like. `--accept` writes what is there now; look at each line of the change before.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BASELINE = ROOT / ".secrets.baseline"
# Hashes of packages, libraries of others as they were published, and the databases of old releases: hashes by nature, of a
# cast that does not exist, with the key that sealed them beside them.
NOT_OURS = r"(\.lock$|package-lock\.json$|/vendor/|\.secrets\.baseline$|^tests/releases/)"


def found(program: str) -> dict[tuple[str, str, str], int]:
    """(file, kind, hash of the secret) of all that looks like one, with its line. Nothing is asked of any network."""
    command = [program, "scan", "--no-verify", "--exclude-files", NOT_OURS]
    report = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
    return {
        (path, hit["type"], hit["hashed_secret"]): hit["line_number"]
        for path, hits in report["results"].items()
        for hit in hits
        # Tests are full of passwords of people who do not exist; a key or a token is looked for there too.
        if not (path.startswith("tests/") and hit["type"] == "Secret Keyword")
    }


def main() -> int:
    hits = found(sys.argv[1])
    if "--accept" in sys.argv:
        BASELINE.write_text("\n".join("\t".join(key) for key in sorted(hits)) + "\n")
        return 0
    known = {tuple(line.split("\t")) for line in BASELINE.read_text().splitlines()}
    fresh = {key: line for key, line in hits.items() if key not in known}
    for (path, kind, _), line in sorted(fresh.items()):
        print(f"{path}:{line}: {kind}. Take it out, or accept it: scripts/secret_scan.py detect-secrets --accept")
    print(f"Secrets: {len(fresh)} new ones, {len(hits) - len(fresh)} known places.")
    return 1 if fresh else 0


if __name__ == "__main__":
    sys.exit(main())
