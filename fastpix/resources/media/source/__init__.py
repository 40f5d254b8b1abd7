"""Where a media comes from: how its source is fetched, and who may have the original file."""
