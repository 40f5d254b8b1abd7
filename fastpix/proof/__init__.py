"""The proof an operator runs: everybody at every door of an application like theirs, with a throw-away database."""
