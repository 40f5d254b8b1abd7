"""Everything about ffmpeg as plain functions: paths in, facts out; no Flask, no database."""
