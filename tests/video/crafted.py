"""Files made by hand to have ffmpeg open other files or connect: what a hostile file tries."""

from __future__ import annotations

import struct

CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"dinf"}


def playlist(target, extra=""):
    return f"#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n{extra}#EXTINF:1,\n{target}\n#EXT-X-ENDLIST\n"


def hls(secrets, port):
    """HLS playlists by what they try. Each is to be tried under several file names."""
    path, web = secrets.media, f"http://127.0.0.1:{port}"
    relative = f"../{path.parent.name}/{path.name}"
    key = f'#EXT-X-KEY:METHOD=AES-128,URI="{path.with_suffix(".key")}"\n'
    return {
        "file": playlist(f"file://{path}"),
        "http": playlist(f"{web}/secret.ts"),
        "absolute": playlist(path),
        "relative": playlist(relative),
        "map": playlist(path, f'#EXT-X-MAP:URI="{path.with_suffix(".mp4")}"\n'),
        "map over http": playlist(f"{web}/secret.m4s", f'#EXT-X-MAP:URI="{web}/secret.mp4"\n'),
        "key": playlist(path, key),
        "key over http": playlist(path, key.replace(str(path.parent), web)),
        "concat": playlist(f"concat:{path}|{path}"),
        "subfile": playlist(f"subfile,,start,0,end,40000,,:{path}"),
        "crypto": playlist(f"crypto:{path}"),
        "tcp": playlist(f"tcp://127.0.0.1:{port}"),
        "data": playlist("data:video/mp2t;base64,R0AAEA=="),
        "master": f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=90000\n{path.with_suffix('.m3u8')}\n",
        "master over http": f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=90000\n{web}/secret.m3u8\n",
    }


def scripts(secrets, port):
    """Other texts that name files: (file name, text) by what they try."""
    path, web = secrets.media, f"http://127.0.0.1:{port}/secret.ts"
    relative = f"../{path.parent.name}/{path.name}"

    def svg(address):
        return f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="64" height="64"><image width="64" height="64" href="{address}" xlink:href="{address}"/></svg>'

    def dash(address):
        return (
            '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S" '
            'profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet contentType="video" mimeType="video/mp4">'
            f'<Representation id="1" bandwidth="90000" codecs="avc1.4d401e" width="320" height="180"><BaseURL>{address}</BaseURL>'
            "<SegmentList><SegmentURL/></SegmentList></Representation></AdaptationSet></Period></MPD>"
        )

    xxe = (
        f'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file://{path}">]>{svg("")[:-6]}<text>&x;</text></svg>'
    )
    return {
        "concat script, file": ("source.ffconcat", f"ffconcat version 1.0\nfile '{path}'\n"),
        "concat script, http": ("source.ffconcat", f"ffconcat version 1.0\nfile '{web}'\n"),
        "concat script, relative": ("source.mp4", f"ffconcat version 1.0\nfile '{relative}'\n"),
        "SVG with a picture": ("source.svg", svg(f"file://{path}")),
        "SVG with a picture over http": ("source.svg", svg(web)),
        "SVG with an entity": ("source.svg", xxe),
        "DASH, file": ("source.mpd", dash(f"file://{path}")),
        "DASH, http": ("source.mpd", dash(web)),
        "SDP": (
            "source.sdp",
            f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {port} TCP/RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        ),
        "VobSub": ("source.idx", "# VobSub index file, v7 (do not modify this line!)\nid: en, index: 0\ntimestamp: 00:00:00:000, filepos: 000000000\n"),
        "ASX": ("source.asx", f'<asx version="3.0"><entry><ref href="file://{path}"/><ref href="{web}"/></entry></asx>'),
        "PLS": ("source.pls", f"[playlist]\nFile1=file://{path}\nFile2={web}\nNumberOfEntries=2\n"),
    }  # fmt: skip


def with_reference(movie: bytes, entry: bytes) -> bytes:
    """`movie` with its data reference, which says that the media is in the file itself, replaced by `entry`.

    The index must stand behind the media (no faststart), so that nothing the index points to moves.
    """
    boxes, position = b"", 0
    while position < len(movie):
        size, kind = struct.unpack_from(">I4s", movie, position)
        body = movie[position + 8 : position + size]
        if kind == b"dref":
            body = body[:8] + entry
        elif kind in CONTAINERS:
            body = with_reference(body, entry)
        boxes += struct.pack(">I4s", len(body) + 8, kind) + body
        position += size
    return boxes


def url_entry(address):
    body = struct.pack(">4sI", b"url ", 0) + address.encode() + b"\0"
    return struct.pack(">I", len(body) + 4) + body


def alias_entry(path, levels=0):
    """A Macintosh alias as libavformat/mov.c reads it: the absolute path (type 2) and, unless 0, from how many
    levels up and for how many down that path is taken relatively."""
    name, whole = path.name.encode(), str(path).encode()
    alias = bytes(10) + bytes([3]) + b"vol".ljust(27, b"\0") + bytes(12)
    alias += bytes([len(name)]) + name.ljust(63, b"\0") + bytes(16) + struct.pack(">hh", levels, levels) + bytes(16)
    for kind, value in ((2, whole), (0, path.parent.name.encode())):
        alias += struct.pack(">hH", kind, len(value)) + value + b"\0" * (len(value) % 2)
    alias += struct.pack(">hH", -1, 0)
    body = struct.pack(">4sI", b"alis", 0) + alias
    return struct.pack(">I", len(body) + 4) + body


def with_subtitle_playlist(avi: bytes, text: str) -> bytes:
    """An AVI of video and uncompressed sound, whose sound now says that it is a GAB2 subtitle, which is a playlist."""
    at = avi.index(b"auds")
    avi = avi[:at] + b"txts" + avi[at + 4 :]
    at = avi.index(b"01wb", avi.index(b"movi"))
    (size,) = struct.unpack_from("<I", avi, at + 4)
    head = b"GAB2\0" + struct.pack("<HI", 2, 2) + b"x\0" + struct.pack("<H", 4)
    room = size - len(head) - 4
    payload = head + struct.pack("<I", room) + text.encode().ljust(room, b"\n")
    assert len(payload) == size, "the piece of sound is too small for the text"
    return avi[: at + 8] + payload + avi[at + 8 + size :]
