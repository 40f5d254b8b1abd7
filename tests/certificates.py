"""Certificates for servers of tests that speak TLS: nobody else signed them."""

from __future__ import annotations

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def self_signed(
    name: str, names: list[x509.GeneralName], *further: tuple[x509.ExtensionType, bool]
) -> tuple[bytes, bytes]:
    """A key and its certificate for these names, as PEM; good since yesterday and until tomorrow.

    `further` are extensions, each with whether it is critical.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
    )
    for extension, is_critical in further:
        builder = builder.add_extension(extension, critical=is_critical)
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    certificate = builder.sign(key, hashes.SHA256())
    return key.private_bytes(*plain), certificate.public_bytes(serialization.Encoding.PEM)
