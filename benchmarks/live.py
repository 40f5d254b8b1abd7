"""Live ingest of 720p by copy: processor time and memory a stream, against nginx-rtmp alone with HLS and recording.

All in one run, one after the other; the encoders (ffmpeg, looping a clip) share the machine. "fastpix" is `fastpix live` as
it comes; "behind nginx" takes the streams in by nginx with the shipped configuration. Lost pieces are counted from what
players would get. Needs nginx with RTMP: apt-get install nginx-light libnginx-mod-rtmp.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import sqlalchemy as sa

from benchmarks import live_first_picture, serving, tenant
from benchmarks.frame import Benchmark, Found, Options, Row, Unavailable, most
from fastpix.access import tenancy
from fastpix.app import create_app
from fastpix.config.settings import Settings
from fastpix.db import db
from fastpix.resources.live_streams.broadcasts.models import LiveBroadcast, LiveSegment
from fastpix.video import tools

MODULE = "/usr/lib/nginx/modules/ngx_rtmp_module.so"
SEGMENT = 2.0
COUNTS, MANY = (1, 10, 30), 30
ALONE = """rtmp {{ server {{ listen 127.0.0.1:{port}; chunk_size 4096; max_message 5M; application live {{ live on; wait_key on;
  interleave on; hls on; hls_path {folder}/hls; hls_nested on; hls_fragment 2s; hls_playlist_length 20s;
  record all; record_path {folder}/rec; record_unique on; }} }} }}"""


@dataclass
class Streams:
    """Percent of one core and MiB (PSS), both a stream; pieces that are missing, in all. `more` are the MiB beyond what
    the program takes while nobody sends."""

    core: float
    memory: float
    lost: int
    more: float = 0.0


def _row(count: int, what: str, unit: str, goal: object = None) -> Row:
    streams = "1 stream" if count == 1 else f"{count} streams"
    return Row(f"live 720p, {streams}: {what}", unit, "nginx-rtmp alone", goal)


CPU, MEMORY, BEHIND, LOST = "CPU a stream", "memory a stream", "CPU a stream behind nginx", "pieces lost"
MORE = "memory a stream, beyond the idle program"
# A piece is two seconds long. A player waited 5.4 s in December 2026 (docs/decisions/2026-12-01-live-without-ffmpeg.md).
FIRST = Row("live 720p: first picture in a player that waits", "s", "a piece", most(0.7 * 5.4 / SEGMENT))
ROWS = (
    *(
        row
        for count in COUNTS
        for row in (
            _row(count, CPU, "% of a core", most(1.3) if count > 1 else None),
            _row(count, BEHIND, "% of a core"),
            _row(count, MEMORY, "MiB"),
            _row(count, MORE, "MiB", most(2, "MiB") if count > 1 else None),
            _row(count, LOST, "pieces", most(0, "pieces")),
        )
    ),
    FIRST,
)


def measure(options: Options) -> Iterator[tuple[str, Found]]:
    if not Path(MODULE).exists():
        raise Unavailable("needs nginx with RTMP: apt-get install nginx-light libnginx-mod-rtmp")
    seconds = options.quick(6, 20)
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        folder.chmod(0o755)
        clip = _clip(folder / "clip.flv")
        for count in COUNTS[:1] if options.is_quick else COUNTS:
            kinds: list[Callable[[Path, Path, int, int], Streams]] = [_nginx, _fastpix, _behind]
            alone, ours, behind = (kind(folder, clip, count, seconds) for kind in kinds)
            yield _row(count, CPU, "").name, Found(ours.core, alone.core)
            yield _row(count, BEHIND, "").name, Found(behind.core, alone.core)
            yield _row(count, MEMORY, "").name, Found(ours.memory, alone.memory)
            yield _row(count, MORE, "").name, Found(ours.more, alone.more)
            yield _row(count, LOST, "").name, Found(ours.lost)
        (instance := folder / "first").mkdir()
        rounds = options.quick(1, 6)
        yield FIRST.name, Found(live_first_picture.seconds(instance, clip, rounds), SEGMENT)


def _clip(to: Path) -> Path:
    rate = "-b:v 2500k -maxrate 2500k -bufsize 2500k -g 60 -sc_threshold 0 -pix_fmt yuv420p -c:a aac"
    command = [
        *(tools.ffmpeg(), "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30,noise=alls=4:allf=t"),
        *("-f", "lavfi", "-i", "sine", "-t", "10", "-c:v", "libx264", "-preset", "veryfast", *rate.split(), str(to)),
    ]
    subprocess.run(command, check=True)
    return to


@contextmanager
def _publishing(clip: Path, port: int, names: list[str]) -> Iterator[None]:
    encoders = []
    try:
        for name in names:
            url = f"rtmp://127.0.0.1:{port}/live/{name}"
            command = [tools.ffmpeg(), "-v", "quiet", "-nostdin", "-re", "-stream_loop", "-1", "-i", str(clip)]
            encoders.append(subprocess.Popen([*command, "-c", "copy", "-f", "flv", url]))
            time.sleep(0.15)
        yield
        gone = sum(encoder.poll() is not None for encoder in encoders)
        if gone:
            print(f"{gone} of {len(encoders)} encoders were cut off", file=sys.stderr)
    finally:
        for encoder in encoders:
            encoder.kill()
            encoder.wait()


def _used(first: psutil.Process) -> tuple[dict[int, float], float]:
    """Processor seconds by process and MiB of a process and all it started."""
    seconds, memory = {}, 0.0
    for process in (first, *first.children(recursive=True)):
        try:
            times = process.cpu_times()
            seconds[process.pid] = times.user + times.system
            memory += process.memory_full_info().pss / (1 << 20)
        except psutil.NoSuchProcess:
            continue
    return seconds, memory


def _memory(pid: int) -> float:
    return _used(psutil.Process(pid))[1]


def _watch(pids: list[int], seconds: int, count: int) -> tuple[float, float]:
    """Percent of one core and MiB, a stream."""
    time.sleep(6)  # the first pieces are out
    processes = [psutil.Process(pid) for pid in pids]
    before = {pid: used for process in processes for pid, used in _used(process)[0].items()}
    begun = time.monotonic()
    time.sleep(seconds)
    passed = time.monotonic() - begun
    after, memory = {}, 0.0
    for process in processes:
        used, more = _used(process)
        after |= used
        memory += more
    spent = sum(after[pid] - before.get(pid, 0.0) for pid in after)
    return 100 * spent / passed / count, memory / count


def _nginx(folder: Path, clip: Path, count: int, seconds: int) -> Streams:
    here, port = folder / f"nginx-{count}", serving.free_port()
    for name in ("hls", "rec"):
        (here / name).mkdir(parents=True)
    here.chmod(0o777)
    served = _running_nginx(here, ALONE.format(port=port, folder=here), port)
    with served as pid:
        idle = _memory(pid)
        with _publishing(clip, port, [f"s{number}" for number in range(count)]):
            core, memory = _watch([pid], seconds, count)
        playlists = list((here / "hls").glob("*/index.m3u8"))
        lost = sum(_lost_of(_extinf(path)) for path in playlists) + count - len(playlists)
    shutil.rmtree(here)
    return Streams(core, memory, lost, memory - idle / count)


def _extinf(playlist: Path) -> list[float]:
    return [float(line[8:].rstrip(",")) for line in playlist.read_text().splitlines() if line.startswith("#EXTINF:")]


def _lost_of(lengths: list[float]) -> int:
    """How many pieces of a playlist are longer than they should be: what is missing between keyframes is lost."""
    return sum(length > SEGMENT * 1.5 for length in lengths) + (0 if lengths else 1)


@contextmanager
def _running_nginx(here: Path, rtmp: str, port: int) -> Iterator[int]:
    (here / "nginx.conf").write_text(
        f"user root;\nload_module {MODULE};\ndaemon off;\npid {here}/pid;\nerror_log {here}/error.log;\n"
        f"worker_processes 1;\nevents {{ worker_connections 1024; }}\n{rtmp}\n"
    )
    process = subprocess.Popen(["/usr/sbin/nginx", "-p", str(here), "-c", str(here / "nginx.conf")])
    try:
        serving.until(port)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _fastpix(folder: Path, clip: Path, count: int, seconds: int) -> Streams:
    port = serving.free_port()
    settings = {"instance_path": folder / f"own-{count}", "live_bind": f"127.0.0.1:{port}", "srt_bind": "off"}
    with _instance(settings, count, port) as (pid, keys, lost):
        idle = _memory(pid)
        with _publishing(clip, port, keys):
            core, memory = _watch([pid], seconds, count)
            return Streams(core, memory, lost(), memory - idle / count)


def _behind(folder: Path, clip: Path, count: int, seconds: int) -> Streams:
    port, asked, here = serving.free_port(), serving.free_port(), folder / f"front-{count}"
    here.mkdir()
    shipped = (serving.ROOT / "docs/deploy/nginx-rtmp.conf").read_text()
    rtmp = shipped.replace("listen 1935", f"listen 127.0.0.1:{port}").replace(":1936/", f":{asked}/")
    settings = {
        "instance_path": folder / f"behind-{count}",
        "live_bind": "off",
        "live_callbacks": f"127.0.0.1:{asked}",
        "live_relay_url": f"rtmp://127.0.0.1:{port}/live",
    }
    served, instance = _running_nginx(here, rtmp, port), _instance(settings, count, asked)
    with served as front, instance as (pid, keys, lost), _publishing(clip, port, keys):
        core, memory = _watch([front, pid], seconds, count)
        return Streams(core, memory, lost())


@contextmanager
def _instance(given: dict, count: int, port: int) -> Iterator[tuple]:
    """An instance with that many streams and its ingest: process id, keys, and how to count what was lost."""
    given |= {"live_streams": 1000}
    settings = Settings(**given)
    app = create_app(settings)
    tenant.migrate(app)
    keys = [each["stream_key"] for each in tenant.live_streams(app, count)]
    environ = serving.environment(port=serving.free_port(), instance=settings.instance_path, **given)
    with serving.running(serving.fastpix("live"), environ, settings.instance_path / "log") as process:
        serving.until(port)
        yield process.pid, keys, lambda: _lost(app, count)
    shutil.rmtree(settings.instance_path, ignore_errors=True)


def _lost(app: object, count: int) -> int:
    """Pieces longer than they should be, connections that were broken, and streams that never came."""
    with app.app_context(), tenancy.everywhere("a benchmark looks at all"):  # type: ignore[attr-defined]
        lengths = db.session.scalars(sa.select(LiveSegment.seconds)).all()
        out = db.session.execute(sa.select(LiveBroadcast.part, LiveBroadcast.position)).all()
        db.session.rollback()
    return _lost_of(list(lengths)) + sum(part - 1 for part, _ in out) + count - len([1 for _, p in out if p > 5])


BENCHMARKS = (Benchmark("live", "live ingest against nginx-rtmp", ROWS, measure, is_slow=True),)
