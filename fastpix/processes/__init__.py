"""The programs of an instance, and what starts, watches and ends them."""
