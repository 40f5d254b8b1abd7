"""Text that people give: names and slugs, and the index of words that finds things."""
