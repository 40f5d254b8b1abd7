"""The command: which benchmarks there are, which are asked for, and the table in the end."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks import (
    authority,
    frame,
    growth,
    lanes,
    listening,
    live,
    many_members,
    pages,
    peers,
    processing,
    program,
    segments,
    sign_in,
    uploads,
    writers,
)

BENCHMARKS: tuple[frame.Benchmark, ...] = (
    *pages.BENCHMARKS,
    *authority.BENCHMARKS,
    *program.BENCHMARKS,
    *growth.BENCHMARKS,
    *sign_in.BENCHMARKS,
    *peers.BENCHMARKS,
    *uploads.BENCHMARKS,
    *segments.BENCHMARKS,
    *processing.BENCHMARKS,
    *listening.BENCHMARKS,
    *live.BENCHMARKS,
    *many_members.BENCHMARKS,
    *lanes.BENCHMARKS,
    *writers.BENCHMARKS,
)


def main(arguments: list[str] | None = None) -> int:
    """Measure what is asked for and print the table. The exit code: 1 where a goal is not met, 2 for a wrong name."""
    given = _parser().parse_args(arguments)
    try:
        chosen = choose(given.names, is_all=given.all)
    except KeyError as unknown:
        print(f"There is no benchmark {unknown}; --list names them all.", file=sys.stderr)
        return 2
    if given.list:
        print("\n".join(_listed(chosen)))
        return 0
    print(frame.machine(), flush=True)
    lines: list[frame.Line] = []
    with _databases(given.postgres) as database, suppress(KeyboardInterrupt):  # what was measured until then is shown
        for benchmark in chosen:
            began = time.monotonic()
            lines += frame.run(benchmark, frame.Options(given.quick, database, given.postgres, given.peer))
            print(f"{benchmark.name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    print(frame.table(lines))
    return 1 if any(line.verdict == "NOT MET" for line in lines) else 0


def choose(names: list[str], *, is_all: bool = False) -> list[frame.Benchmark]:
    """The benchmarks of these names or beginnings of names; of none: all that are not slow. Raises `KeyError`."""
    if not names:
        return [each for each in BENCHMARKS if is_all or not each.is_slow]
    for name in names:
        if not any(each.name.startswith(name) for each in BENCHMARKS):
            raise KeyError(name)
    return [each for each in BENCHMARKS if each.name.startswith(tuple(names))]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", help="benchmarks, or the beginnings of their names; without: all quick ones"
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds, rows and seconds: to see that it works")
    parser.add_argument("--all", action="store_true", help="the slow ones too: an hour")
    parser.add_argument("--postgres", action="store_true", help="in-process rows on PostgreSQL (the test extras)")
    parser.add_argument("--peer", type=Path, metavar="FOLDER", help="what `peers` compares with: benchmarks/peers.py")
    parser.add_argument("--list", action="store_true", help="name the benchmarks and their rows, and measure nothing")
    return parser


def _listed(chosen: list[frame.Benchmark]) -> Iterator[str]:
    for benchmark in chosen:
        yield f"{benchmark.name}{' (slow)' if benchmark.is_slow else ''}: {benchmark.about}"
        for row in benchmark.rows:
            yield f"    {row.name}{f', {row.goal} {row.against}' if row.goal else ''}"


@contextmanager
def _databases(is_postgres: bool) -> Iterator[object]:
    """How a benchmark gets its empty database."""
    if not is_postgres:
        yield lambda _name: ""
        return
    from tests import postgres

    cluster = postgres.start()
    try:
        yield lambda name: cluster.create(name.replace("-", "_"))
    finally:
        cluster.stop()
