"""Fixtures of this folder."""

from tests.stories.post_office import mailing_world, office  # noqa: F401  # pytest finds them here
