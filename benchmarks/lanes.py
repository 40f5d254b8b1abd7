"""The tests' two lanes against the one there was before them, in turns: a commit of then in a worktree of git, with the
packages of its own lock."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.frame import Benchmark, Found, Options, Row, Unavailable, most

ROOT = Path(__file__).resolve().parents[1]
BEFORE = "0b4c217"
AGAINST = f"all tests of commit {BEFORE}"
COLLECTION = Row("collecting what `pytest` runs", "s", AGAINST, most(0.5))
QUICK = Row("the quick lane, `pytest`", "s", AGAINST, most(0.28))
QUICK_SPENT = Row("the quick lane, processor time of all", "s", AGAINST)
FULL = Row("the full lane, `pytest -m ''`", "s", AGAINST, most(0.7))
FULL_SPENT = Row("the full lane, processor time of all", "s", AGAINST)
COLLECT = ("--collect-only", "-qq", "-n", "0")


@dataclass(frozen=True)
class Tree:
    """A working copy, and the Python that has its packages."""

    folder: Path
    python: Path

    def run(self, *arguments: str) -> tuple[float, float]:
        """Seconds, and seconds of processor time of the tests and all that they started."""
        began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [self.python, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        last = (done.stdout.strip().splitlines() or [done.stderr])[-1]
        print(f"{self.folder.name} pytest {' '.join(arguments)}: {last}", file=sys.stderr, flush=True)
        if done.returncode not in (0, 1):
            raise Unavailable(f"pytest ended with {done.returncode}: {last}")
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return time.perf_counter() - began, spent


@contextmanager
def tree_of(commit: str) -> Iterator[Tree]:
    with tempfile.TemporaryDirectory(prefix="fastpix-before-") as work:
        folder, environment = Path(work) / commit, Path(work) / "environment"
        git = ["git", "-C", str(ROOT), "worktree"]
        try:
            subprocess.run([*git, "add", "-q", "--detach", folder, commit], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as problem:
            raise Unavailable(f"needs git and commit {commit}") from problem
        try:
            pip = [environment / "bin/python", "-m", "pip", "install", "-q"]
            subprocess.run([sys.executable, "-m", "venv", environment], check=True)
            subprocess.run([*pip, "--require-hashes", "-r", folder / "requirements-test.lock"], check=True)
            subprocess.run([*pip, "--no-deps", "-e", folder], check=True)
            yield Tree(folder, environment / "bin/python")
        finally:
            subprocess.run([*git, "remove", "--force", folder], check=False)


def measure(options: Options) -> Iterator[tuple[str, Found]]:
    ours = Tree(ROOT, Path(sys.executable))
    with tree_of(BEFORE) as theirs:
        rounds = [(ours.run(*COLLECT)[0], theirs.run(*COLLECT)[0]) for _ in range(options.quick(1, 5))]
        yield COLLECTION.name, Found(*(statistics.median(side) for side in zip(*rounds, strict=True)))
        if options.is_quick:
            return
        quick, everything, before = ours.run(), ours.run("-m", ""), theirs.run()
        for rows, found in (((QUICK, QUICK_SPENT), quick), ((FULL, FULL_SPENT), everything)):
            for row, value, base in zip(rows, found, before, strict=True):
                yield row.name, Found(value, base)


BENCHMARKS = (
    Benchmark("lanes", "the tests", (COLLECTION, QUICK, QUICK_SPENT, FULL, FULL_SPENT), measure, is_slow=True),
)
