"""What the application registers of the intake: its blueprint, and the public endpoints with their reasons."""

from __future__ import annotations

from fastpix.intake import views

BLUEPRINTS = [views.blueprint]
PUBLIC = {
    "intake.upload": "the signed address of an upload is the proof, and other sites' pages send to it",
    "intake.source": "the signed address, made for somebody who may change the media, is the proof",
}
