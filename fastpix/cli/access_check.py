"""`fastpix access`: the role table, and the proof that this installation keeps it."""

from __future__ import annotations

import dataclasses
import json
import logging
import sys
from collections.abc import Sequence

import click

from fastpix.access import table
from fastpix.access_check import matrix
from fastpix.access_check.matrix import Result
from fastpix.cli import context as cli_context
from fastpix.config import settings

COLUMNS = ("endpoint", "method", "person", "door", "expected", "got")


@click.group(invoke_without_command=True)
@click.option("--markdown", is_flag=True, help="As a Markdown table.")
@click.pass_context
@cli_context.plainly
def access(context: click.Context, markdown: bool) -> None:
    """Print the role table: who can do what. `fastpix access check` proves that it is kept."""
    if context.invoked_subcommand is None:
        click.echo(table.as_markdown() if markdown else table.as_text())


@access.command()
@click.option("--all", "show_all", is_flag=True, help="Every answer, not only surprises.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--sqlite", "on_sqlite", is_flag=True, help="With an SQLite file, whatever your database is.")
@cli_context.plainly
def check(show_all: bool, as_json: bool, on_sqlite: bool) -> None:
    """Try every endpoint as everybody, with this installation's settings and a throw-away database.

    On PostgreSQL it is made beside yours, for which the user needs CREATEDB, and dropped at the end.

    Exit code 1 if anybody was let in, or turned away, against the role table. Takes about a minute.
    """
    given = settings.load()
    logging.disable(logging.CRITICAL)  # thousands of denied requests are no news
    try:
        results = matrix.run(given, on_sqlite=on_sqlite)
    finally:
        logging.disable(logging.NOTSET)
    surprises = [result for result in results if result.is_surprise]
    shown = results if show_all else surprises
    if as_json:
        told = {"tried": len(results), "surprises": len(surprises), "results": [*map(dataclasses.asdict, shown)]}
        click.echo(json.dumps(told, indent=2))
    else:
        _print(shown)
        click.echo(
            _summary(
                results, surprises, kind="SQLite" if on_sqlite or given.database.startswith("sqlite") else "PostgreSQL"
            )
        )
    sys.exit(1 if surprises else 0)


def _print(results: Sequence[Result]) -> None:
    if not results:
        return
    rows = [COLUMNS, *(tuple(str(getattr(result, column)) for column in COLUMNS) for result in results)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(COLUMNS))]
    marks = ["", *("  <- surprise" if result.is_surprise else "" for result in results)]
    for row, mark in zip(rows, marks, strict=True):
        cells = "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
        click.echo(f"{cells.rstrip()}{mark}")
    click.echo()


def _summary(results: Sequence[Result], surprises: Sequence[Result], *, kind: str) -> str:
    endpoints = {result.endpoint for result in results}
    people = {result.person for result in results}
    word = "no surprise" if not surprises else f"{len(surprises)} surprise{'s' if len(surprises) > 1 else ''}"
    lines = [f"{len(results)} requests to {len(endpoints)} endpoints by {len(people)} kinds of callers: {word}."]
    lines.append(f"The throw-away database was {kind}; yours was not touched.")
    return "\n".join(lines)
