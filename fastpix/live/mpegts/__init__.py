"""MPEG-TS: what an encoder sends by SRT, read into the tags of FLV that an encoder sends by RTMP."""
