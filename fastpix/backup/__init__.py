"""Keeping an instance safe: backups, putting them back, and moving to another database or storage."""
