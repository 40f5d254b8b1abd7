"""Clips: media that were made of a part of another media, or of a broadcast."""
