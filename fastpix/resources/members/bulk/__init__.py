"""Changes of many members at once."""
