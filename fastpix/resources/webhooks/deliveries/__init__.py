"""Deliveries: events on their way to endpoints, and the log of what became of each."""
