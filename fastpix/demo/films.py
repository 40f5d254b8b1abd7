"""The demo's films: landscapes that ffmpeg draws from formulas, so that nothing is downloaded and nobody's work is shown.

Each is one wide picture, drawn once and looked along slowly: drawing every picture anew would take a minute.
"""

from __future__ import annotations

import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path

from fastpix.video import tools

SECONDS = 8
# Red, green and blue of each point.
Picture = tuple[str, str, str]


@dataclass(frozen=True)
class Film:
    """One of the demo's films: `policy` is that of its first playback id, `days` how long ago it came in."""

    title: str
    picture: Picture
    policy: str
    days: int


# How far to the right a film looks after t seconds: on and on, or there and back again, which goes round without a jump.
ON, THERE_AND_BACK = "20+t*30", "160-140*cos(2*PI*t/{seconds})"
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
_STAR = "gt(mod(floor(X/3)*7919+floor(Y/3)*104729+floor(X/3)*floor(Y/3)*31,997),993)"
NIGHT_RIDGE, NIGHT_SNOW = "gt(Y,470+110*sin(X/210)-60*abs(sin(X/70)))", "gt(Y,600+30*sin(X/240+1))"
_MOON = "lt(hypot(X-420,Y-150),58)"
NIGHT = (
    f"if({NIGHT_SNOW},206,if({NIGHT_RIDGE},48,if({_MOON},250,if({_STAR},230,12+30*Y/600))))",
    f"if({NIGHT_SNOW},220,if({NIGHT_RIDGE},62,if({_MOON},244,if({_STAR},232,20+50*Y/600))))",
    f"if({NIGHT_SNOW},238,if({NIGHT_RIDGE},96,if({_MOON},214,if({_STAR},240,58+80*Y/600))))",
)
_TOWER = "gt(Y,330+170*abs(sin(floor(X/90)*2.7))+20*sin(floor(X/90)*5))"
_BACK = "gt(Y,250+150*abs(sin(floor(X/60)*1.3+1)))"
_WINDOW = "between(mod(X,90),12,78)*lt(mod(X,22),11)*lt(mod(Y,34),17)*gt(mod(floor(X/22)*37+floor(Y/34)*61,10),4)"
CITY = (
    f"if({_TOWER},if({_WINDOW},255,22),if({_BACK},44,58+150*Y/720))",
    f"if({_TOWER},if({_WINDOW},206,24),if({_BACK},38,34+70*Y/720))",
    f"if({_TOWER},if({_WINDOW},120,44),if({_BACK},78,92+40*Y/720))",
)
_DUNE, _DUNE_BACK = "gt(Y,500+90*sin(X/300+0.6))", "gt(Y,420+60*sin(X/230+3))"
_LIT = "gt(cos(X/300+0.6),0)"
_NOON = "lt(hypot(X-1150,Y-170),70)"
DUNES = (
    f"if({_DUNE},if({_LIT},236,190)-30*(Y-500)/220,if({_DUNE_BACK},222,if({_NOON},255,236-60*(420-Y)/420)))",
    f"if({_DUNE},if({_LIT},168,122)-30*(Y-500)/220,if({_DUNE_BACK},158,if({_NOON},246,206-30*(420-Y)/420)))",
    f"if({_DUNE},if({_LIT},96,74)-20*(Y-500)/220,if({_DUNE_BACK},112,if({_NOON},214,170+40*(420-Y)/420)))",
)
# Title, picture, who may watch it, and how many days ago it came in.
FILMS = (
    Film("Dusk over the harbour", DUSK, "public", 2),
    Film("Morning in the hills", HILLS, "public", 12),
    Film("Night on the pass", NIGHT, "private", 47),
    Film("City lights", CITY, "public", 128),
    Film("Crossing the dunes", DUNES, "public", 301),
)


def draw(folder: Path, picture: Picture, seconds: int = SECONDS, way: str = ON) -> Path:
    """A film of this picture in the folder, with a quiet tone."""
    path = folder / f"{secrets.token_hex(4)}.mp4"
    red, green, blue = picture
    source = (
        f"color=size=1600x720:rate=30:duration=0.03,format=gbrp,geq=r='{red}':g='{green}':b='{blue}',"
        f"loop=-1:1,setpts=N/30/TB,crop=1280:720:'{way.format(seconds=seconds)}':0"
    )
    command = [
        *(tools.ffmpeg(), "-v", "error", "-f", "lavfi", "-i", source),
        *("-f", "lavfi", "-i", "sine=frequency=330:sample_rate=48000,volume=0.2", "-t", str(seconds)),
        *("-c:v", "libx264", "-preset", "veryfast", "-g", "60", "-pix_fmt", "yuv420p", "-c:a", "aac", str(path)),
    ]
    subprocess.run(command, check=True, timeout=120)
    return path
