"""What the application registers of delivery: blueprints, and the public endpoints with their reasons."""

from __future__ import annotations

from fastpix.delivery import embed, images, views

BLUEPRINTS = [views.blueprint, images.blueprint, embed.blueprint]

PUBLIC = {
    "stream.master": "playback: public by policy, else a token is the proof",
    "stream.part": "playback: public by policy, else the signed address is the proof",
    "stream.text": "playback: public by policy, else a token is the proof",
    "stream.download": "playback: public by policy, else a token is the proof",
    "images.image": "playback: public by policy, else a token is the proof",
    "embed.page": "playback: public by policy, else a token is the proof",
}
