"""Fragmented MP4 written from the tags of an encoder: H.264 and AAC, without ffmpeg."""
