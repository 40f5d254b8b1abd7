"""The files of a media that viewers may download."""
