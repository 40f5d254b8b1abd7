"""Live ingest: the doorman that lets a stream key in, and what runs the broadcast."""
