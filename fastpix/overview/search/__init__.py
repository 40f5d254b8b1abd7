"""Quick search over what one may see; it has no tables of its own."""
