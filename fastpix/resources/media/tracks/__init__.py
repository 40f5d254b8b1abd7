"""The tracks of a media: its own picture and sounds, and subtitles and sounds that were added."""
