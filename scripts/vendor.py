"""Copies Tabler, hls.js, Plyr and the uploader from npm into fastpix/web/static; run it again after using a new class.

    npm ci --ignore-scripts && python scripts/vendor.py      writes the files
    python scripts/vendor.py --check                         only says which classes of the templates no stylesheet knows

Only what the templates use, and the families in KEEP that pages may count on, stays. Tabler's dark theme needs an
attribute; here it follows the system too, when <html> has no data-bs-theme. The result depends on the input only.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "fastpix/web/static"
NPM = ROOT / "node_modules"
MODULES = NPM / "@tabler"
CSS = STATIC / "vendor/tabler/tabler.css"
# What is taken as it is: folder below vendor/, package, files in it, licence, and what is to be said of them.
SCRIPTS = (
    (
        "hls",
        "hls.js",
        ("dist/hls.min.js",),
        "Apache-2.0",
        "the full build: the light one knows no subtitles and no second sound",
    ),
    (
        "plyr",
        "plyr",
        ("dist/plyr.min.js", "dist/plyr.css", "dist/plyr.svg"),
        "MIT",
        "the bar of the player; it keeps the Content-Security-Policy",
    ),
    ("resumable-uploads", "@fastpix/resumable-uploads", ("dist/uploads.js",), "MIT", "sets window.Uploader"),
)

# Sizes of screen for which utilities are kept.
_AT = r"(sm-|md-|lg-)?"
KEEP = re.compile(
    "|".join(
        (
            rf"d-{_AT}(none|block|inline|inline-block|flex|inline-flex|grid)",
            rf"(flex|justify-content|align-items|align-self|order)-{_AT}[a-z0-9-]+",
            rf"[mp][tbsexy]?-{_AT}([0-6]|auto)",
            r"(row-|column-)?gap-[0-6]",
            rf"col(-{_AT}(auto|\d+)|-sm|-md|-lg)?|row(-cols-{_AT}\d+)?|g[xy]?-{_AT}[0-5]",
            r"container(-xl|-tight|-narrow)?|row-(cards|deck)",
            r"text-(start|end|center|nowrap|wrap|break|truncate|reset|secondary|body|decoration-none)",
            r"fw-(normal|medium|bold)|fs-[1-5]|h[1-6]|small|lead|font-monospace|lh-[a-z0-9]+|list-(un)?styled?|list-inline(-item)?",
            r"[wh]-(25|50|75|100|auto)|mw-100|border(-0|-top|-bottom|-start|-end)?|rounded(-[0-3])?",
            r"visually-hidden(-focusable)?|sticky-top|overflow-(auto|hidden)|align-(top|middle|bottom)",
            r"card(-(body|header|title|subtitle|footer|table|actions|sm|md|lg|header-tabs))?",
            r"btn(-(primary|secondary|danger|warning|success|outline-[a-z]+|ghost-(secondary|danger|primary)|link|sm|lg|icon|list|close))?",
            r"(alert|badge|avatar|breadcrumb|datagrid|empty|list-group|nav|table|progress|status|steps?)(-[a-z0-9-]+)?",
            r"form-(label|hint|control|select|check|fieldset|text|switch)(-[a-z-]+)?|input-(group|icon)(-[a-z-]+)?",
            r"(in)?valid-feedback|is-(in)?valid|required|active|disabled|show|icon(-[a-z]+)?|hr(-text)?|subheader|markdown",
            r"(text|bg)-(red|green|yellow|orange|blue|azure|gray|primary|danger|success|warning|info|secondary)(-lt|-fg)?",
        )
    )
)
DROP = re.compile(
    r"[a-z-]*(gradient|pattern|carousel|popover|tooltip|offcanvas|modal|toast|ribbon|accordion|imagecheck|colorinput|vertical"
    r"|overlap|floating|divide|flag|payment|stamp|sparkline|segmented|bordered|pills|underline|notification|loading|animated"
    r"|mobile-(sm|lg|xl|xxl)|navbar|brand|(2xl|3xl|4xl)|x{1,2}l|lite|sort|selectable|dark|light|cyan|teal|lime|pink|purple|indigo)[a-z0-9-]*"
)
ICONS = [
    "alert-circle",
    "alert-triangle",
    "arrow-left",
    "ban",
    "broadcast",
    "building",
    "chart-bar",
    "check",
    "chevron-down",
    "chevron-right",
    "circle",
    "circle-check",
    "cloud-upload",
    "copy",
    "device-desktop",
    "download",
    "eye",
    "history",
    "home",
    "hourglass",
    "info-circle",
    "key",
    "layout-grid",
    "link",
    "list",
    "list-check",
    "lock",
    "logout",
    "mail",
    "menu-2",
    "music",
    "pencil",
    "player-pause",
    "player-play",
    "plus",
    "refresh",
    "search",
    "send",
    "server",
    "signature",
    "stack",
    "trash",
    "upload",
    "user-circle",
    "user-plus",
    "users",
    "video",
    "webhook",
    "world",
    "x",
]
DARK_AWAY = re.compile(r"\.theme-dark|\[data-theme|data-bs-navbar-theme|^body\[|data-bs-theme-|\.theme-")


def split(text: str, at: str = "") -> Iterator[str]:
    """Pieces of CSS: rules and statements when `at` is empty, else what stands between top-level `at`s."""
    start = depth = index = 0
    quote = ""
    while index < len(text):
        char = text[index]
        if quote:
            index += char == "\\"
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif text.startswith("/*", index):
            index = text.index("*/", index) + 1
        elif char in "{([":
            depth += 1
        elif char in "})]":
            depth -= 1
        if not quote and depth == 0 and (char == at or (not at and char in "};")):
            yield text[start : index + (not at)]
            start = index + 1
        index += 1
    if text[start:].strip():
        yield text[start:]


def is_wanted(selector: str, used: set[str]) -> bool:
    if DARK_AWAY.search(selector) or "[dir=rtl]" in selector:
        return False
    needed = re.findall(r"\.(-?[A-Za-z_][\w-]*)", re.sub(r":not\([^)]*\)", "", selector).replace("\\", ""))
    return all(name in used or (KEEP.fullmatch(name) and not DROP.fullmatch(name)) for name in needed)


def purge(css: str, used: set[str]) -> str:
    """The rules whose every class is wanted; dark rules once more for a system that is dark."""
    out = []
    for piece in split(css):
        head, brace, body = piece.partition("{")
        head = re.sub(r"/\*.*?\*/", "", head, flags=re.S).strip()
        body = body[:-1]
        if not brace or head.startswith("@charset"):
            continue
        if head.startswith(("@media", "@supports", "@layer", "@container")):
            inner = "" if re.search(r"\((min|max)-width:1[1-4]\d\d", head) else purge(body, used)
            out.append(f"{head}{{\n{inner}}}\n" if inner else "")
        elif head.startswith("@"):
            out.append(f"{head}{{{body}}}\n")
        else:
            wanted = [s for s in split(head, ",") if is_wanted(s, used)]
            if wanted:
                out.append(f"{','.join(wanted)}{{{body}}}\n")
            if dark := [s for s in wanted if "[data-bs-theme=dark]" in s and ":not(" not in s]:
                heads = ",".join(
                    s.replace(":root", "").replace("[data-bs-theme=dark]", ":where(:root):not([data-bs-theme])")
                    for s in dark
                )
                out.append(f"@media (prefers-color-scheme:dark){{{heads}{{{body}}}}}\n")
    return "".join(out)


VARIABLE = re.compile(
    r"(?<=[{;])(--[\w-]+):[^;{}\"'(]*(?:\((?:[^()\"']|\([^()]*\)|\((?:[^()]|\([^()]*\))*\))*\)[^;{}\"'(]*)*(?:;|(?=\}))"
)
KEYFRAMES = re.compile(r"@keyframes ([\w-]+)\{(?:[^{}]*\{[^{}]*\})*\}\n")
EMPTY = re.compile(r"(?m)^(@media[^{}]*\{)?[^@\n{}]+\{\}(?(1)\}|)\n")


def drop_unused(css: str, own: str) -> str:
    """Without variables and keyframes that nothing mentions any more, again and again until none is left."""
    slim, before = css, ""
    while slim != before:
        before = slim
        told = set(re.findall(r"var\((--[\w-]+)", slim + own))
        moved = set(re.findall(r"[\w-]+", " ".join(re.findall(r"animation(?:-name)?:([^;}]*)", slim + own))))
        slim = VARIABLE.sub(_keep_if(told), slim)
        slim = EMPTY.sub("", KEYFRAMES.sub(_keep_if(moved), slim))
    return slim


def _keep_if(names: set[str]) -> Callable[[re.Match[str]], str]:
    return lambda found: found[0] if found[1] in names else ""


def classes_in(pattern: str) -> set[str]:
    """Words that can be class names: all words of templates and scripts, so that none is missed."""
    words: set[str] = set()
    for path in sorted(STATIC.parent.parent.rglob(pattern)):
        if "vendor" not in path.parts and "mail" not in path.parts:
            words.update(re.findall(r"[a-zA-Z][\w-]*", path.read_text("utf-8")))
    return words


def own_styles() -> str:
    """The house's own stylesheets."""
    return "".join(path.read_text("utf-8") for path in sorted(STATIC.glob("*.css")))


