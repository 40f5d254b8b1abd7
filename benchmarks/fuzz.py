"""Made-up requests against every operation of the API with an admin's and a member's token: no 5xx, all as documented.

    python benchmarks/fuzz.py [--requests 20000] [--seed 1] [--only "/iam/members"] [--database postgresql+psycopg://...]

Needs the test extras (schemathesis). Ends with 1 where an answer was a 5xx or not what the OpenAPI document says. Not a
measurement: it stands here since it is run by hand, as these are; a slice of it is in the suite (tests/web/test_fuzzing.py).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.fuzzing import Found, fuzz, operations
from tests.world import World, test_settings


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=20_000, help="the least number of requests")
    parser.add_argument("--each", type=int, default=20, help="for one operation, token, kind of input and kind of ids")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="operations whose path holds this")
    parser.add_argument("--database", default="")
    given = parser.parse_args()
    found, began = Found(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        kind = "postgres" if given.database else "sqlite"
        world = World(kind, test_settings(Path(folder), database_url=given.database))
        every = [operation for operation in operations(world) if given.only in operation.path]
        rounds = 0
        while found.requests < given.requests:
            before = found.requests
            for operation in every:
                fuzz(world, operation, given.each, given.seed + rounds, found)
            rounds += 1
            print(f"round {rounds}: {found.requests} requests, {len(found.failures)} kinds of failures", flush=True)
            assert found.requests > before, "no operation took a request"
        world.close()
    print(f"{len(every)} operations, {found.requests} requests in {time.monotonic() - began:.0f} s")
    print("answers:", ", ".join(f"{status}: {count}" for status, count in sorted(found.statuses.items())))
    for (operation, check), text in sorted(found.failures.items()):
        print(f"\n{operation}: {check}\n{text}")
    print(f"\n{len(found.failures)} kinds of failures")
    return 1 if found.failures else 0


if __name__ == "__main__":
    sys.exit(main())
