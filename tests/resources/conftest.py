"""Fixtures of this folder."""

from __future__ import annotations

import pytest

from tests.stories.post_office import mailing_world, office  # noqa: F401  # pytest finds them here


@pytest.fixture
def api(ada):
    """The API with a token of an admin."""
    return ada.api_with("admin")


@pytest.fixture
def shelf(cast):
    """What Ada's organization has of media and live streams."""
    return cast.acme.shelf
