"""Connections to mail servers: encryption, sign-in, bad addresses."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import timedelta
from uuid import uuid4

import pytest
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fastpix.config.parsers import smtp_url
from fastpix.config.settings import Settings
from fastpix.db import now
from fastpix.mail import smtp


def letter(recipient="ada@example.com", subject="Hello"):
    return smtp.Letter(uuid4(), recipient, subject, "text\n", "<p>text</p>")


@pytest.fixture
def certificate(tmp_path):
    """Path of a certificate for 127.0.0.1, and a server context that uses it."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now() - timedelta(days=1))
    builder = builder.not_valid_after(now() + timedelta(days=1)).add_extension(address, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    path, private = tmp_path / "cert.pem", serialization.PrivateFormat.PKCS8
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption())
    path.write_bytes(pem + secret)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    return path, context


def authenticator(_server, _session, _envelope, _mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"us er@x", b"p:/@ss"), handled=False)


def test_starttls_and_a_sign_in_with_odd_letters(unplugged, serve, certificate, monkeypatch):
    path, context = certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    options = {"tls_context": context, "require_starttls": True, "authenticator": authenticator, "auth_required": True}
    with serve(unplugged, **options) as server:
        url = "smtp+starttls://us%20er%40x:{}@127.0.0.1:" + str(server.port)
        smtp.send(Settings(smtp_url=url.format("p%3A%2F%40ss")), letter())
        assert len(unplugged.taken) == 1
        with pytest.raises(smtp.Unavailable, match=r"^535 "):
            smtp.send(Settings(smtp_url=url.format("wrong")), letter())


def test_a_server_without_starttls_is_never_spoken_to_in_the_clear(unplugged, serve):
    with serve(unplugged) as server, pytest.raises(smtp.Unavailable, match="STARTTLS"):
        smtp.send(Settings(smtp_url=f"smtp+starttls://127.0.0.1:{server.port}"), letter())
    assert not unplugged.taken


def test_smtps_with_a_certificate_that_is_trusted_or_not(unplugged, serve, certificate, monkeypatch):
    path, context = certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with serve(unplugged, ssl_context=context) as server:
        settings = Settings(smtp_url=f"smtps://127.0.0.1:{server.port}")
        smtp.send(settings, letter())
        monkeypatch.delenv("SSL_CERT_FILE")
        with pytest.raises(smtp.Unavailable, match=r"no secure connection to 127\.0\.0\.1:.*self.signed"):
            smtp.send(settings, letter())
    assert len(unplugged.taken) == 1


def test_a_name_in_the_sender_is_kept(unplugged, serve):
    with serve(unplugged) as server:
        settings = Settings(smtp_url=f"smtp://127.0.0.1:{server.port}", mail_from="Acme Video <no-reply@acme.example>")
        smtp.send(settings, letter())
    assert unplugged.taken[0].mail_from == "no-reply@acme.example"
    assert b"From: Acme Video <no-reply@acme.example>" in unplugged.taken[0].content


@pytest.mark.parametrize(
    "recipient", ["ada", "ada@x.example, eve@y.example", "ada@x.example\nBcc: eve@y.example", "", "a@@b", "<>"]
)
def test_an_address_that_is_none_is_rejected(unplugged, serve, recipient):
    with serve(unplugged) as server, pytest.raises(smtp.Rejected, match="is not a mail address"):
        smtp.send(Settings(smtp_url=f"smtp://127.0.0.1:{server.port}"), letter(recipient))
    assert not unplugged.taken


def test_a_domain_in_other_letters_is_sent_as_ascii(unplugged, serve):
    with serve(unplugged) as server:
        for domain in ("müller.example", "straße.example"):
            smtp.send(Settings(smtp_url=f"smtp://127.0.0.1:{server.port}"), letter(f"ada@{domain}"))
    assert unplugged.taken[0].rcpt_tos == ["ada@xn--mller-kva.example"]
    assert unplugged.taken[1].rcpt_tos == ["ada@xn--strae-oqa.example"], "not strasse.example, which is somebody else's"


@pytest.mark.parametrize(
    ("host", "hello"), [("video.example.com", "video.example.com"), ("10.0.0.1", "[10.0.0.1]"), ("::1", "[IPv6:::1]")]
)
def test_the_server_is_greeted_properly(host, hello):
    assert smtp._hello(host) == hello


def test_a_bad_sender_is_the_set_ups_fault_and_not_the_mails(serve, unplugged):
    with serve(unplugged) as server, pytest.raises(smtp.Unavailable, match="nobody is not a mail address"):
        smtp.send(Settings(smtp_url=f"smtp://127.0.0.1:{server.port}", mail_from="nobody"), letter())


@pytest.mark.parametrize("excluded", ["LOGIN", "PLAIN"])
def test_a_password_that_is_not_ascii_signs_in(unplugged, serve, certificate, monkeypatch, excluded):
    """smtplib itself encodes it as ASCII, and its error names the letters."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    seen = []

    def authenticate(_server, _session, _envelope, _mechanism, data):
        seen.append((data.login.decode(), data.password.decode()))
        return AuthResult(success="wrong" not in data.password.decode(), handled=False)

    options = {"authenticator": authenticate, "auth_required": True, "auth_exclude_mechanism": [excluded]}
    with serve(unplugged, tls_context=certificate[1], require_starttls=True, **options) as server:
        for password in ("pä/#?€", "pä wrong"):
            given = Settings(smtp_url=smtp_url(f"smtp+starttls://ada:{password}@127.0.0.1:{server.port}"))
            if "wrong" in password:
                with pytest.raises(smtp.Unavailable, match=r"^535 "):
                    smtp.send(given, letter())
            else:
                smtp.send(given, letter())
    assert seen == [("ada", "pä/#?€"), ("ada", "pä wrong")] and len(unplugged.taken) == 1
