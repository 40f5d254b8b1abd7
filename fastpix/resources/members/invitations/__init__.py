"""Invitations: people asked to join, until they accept."""
