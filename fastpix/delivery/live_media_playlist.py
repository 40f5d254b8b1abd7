"""The playlist of a broadcast (RFC 8216), composed anew for each look from the segments that are kept. Pure.

One rule gives sliding live, going back (DVR), returning encoders and the end: segments in order, a discontinuity wherever
another connection begins, and an end mark once it is over.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastpix.resources.live_streams.playback import OnAir, Segment

INIT = "init.mp4"


def compose(on_air: OnAir) -> str:
    """The playlist; segments are named `<broadcast>/<connection>/<name>`, relative to it."""
    first = on_air.segments[0]
    # RFC 8216, 4.3.3.1: no segment may be longer, rounded to the next second. It never shrinks, as players expect.
    target = max(1, int(on_air.longest + 0.5))
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{target}",
        f"#EXT-X-MEDIA-SEQUENCE:{first.position}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{first.part - 1}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        *_segment_lines(str(on_air.broadcast_id), on_air.segments),
    ]
    if on_air.is_over:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


def _segment_lines(folder: str, segments: Sequence[Segment]) -> list[str]:
    lines: list[str] = []
    part = None
    for segment in segments:
        folder_uri = f"{folder}/{segment.connection_id}"
        if segment.part != part:
            if part is not None:
                lines.append("#EXT-X-DISCONTINUITY")
            lines.append(f'#EXT-X-MAP:URI="{folder_uri}/{INIT}"')
            lines.append(
                f"#EXT-X-PROGRAM-DATE-TIME:{segment.at:%Y-%m-%dT%H:%M:%S}.{segment.at.microsecond // 1000:03}Z"
            )
            part = segment.part
        lines += [f"#EXTINF:{segment.seconds:.6f},", f"{folder_uri}/{segment.name}"]
    return lines
