"""Writes what is generated into the documents: tables of settings and roles, the example of adding a resource, the picture,
the list of files.

`--check` only compares and exits 1 where a document is not up to date.
"""

import sys
from pathlib import Path

import file_list
import picture

from fastpix.access import table
from fastpix.config import settings
from fastpix.web.openapi import ERRORS

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs/pictures/house.svg"
EXAMPLE = ROOT / "tests/example_resource/notes"


def example(path: Path) -> tuple[Path, str, str]:
    """A file of the example resource, as a block of the page that tells how to add one."""
    language = {"py": "python", "html": "jinja"}[path.suffix.removeprefix(".")]
    name = f"example {path.relative_to(EXAMPLE).as_posix()}"
    return ROOT / "docs/adding-a-resource.md", name, f"```{language}\n{path.read_text().rstrip()}\n```"


def errors() -> str:
    """What the API's statuses mean, from the OpenAPI document's own sentences."""
    return "\n".join(
        ["| status | what happened |", "| --- | --- |", *(f"| {code} | {text} |" for code, text in ERRORS.items())]
    )


PARTS = [
    (ROOT / "README.md", "settings", settings.markdown_table()),
    (ROOT / "docs/access.md", "roles", table.as_markdown()),
    (ROOT / "docs/access.md", "fresh", table.fresh_as_markdown()),
    (ROOT / "docs/api.md", "errors", errors()),
    (ROOT / "docs/architecture.md", "rooms", picture.as_markdown()),
    *(example(path) for path in sorted(EXAMPLE.rglob("*.*")) if path.suffix in (".py", ".html") and path.read_text()),
]


def filled(text: str, name: str, content: str) -> str:
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, _, rest = text.partition(start)
    _, _, after = rest.partition(end)
    return f"{before}{start}\n{content}\n{end}{after}"


def main() -> int:
    stale = 0
    pages = {path: path.read_text() for path, _, _ in PARTS}
    for path, name, content in PARTS:
        pages[path] = filled(pages[path], name, content)
    for path, wanted in (*pages.items(), (PICTURE, picture.svg()), (file_list.PAGE, file_list.as_markdown())):
        text = path.read_text() if path.exists() else ""
        if text != wanted and "--check" in sys.argv:
            print(f"{path.name} is not up to date: run python scripts/documents.py")
            stale = 1
        elif text != wanted:
            path.write_text(wanted)
    return stale


if __name__ == "__main__":
    sys.exit(main())
