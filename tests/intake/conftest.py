"""An upload that waits, and somebody who sends to it."""

from __future__ import annotations

import uuid
from urllib.parse import urlsplit

import pytest

from fastpix.access import tenancy
from fastpix.resources.media.uploads import lifecycle
from fastpix.storage import instance as storage


class Sender:
    """Speaks the protocol of docs/fastpix-contract.md, section 7, to one upload address."""

    def __init__(self, world, client, url):
        parts = urlsplit(url)
        self.world, self.client, self.path = world, client, f"{parts.path}?{parts.query}"
        self.id = parts.path.rpartition("/")[2]

    def open(self, **headers):
        return self.client.post(self.path, headers={"x-goog-resumable": "start"} | headers)

    def put(self, data, content_range=None, **options):
        headers = {"Content-Range": content_range} if content_range else {}
        return self.client.put(self.path, data=data, headers=headers | options.pop("headers", {}), **options)

    def chunk(self, whole, first, last, total=None):
        return self.put(whole[first : last + 1], f"bytes {first}-{last}/{total or len(whole)}")

    def ask(self, total="*"):
        return self.put(b"", f"bytes */{total}")

    def stored(self):
        with self.world.session(), tenancy.everywhere("the test looks"):
            return storage.get().appended(lifecycle.received_key(uuid.UUID(self.id)))


@pytest.fixture
def sender(world, ada):
    """`sender(cors_origin="*")`: a fresh upload of Ada's."""

    def make(cors_origin="*", **settings):
        body = {"corsOrigin": cors_origin, "pushMediaSettings": {"accessPolicy": "public", **settings}}
        made = ada.api_with("admin").post("on-demand/upload", body)
        assert made.status_code == 201, made.text
        return Sender(world, world.app.test_client(use_cookies=False), made.json["data"]["url"])

    return make
