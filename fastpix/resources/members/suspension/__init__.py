"""Suspending members instead of removing them, and resuming them."""
