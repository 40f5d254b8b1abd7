"""Single views of FastPix's video data: not offered, and said so."""
