"""Fixtures of playlists: media to put in them."""

from __future__ import annotations

import pytest

from fastpix.resources.media.creation import domain as creation
from fastpix.resources.media.options import Options
from tests import library
from tests.stories.tables import change


@pytest.fixture
def film(world, acting, cast):
    """`film("Dawn", created_at=...)`: the id of a new media that is Ready, in acme's production unless told."""

    def make(title, who="ada", workspace=None, **columns):
        house = cast.rival if who == "rex" else cast.acme
        with acting(who):
            made = creation.from_url(workspace or house.workspace, "https://files.example/a.mp4", Options(title=title))[
                "id"
            ]
            library.ready(made)
        if columns:
            change(world, "media", {"id": made}, **columns)
        return made

    return make


@pytest.fixture
def films(film):
    """Three media that are Ready."""
    return [film(title) for title in ("Dawn", "Noon", "Dusk")]
