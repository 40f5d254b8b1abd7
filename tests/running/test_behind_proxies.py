"""Real nginx and real Caddy with the configurations that we ship, over TLS, in front of the real web server."""

from __future__ import annotations

import shutil
import sqlite3
import ssl
import subprocess
from contextlib import closing, nullcontext
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from fastpix.db import db
from tests import nginx
from tests.cast import PASSWORD
from tests.delivery.screening import Cinema, segment
from tests.nginx import SHIPPED, Nginx, replaced
from tests.running.server import Server, eventually, free_port

CADDY = shutil.which("caddy")
PREFIX = "/_fastpix_media/"
MIB = 1 << 20
FORGED = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"}

pytestmark = pytest.mark.skipif(
    nginx.is_missing or CADDY is None, reason=f"{nginx.MISSING}; and Caddy: apt-get install caddy"
)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """(certificate, key): files of a certificate for localhost that signs itself."""
    folder = tmp_path_factory.mktemp("certificate")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "public.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "private.pem").write_bytes(key.private_bytes(*form))
    return folder / "public.pem", folder / "private.pem"


class Caddy:
    """A running Caddy with the shipped Caddyfile, on a port of this machine with that certificate."""

    def __init__(self, folder, port, certificate, backend):
        folder.mkdir()
        public, private = certificate
        text = replaced(
            (SHIPPED / "Caddyfile").read_text(),
            {
                r"video\.example\.com \{": f"https://localhost:{port} {{\n\tbind 127.0.0.1\n\ttls {public} {private}",
                r"reverse_proxy 127\.0\.0\.1:8000": f"reverse_proxy {backend}",
            },
        )
        self.path, self.log = folder / "Caddyfile", folder / "log"
        self.path.write_text("{\n\tadmin off\n\tauto_https disable_redirects\n}\n" + text)
        self.environ = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}

    def check(self):
        command = [CADDY, "validate", "--adapter", "caddyfile", "--config", str(self.path)]
        done = subprocess.run(command, env=self.environ, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr

    def start(self):
        command = [CADDY, "run", "--adapter", "caddyfile", "--config", str(self.path)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env=self.environ, stdout=log, stderr=log)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The web server with a film on its disk, as a public site on https://localhost: nobody is in front yet."""
    port = free_port()
    url = f"https://localhost:{port}"
    made = Server(tmp_path_factory.mktemp("behind"), public_url=url, trusted_proxies="1", accel_prefix=PREFIX)
    films = []

    def show(cast):
        films.append(Cinema(SimpleNamespace(cast=cast, session=lambda: nullcontext(db.session))).show())

    made.cast, made.public_port = made.seed(also=show), port
    (made.film,) = films
    made.start_web()
    yield made
    made.stop()


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def proxy(request, server, certificate, tmp_path_factory):
    """One of them on the public port, its configuration found right by itself; its name."""
    folder, port, backend = tmp_path_factory.mktemp("front"), server.public_port, server.settings["bind"]
    if request.param == "caddy":
        front = Caddy(folder / "caddy", port, certificate, backend)
    else:
        front = Nginx(folder / "nginx", port, http=with_tls(folder / "nginx", port, certificate, backend, server))
    front.check()
    front.start()
    try:
        eventually(lambda: answers(port))
        yield request.param
    finally:
        front.stop()


def with_tls(folder, port, certificate, backend, server):
    """The shipped nginx.conf with everything an operator changes, and nothing else."""
    public, private = certificate
    media = f"{server.folder}/media/"
    locations = replaced((SHIPPED / "fastpix-locations.conf").read_text(), {r"/var/lib/fastpix/media/": media})
    folder.mkdir()
    (folder / "fastpix-locations.conf").write_text(locations)
    return replaced(
        (SHIPPED / "nginx.conf").read_text(),
        {
            r"listen 80;\n    listen \[::\]:80;": f"listen 127.0.0.1:{free_port()};",
            r"listen 443 ssl http2;\n    listen \[::\]:443 ssl http2;": f"listen 127.0.0.1:{port} ssl http2;",
            r"video\.example\.com;": "localhost;",
            r"/etc/ssl/video\.example\.com\.pem": str(public),
            r"/etc/ssl/video\.example\.com\.key": str(private),
            r"127\.0\.0\.1:8000": backend,
            r"include fastpix-locations\.conf": f"include {folder}/fastpix-locations.conf",
        },
    )


def answers(port):
    try:
        return httpx.get(f"https://localhost:{port}/healthz", verify=False).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def browser(server, certificate):
    context = ssl.create_default_context(cafile=str(certificate[0]))
    with httpx.Client(base_url=server.url, verify=context, timeout=60, follow_redirects=True) as client:
        yield client


def sign_in(browser, **headers):
    page = browser.get("/sign-in").text
    csrf = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    form = {"email": "mel@mel.example", "password": PASSWORD, "csrf_token": csrf}
    return browser.post("/sign-in", data=form, headers={"Referer": str(browser.base_url)} | headers)


def test_fastpix_sees_the_visitor_through_the_proxy_and_not_what_is_claimed(proxy, server, browser, certificate):
    landed = sign_in(browser, **{name: text for name, text in FORGED.items() if name != "X-Forwarded-Proto"})
    assert landed.status_code == 200 and landed.url.path.startswith("/o/acme"), landed.text
    assert all(cookie.secure for cookie in browser.cookies.jar if "session" in cookie.name)
    with closing(sqlite3.connect(server.folder / "fastpix.db")) as database:
        newest = "SELECT address FROM sessions ORDER BY created_at DESC LIMIT 1"
        assert database.execute(newest).fetchone() == ("127.0.0.1",)
    for headers in ({}, FORGED):
        home = browser.get("/", headers=headers)
        assert home.status_code == 200 and home.url.host == "localhost" and home.url.scheme == "https"
    doctor = server.run("doctor", SSL_CERT_FILE=str(certificate[0]))
    assert f"{server.url} answers, through 1 proxy, from 127.0.0.1." in doctor.stdout, doctor.stdout


def test_files_go_through_whatever_their_size_and_forms_do_not(proxy, server, browser):
    token = server.cast.people["ada"].tokens["admin"]
    body = {"corsOrigin": "*", "pushMediaSettings": {"accessPolicy": "public"}}
    asked = browser.post("/v1/on-demand/upload", json=body, auth=(str(token.id), token.secret))
    url = asked.json()["data"]["url"]
    assert url.startswith(f"{server.url}/upload/")
    first = {"Content-Range": f"bytes 0-{5 * MIB - 1}/{8 * MIB}"}
    assert browser.put(url, content=b"a" * (5 * MIB), headers=first).status_code == 308
    rest = {"Content-Range": f"bytes {5 * MIB}-{8 * MIB - 1}/{8 * MIB}"}
    assert browser.put(url, content=b"a" * (3 * MIB), headers=rest).status_code == 200
    large = browser.post("/sign-in", content=b"a" * (4 * MIB), headers={"Content-Type": "text/plain"})
    assert large.status_code == 413 and "x-request-id" not in large.headers, "said before fastpix is asked"
    assert browser.get("/sign-in").status_code == 200, "who sends too much takes no server away from the others"


def test_a_segment_of_the_disk_is_sent_with_its_headers_for_players(proxy, server, browser):
    if proxy == "caddy":  # it knows no X-Accel-Redirect: as its file says, the setting is left out
        answer = browser.get(f"{server.film.public}/{server.film.segment}")
        assert answer.headers["X-Accel-Redirect"].startswith(PREFIX), (answer.status_code, dict(answer.headers))
        return
    path = f"{server.film.public}/{server.film.segment}"
    answer = browser.get(path)
    assert answer.content == segment(1)
    assert "X-Accel-Redirect" not in answer.headers
    assert answer.headers["Content-Type"] == "video/iso.segment"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    part = browser.get(path, headers={"Range": "bytes=100-199"})
    assert part.status_code == 206 and part.content == segment(1)[100:200]
    again = browser.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    for guess in (f"{PREFIX}{server.film.folder}/source", f"{PREFIX}../fastpix.db", f"{PREFIX}..%2fsecret_key"):
        assert browser.get(guess).status_code == 404, "nobody can ask for it"


def test_what_is_public_is_compressed_and_pages_are_not(proxy, browser):
    page = browser.get("/sign-in")
    assert "Content-Encoding" not in page.headers
    style = page.text.split('rel="stylesheet" href="')[1].split('"')[0]
    assert browser.get(style).headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_the_cookies_of_many_neighbours_come_through(proxy, server, certificate, version):
    """Every program on this host and its parents leaves cookies that a browser sends to all of them: 16 kB were seen."""
    neighbours = "; ".join(f"neighbour_{number}={'n' * 1000}" for number in range(16))
    command = ["curl", version, "-sS", "-o", "/dev/null", "-w", "%{http_code} %{http_version}"]
    command += ["--cacert", str(certificate[0]), "-H", f"Cookie: {neighbours}", f"{server.url}/sign-in"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout == ("200 2" if version == "--http2" else "200 1.1"), (done.stdout, done.stderr)
