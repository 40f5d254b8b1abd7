"""What leaves the domain as a `MediaRow` has exactly the names that the type says, however it was read."""

from __future__ import annotations

from typing import NotRequired, get_origin, get_type_hints

from fastpix.resources.media import domain, queries
from fastpix.resources.media.models import MediaRow

HINTS = get_type_hints(MediaRow, include_extras=True)
ALWAYS = {name for name, hint in HINTS.items() if get_origin(hint) is not NotRequired}


def test_a_whole_media_has_every_name_of_its_row(acting, cast):
    with acting("ada"):
        media = domain.get(cast.acme.shelf.media)
    assert set(media) == set(HINTS)


def test_a_listed_one_has_all_but_what_may_be_absent(acting, cast):
    with acting("ada"):
        (media, *_), _total = queries.listed(cast.acme.workspace, 1, 10)
    assert ALWAYS <= set(media) <= set(HINTS) and len(ALWAYS) < len(HINTS)
