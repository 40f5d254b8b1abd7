"""What delivery counted, in the shape of FastPix's video data."""
