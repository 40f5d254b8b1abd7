"""What the application registers of the overview.

Its pages stand at addresses of resources and are registered with their blueprints; here are its own: templates, and search.
"""

from __future__ import annotations

from flask import Blueprint

from fastpix.overview import front_page, media_page, person_page, workspace_deletion
from fastpix.overview.search import views as search

__all__ = ["BLUEPRINTS", "front_page", "media_page", "person_page", "workspace_deletion"]

BLUEPRINTS = [Blueprint("overview", __name__, template_folder="templates"), search.pages.blueprint]
