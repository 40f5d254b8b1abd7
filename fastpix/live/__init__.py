"""Live ingest: encoders are let in by their stream key, and broadcasts are cut, stored and passed on."""
