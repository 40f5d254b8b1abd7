"""Captions that this server makes of what is said in a media."""
