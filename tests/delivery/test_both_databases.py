"""What delivery asks the database, asked of each kind there is."""

from __future__ import annotations

import pytest

from tests.delivery.screening import token

pytestmark = pytest.mark.sql("what is looked up once")


def test_public_and_private_media_play_and_a_deleted_key_ends_it(cinema, viewer, later):
    public, private, key = cinema.show(), cinema.show("private"), cinema.key()
    assert viewer(public.master).status_code == 200
    assert viewer(f"{public.public}/{public.segment}").status_code == 200
    given = {"token": token(private, key)}
    text = viewer(private.master, query=given).text
    assert f"tracks/{private.tracks['audio']}" in text
    assert viewer(private.master).status_code == 401
    cinema.delete_key(key)
    later(4.1)
    assert viewer(private.master, query=given).status_code == 401
