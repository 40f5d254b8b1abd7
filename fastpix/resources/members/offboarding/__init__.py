"""Offboarding: what ends with a membership or with the admin role."""
