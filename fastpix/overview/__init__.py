"""Pages that show several resources at once."""