def copy_scripts() -> None:
    """The scripts as their packages built them, each with its licence and version."""
    for folder, package, files, licence, note in SCRIPTS:
        source, to = NPM / package, STATIC / "vendor" / folder
        to.mkdir(parents=True, exist_ok=True)
        for file in files:
            text = (source / file).read_text("utf-8")
            # The map is not shipped, and a browser's developer tools would ask for it.
            text = re.sub(r"\n?//# sourceMappingURL=.*\n?$", "\n", text)
            (to / Path(file).name).write_text(text, "utf-8")
        (to / "LICENSE").write_bytes(next(source.glob("LICENSE*")).read_bytes())
        version = json.loads((source / "package.json").read_text("utf-8"))["version"]
        (to / "VERSIONS").write_text(f"{package} {version} {licence} ({', '.join(files)}: {note})\n", "utf-8")


def sprite() -> str:
    symbols = []
    for name in ICONS:
        svg = (MODULES / f"icons/icons/outline/{name}.svg").read_text("utf-8")
        paths = re.findall(r"<(?!path stroke=\"none\")(?:path|circle|line|rect|polyline)[^>]*>", svg)
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{"".join(paths)}</symbol>')
    head = '<svg xmlns="http://www.w3.org/2000/svg">'  # how lines are drawn stands in app.css: `.icon`
    return (
        "<!-- Tabler Icons, MIT licence: vendor/tabler/LICENSE -->\n" + head + "\n" + "\n".join(symbols) + "\n</svg>\n"
    )


