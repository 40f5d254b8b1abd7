"""The settings of an instance: every setting once, where values come from, and who uses the instance's folder."""
