"""Pages counted off from the nearer end are the pages one would count off from the beginning."""

from __future__ import annotations

from fastpix.web.lists import stretch


def read(rows, page):
    """What a database gives for a stretch: from behind, and then turned."""
    ordered = list(reversed(rows)) if page.is_turned else rows
    found = ordered[page.skip : page.skip + page.size]
    return list(reversed(found)) if page.is_turned else found


def test_every_page_is_the_one_from_the_beginning_and_skips_at_most_half():
    for total in range(24):
        rows = list(range(total))
        for limit in range(1, 9):
            for offset in range(1, 26):
                page = stretch(offset, limit, total)
                assert read(rows, page) == rows[(offset - 1) * limit : offset * limit], (total, limit, offset)
                assert page.size == 0 or page.skip <= total / 2
