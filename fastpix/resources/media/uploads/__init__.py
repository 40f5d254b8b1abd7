"""Uploads: addresses that take a file, and the media that comes of it."""
