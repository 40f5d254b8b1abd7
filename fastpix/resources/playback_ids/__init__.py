"""Playback ids, whether a media or a live stream owns them. The verbs are the owners', in their own playback_ids/."""
