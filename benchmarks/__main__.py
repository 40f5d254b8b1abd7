"""`python -m benchmarks [NAME...] [--quick] [--all] [--postgres] [--peer FOLDER] [--list]`: one table of rows, goals and whether they are met."""

from __future__ import annotations

import sys
from pathlib import Path

if not __package__:  # `python benchmarks`
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks.command import main

if __name__ == "__main__":
    sys.exit(main())
