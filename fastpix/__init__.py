"""fastpix: the video platform organization you run yourself."""

__version__ = "0.1.0"