def check() -> int:
    """Says which classes of the templates stand in no stylesheet."""
    styles = CSS.read_text("utf-8") + own_styles()
    known = set(re.findall(r"\.(-?[A-Za-z_][\w-]*)", styles))
    unknown: dict[str, list[str]] = {}
    for path in sorted(STATIC.parent.parent.rglob("*.html")):
        if "mail" in path.parts:
            continue
        text = re.sub(r"\{[%#].*?[%#]\}", " ", path.read_text("utf-8"), flags=re.S)
        for value in re.findall(r'\sclass="([^"]*)"', re.sub(r"\{\{.*?\}\}", "?", text, flags=re.S)):
            for name in value.split():
                if "?" not in name and name not in known:
                    unknown.setdefault(name, []).append(str(path.relative_to(ROOT)))
    for name, paths in sorted(unknown.items()):
        print(f"{name}: in no stylesheet; used in {', '.join(sorted(set(paths)))}")
    return 1 if unknown else 0


def main() -> int:
    if "--check" in sys.argv:
        return check()
    if not MODULES.exists():
        print("node_modules is missing: npm ci --ignore-scripts", file=sys.stderr)
        return 1
    versions = {
        name: json.loads((MODULES / name / "package.json").read_text("utf-8"))["version"] for name in ("core", "icons")
    }
    source = (MODULES / "core/dist/css/tabler.min.css").read_text("utf-8")
    used = classes_in("*.html") | classes_in("*.js")
    used -= {name for name in used if DROP.fullmatch(name)}
    css = drop_unused(purge(source, used), own_styles())
    banner = f"/*! Tabler {versions['core']}, MIT licence (LICENSE beside this file). Cut down by scripts/vendor.py; do not edit. */\n"
    CSS.write_text(banner + css, "utf-8")
    (STATIC / "icons.svg").write_text(sprite(), "utf-8")
    (CSS.parent / "VERSIONS").write_text(
        f"@tabler/core {versions['core']} MIT (tabler.css: cut down, dark theme follows the system)\n"
        f"@tabler/icons {versions['icons']} MIT (../../icons.svg: {len(ICONS)} of its outline icons)\n",
        "utf-8",
    )
    copy_scripts()
    print(f"tabler.css {CSS.stat().st_size // 1000} kB of {len(source) // 1000} kB, {len(ICONS)} icons")
    return 0


if __name__ == "__main__":
    sys.exit(main())
