"""A word of 100 letters, as a name, a title or an address, scrolls no page sideways on a phone."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from fastpix.db import Base, db
from tests.browser.test_accessibility import PUBLIC, furnished, path_of, rules

WORD = "W" * 100
# Columns that people write or that keep what they wrote; all pages show some of them.
NAMED = {
    "name",
    "title",
    "description",
    "target_name",
    "actor_name",
    "owner_name",
    "created_by",
    "source_name",
    "reference_id",
}
ADDRESS = f"{'w' * 60}@{'w' * 50}.{'w' * 50}.example"
PHONE = {"width": 360, "height": 800}
# The innermost of what stands out at the right, in words for the one who looks for it.
WIDE = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const out = [...document.querySelectorAll("body *")].filter(
    (e) => e.checkVisibility() && e.getBoundingClientRect().right > width + 1);
  const inner = out.filter((e) => !out.some((other) => other !== e && e.contains(other)));
  return [document.documentElement.scrollWidth + " wide", ...inner.map((e) => e.outerHTML.slice(0, 150))];
}"""
SEARCHES = (
    "members/?q=w",
    "search/?q=w",
    "search/",
    "members/leave?q=w",
    "audit/?actor=w",
    "media/?q=w&view=list",
    "live/?q=w",
)


def rename_everything():
    connection = db.session.connection()
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if column.name in NAMED and isinstance(column.type, sa.String) and not column.unique:
                connection.execute(sa.update(table).values({column.name: WORD[: column.type.length or 100]}))
    connection.execute(sa.update(Base.metadata.tables["people"]).values(email=ADDRESS))
    connection.execute(sa.update(Base.metadata.tables["invitations"]).values(email=ADDRESS))
    streams = Base.metadata.tables["live_streams"]
    connection.execute(sa.update(streams).values(metadata={"name": WORD}))
    for name in ("live_stream_words", "media_words", "person_words"):
        words = Base.metadata.tables[name]
        key = next(iter(words.primary_key))
        some = sa.select(key, sa.func.min(words.c.word)).group_by(key)
        for row in connection.execute(some).all():
            connection.execute(sa.update(words).where(key == row[0], words.c.word == row[1]).values(word="w" * 60))


@pytest.fixture(scope="module")
def site(servers):
    return furnished(servers, rename_everything)


@pytest.mark.full("each page is opened, as three people")
@pytest.mark.parametrize("who", ["ada", "mel", ""])
def test_no_page_scrolls_sideways_for_a_long_word(site, visit, who):
    page = visit(site, session=site.cast.people[who].session if who else "", viewport=PHONE)
    wide = {}
    is_public = [endpoint.startswith(PUBLIC) for endpoint in rules()]
    paths = [
        path_of(site, endpoint) for endpoint, public in zip(rules(), is_public, strict=True) if public is not bool(who)
    ]
    for path in [*paths, *(f"/o/acme/{each}" for each in SEARCHES if who)]:
        page.goto(path)
        page.evaluate("document.querySelectorAll('main details').forEach((each) => { each.open = true; })")
        if found := page.evaluate(WIDE):
            wide[path] = found[:4]
    if who:
        page.goto("/o/acme/")
        assert WORD[:20] in page.content()
    assert not wide, "\n".join(f"{path}: {found}" for path, found in wide.items())
