"""Changes of many media at once."""
