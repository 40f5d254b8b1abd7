"""The clients of the access check, for pages and API: at the operator's public address, with a right CSRF token."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from typing import Any

from flask import Flask
from itsdangerous import URLSafeTimedSerializer

from fastpix.access_check.cast import Cast
from fastpix.accounts.cookies import session_cookie
from fastpix.config.settings import Settings


@dataclass(frozen=True)
class Answer:
    """What came back: the status, and whether it sends one to the sign-in."""

    status: int
    is_sign_in: bool


class Doors:
    """Sends one request at a time, each from a browser or script of its own."""

    def __init__(self, app: Flask, settings: Settings, cast: Cast) -> None:
        self._cast, self._cookie, self._address = cast, session_cookie(settings), settings.public_url
        self._client = app.test_client(use_cookies=False)
        raw = secrets.token_hex(20)
        state = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]  # Flask's own kind
        self._state = f"{app.config['SESSION_COOKIE_NAME']}={state.dumps({'csrf_token': raw})}"
        self._csrf = str(URLSafeTimedSerializer(str(app.secret_key), salt="wtf-csrf-token").dumps(raw))

    def ask(self, method: str, path: str, person: str, proof: str, *, is_api: bool) -> Answer:
        """One request by a person with a proof, as `matrix.Caller` names them."""
        headers = self._headers(person, proof)
        body: dict[str, Any] = {}
        if method not in ("GET", "HEAD"):
            body = {"json": {}} if is_api else {"data": {"csrf_token": self._csrf}}
        response = self._client.open(
            path, method=method, base_url=self._address, headers=headers, buffered=True, **body
        )
        is_sign_in = response.status_code == 302 and "/sign-in" in response.headers.get("Location", "")
        return Answer(response.status_code, is_sign_in)

    def _headers(self, person: str, proof: str) -> dict[str, str]:
        headers = {"Origin": self._address, "Referer": f"{self._address}/"}
        if proof in ("session", "a session at the API"):
            return headers | {"Cookie": f"{self._state}; {self._cookie}={self._cast.sessions[person]}"}
        headers["Cookie"] = self._state
        if proof == "nothing":
            return headers
        label = proof if (person, proof) in self._cast.tokens else "people"
        token_id, secret = self._cast.tokens[person, label]
        if proof == "a wrong secret":
            secret = secret[:-1] + "~"
        return headers | {"Authorization": f"Basic {base64.b64encode(f'{token_id}:{secret}'.encode()).decode()}"}
