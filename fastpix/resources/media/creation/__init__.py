"""How a media comes to be: from an address, from an upload, as a clip, or recorded."""
