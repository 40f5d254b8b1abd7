#!/usr/bin/env bash
# With pytest 9.2.0, `--dist loadgroup` of pytest-xdist 3.8.0 no longer keeps a group in one process, and says nothing.
#
# Seen on 2026-11-30, Python 3.11.7, Linux x86_64: six tests of one `xdist_group`, two workers, each test noting its process.
#   pytest 9.1.1 with pytest-xdist 3.8.0:  1 process ran them; their names end in `@one`
#   pytest 9.2.0 with pytest-xdist 3.8.0:  2 processes ran them; their names have no group; all pass, no warning (-W error)
# Why: xdist writes the group behind the name in the item's private `_nodeid`, and schedules by the name. Since 9.2 a name
# is an object of its own (`_id`), nobody reads `_nodeid` any more, and pip finds the two compatible.
# What it costs: every fixture of a module or class is set up once in each process, and tests that share a port or a file
# by their group meet.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/test_group.py" <<'PYTHON'
import os
import time

import pytest


@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("number", range(6))
def test_of_one_group(number, request):
    time.sleep(0.2)  # long enough for the other process to take one
    with open(os.environ["SEEN"], "a") as seen:
        seen.write(f"{os.getpid()} {request.node.nodeid}\n")
PYTHON

# Prints the number of processes, and whether names carry the group.
processes_with() {
  python3 -m venv "$work/$1"
  "$work/$1/bin/pip" install -q --disable-pip-version-check "pytest==$1" pytest-xdist==3.8.0 2>/dev/null
  SEEN="$work/$1.seen" "$work/$1/bin/pytest" -q -W error -n 2 --dist loadgroup "$work/test_group.py" >"$work/$1.log" ||
    { cat "$work/$1.log"; exit 1; }
  echo "$(cut -d' ' -f1 "$work/$1.seen" | sort -u | wc -l) $(grep -c '@one$' "$work/$1.seen" || true)"
}

old=$(processes_with 9.1.1)
new=$(processes_with 9.2.0)
echo "pytest 9.1.1: processes, names with their group: $old"
echo "pytest 9.2.0: processes, names with their group: $new"
[ "$old" = "1 6" ] && [ "$new" = "2 0" ] || { echo "This has changed."; exit 1; }
echo "As it was seen."
