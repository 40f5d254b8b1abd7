"""The captions of a track of subtitles, changed one by one."""
