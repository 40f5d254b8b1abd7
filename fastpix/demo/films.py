"""The demo's films: landscapes that ffmpeg draws from formulas, so that nothing is downloaded and nobody's work is shown.

Each is one wide picture, drawn once and looked along slowly: drawing every picture anew would take a minute.
"""

from __future__ import annotations

import secrets
import subprocess
from pathlib import Path

from fastpix.video import tools

SECONDS = 8
_GLITTER = "exp(-pow((X-1000)/(Y-370),2))*gt(mod(Y*7+X,23),9)"
_SUN = "lt(hypot(X-1000,Y-360),80)"
_NEAR, _MIDDLE, _FAR = "gt(Y,560+50*sin(X/170))", "gt(Y,440+70*sin(X/260+2))", "gt(Y,340+60*sin(X/340+4))"
# Red, green and blue of the point X, Y of a picture of 1600 by 720.
DUSK = (
    f"if(gt(Y,430),24+90*{_GLITTER},if({_SUN},255,40+200*pow(Y/430,2)))",
    f"if(gt(Y,430),40+60*{_GLITTER},if({_SUN},205,40+90*pow(Y/430,2)))",
    f"if(gt(Y,430),70,if({_SUN},130,90+20*Y/430))",
)
HILLS = (
    f"if({_NEAR},28,if({_MIDDLE},58,if({_FAR},96,150+90*Y/340)))",
    f"if({_NEAR},70,if({_MIDDLE},112,if({_FAR},146,196+40*Y/340)))",
    f"if({_NEAR},58,if({_MIDDLE},98,if({_FAR},160,235)))",
)
# Title and picture.
FILMS = (("Dusk over the harbour", DUSK), ("Morning in the hills", HILLS))


def draw(folder: Path, picture: tuple[str, str, str]) -> bytes:
    """The bytes of a film of this picture, with a quiet tone."""
    path = folder / f"{secrets.token_hex(4)}.mp4"
    red, green, blue = picture
    source = (
        f"color=size=1600x720:rate=30:duration=0.03,format=gbrp,geq=r='{red}':g='{green}':b='{blue}',"
        "loop=-1:1,setpts=N/30/TB,crop=1280:720:'20+t*30':0"
    )
    command = [
        *(tools.ffmpeg(), "-v", "error", "-f", "lavfi", "-i", source),
        *("-f", "lavfi", "-i", "sine=frequency=330:sample_rate=48000", "-t", str(SECONDS)),
        *("-c:v", "libx264", "-preset", "veryfast", "-g", "60", "-pix_fmt", "yuv420p", "-c:a", "aac", str(path)),
    ]
    subprocess.run(command, check=True, timeout=120)
    return path.read_bytes()
