"""What FastPix's API has and this server does not: said in words, never pretended."""
