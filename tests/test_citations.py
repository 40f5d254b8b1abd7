"""Comments and docstrings cite only what is in the repository: the file is there, and so is the section."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("fastpix", "tests", "scripts", "benchmarks", "migrations")
_PAGE = re.compile(r"[\w./-]*\.md\b")
_FILE = re.compile(r"(?<![\w/.{<-])(?:fastpix|tests|scripts|benchmarks|docs|migrations)/[\w./-]*\w")
# `docs/fastpix-contract.md, sections 3.1 and 4, M7`: numbers of headings, names of rows.
_SECTION = re.compile(
    r"[`,]* (?:(?:sections?|class|classes) (\d[\d.]*\d|\d)((?:(?:,| and| to) \d[\d.]*)*)((?:(?:,| and| to) [A-Z]\d+)*)"
    r'|"([^"]+)")'
)
# What nobody finds: a contract without its file, and documents that lie elsewhere.
_NOWHERE = re.compile(r"(?<!fastpix-)\bcontract,? (?:sections? )?[A-Z]?\d|(?<!docs/)\bdesign/\w+\.md", re.IGNORECASE)


def words_of(path):
    """The comments and docstrings of a module, each as one line."""
    text = path.read_text()
    if not any(word in text for word in (".md", "ontract", *(f"{folder}/" for folder in FOLDERS))):
        return  # reading them all takes seconds
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield " ".join((ast.get_docstring(node) or "").split())
    comments = [
        token for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type == tokenize.COMMENT
    ]
    yield " ".join(token.string.lstrip("# ") for token in comments)


@cache
def headings(page):
    """A page's headings, their numbers, and the names of its tables' rows, such as {"Access tokens", "3.1", "M7"}."""
    text = page.read_text()
    titles = re.findall(r"^#+ (?:(\d[\d.]*?)\.? )?(.*)$", text, re.M)
    return {part for title in titles for part in title} | set(re.findall(r"^\| ([A-Z]?\d+) \|", text, re.M))


def faults(words):
    """What these words cite and nobody finds."""
    yield from (f"{match[0]!r}: which file?" for match in _NOWHERE.finditer(words))
    files = (match[0] for match in _FILE.finditer(words) if not match[0].endswith(".md"))
    yield from (f"{file} is not there" for file in files if not (ROOT / file).exists())
    for match in _PAGE.finditer(words):
        page = ROOT / match[0]
        if not page.is_file():
            yield f"{match[0]} is not there (paths are from the root of the repository)"
        elif section := _SECTION.match(words, match.end()):
            numbers = re.findall(r"[A-Z]?\d[\d.]*", " ".join(part or "" for part in section.groups()[:3]))
            cited = [section[4]] if section[4] else [number.rstrip(".") for number in numbers]
            yield from (f"{match[0]} has no {name}" for name in cited if name not in headings(page))


def modules():
    for folder in FOLDERS:
        yield from (path for path in sorted((ROOT / folder).rglob("*.py")) if "__pycache__" not in path.parts)


def test_what_comments_cite_is_in_the_repository():
    wrong = [f"{path.relative_to(ROOT)}: {f}" for path in modules() for words in words_of(path) for f in faults(words)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "words",
    [
        "as the contract section 3 says",
        "(contract, D20)",
        "(contract M7)",
        "see docs/gone.md",
        "as `fastpix/gone.py` has it",
        "the rooms of tests/gone/",
        "(security.md section 1)",
        "docs/fastpix-contract.md, section 11",
        "docs/fastpix-contract.md, sections 3.1 and 3.9",
        "docs/fastpix-contract.md, section 3, M24",
        "docs/threat-model.md, class 33",
        'docs/access.md, "Gone"',
    ],
)
def test_what_is_not_there_is_seen(words):
    assert list(faults(words))


def test_what_is_there_is_fine():
    words = 'docs/fastpix-contract.md, sections 3.1 and 4, M7 to M9. README.md; docs/access.md, "Access tokens". CHANGELOG.md'
    assert list(faults(f"{words} fastpix/web/api.py, tests/access/")) == []
    assert {"3", "3.1", "10", "M7", "D1"} <= headings(ROOT / "docs/fastpix-contract.md")
