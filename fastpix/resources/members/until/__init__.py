"""Memberships that end by themselves on a day."""
