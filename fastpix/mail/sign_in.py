"""Signing in at the mail server, also with a password that is not ASCII, which smtplib cannot send."""

from __future__ import annotations

import base64
import smtplib


def sign_in(server: smtplib.SMTP, user: str, password: str) -> None:
    """As `SMTP.login`, and in UTF-8, as RFC 4616 has it, where that would fail. Raises `SMTPException`."""
    if (user + password).isascii():
        server.login(user, password)
        return
    server.ehlo_or_helo_if_needed()
    ways = server.esmtp_features.get("auth", "").upper().split()
    if "PLAIN" in ways:
        code, said = server.docmd("AUTH", f"PLAIN {_encoded(f'{chr(0)}{user}{chr(0)}{password}')}")
    elif "LOGIN" in ways:
        code, said = server.docmd("AUTH", f"LOGIN {_encoded(user)}")
        if code == 334:
            code, said = server.docmd(_encoded(password))
    else:
        raise smtplib.SMTPNotSupportedError("The mail server takes no password that is not ASCII.")
    if code not in (235, 503):  # the second one: signed in already
        raise smtplib.SMTPAuthenticationError(code, said)


def spoken(user: str, password: str) -> list[str]:
    """What of the credentials is said to the server, in the forms that an answer could repeat."""
    plain = f"{chr(0)}{user}{chr(0)}{password}"
    return [each for each in (_encoded(plain), _encoded(user), _encoded(password), password) if len(each) > 3]


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
