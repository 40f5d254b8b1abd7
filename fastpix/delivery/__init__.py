"""What viewers fetch: playlists, segments, downloads, pictures and the embedded player, public or by proof."""
