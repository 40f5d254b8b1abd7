"""The two doors as a person has them: `ada.page.get("/o/acme/")`, `ada.api.post("iam/workspaces", {...})`."""

from __future__ import annotations

import base64
import hashlib
import os
from typing import Any

from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from tests.cast import Person, Token, cookie_name


class PageDoor:
    """A browser: cookies, and the right CSRF token in every form unless `csrf=False`."""

    def __init__(self, app: Flask, session: str = "") -> None:
        self.app = app
        self.client = app.test_client()
        if session:
            self.client.set_cookie(cookie_name(app), session)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.open("GET", path, **options)

    def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        return self.open("POST", path, data=data, **options)

    def open(self, method: str, path: str, *, csrf: bool = True, **options: Any) -> TestResponse:
        if method not in ("GET", "HEAD", "OPTIONS") and csrf:
            options["data"] = {"csrf_token": self.csrf_token(), **(options.get("data") or {})}
        return self.client.open(path, method=method, buffered=True, **options)

    def csrf_token(self) -> str:
        """A token for the browser's present state, as a page of ours would have held it."""
        with self.client.session_transaction() as state:
            raw = state.setdefault("csrf_token", hashlib.sha1(os.urandom(32)).hexdigest())
        return str(URLSafeTimedSerializer(self.app.secret_key, salt="wtf-csrf-token").dumps(raw))


class ApiDoor:
    """A script: HTTP Basic, JSON, no cookies. Paths are after `/v1/`; one that begins with a slash is taken whole."""

    def __init__(self, app: Flask, token: Token | None = None) -> None:
        self.client, self.token = app.test_client(use_cookies=False), token

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.open("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self.open("POST", path, json=body, **options)

    def patch(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self.open("PATCH", path, json=body, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        return self.open("DELETE", path, **options)

    def open(self, method: str, path: str, *, json: Any = None, **options: Any) -> TestResponse:
        headers = dict(options.pop("headers", {}))
        if self.token is not None:
            pair = base64.b64encode(f"{self.token.id}:{self.token.secret}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        if json is not None:
            options["json"] = json
        path = path if path.startswith("/") else f"/v1/{path}"
        return self.client.open(path, method=method, headers=headers, buffered=True, **options)


class Doors:
    """A person of the cast at both doors. `api` uses their mightiest token, `api_with(label)` another one."""

    def __init__(self, app: Flask, person: Person | None) -> None:
        self.app, self.person = app, person
        self.page = PageDoor(app, person.session if person else "")
        self.api = self.api_with("people") if person and person.tokens else ApiDoor(app)

    def api_with(self, label: str) -> ApiDoor:
        """`people` (admin, may manage people), `admin` or `member`, as far as the person has such a token."""
        assert self.person is not None
        return ApiDoor(self.app, self.person.tokens[label])

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["person"], name)
