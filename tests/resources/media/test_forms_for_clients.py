"""What each published client can read of a media: the wrong form of one value costs some of them the whole list."""

from __future__ import annotations

import json
import re

import pytest
import sqlalchemy as sa
from fastpix_python import models
from fastpix_python._version import __user_agent__

from fastpix.resources.media.models import Media
from fastpix.resources.webhooks import domain as webhooks
from tests.stories.tables import rows

pytestmark = pytest.mark.sqlite
FILES = [{"type": "capped_4k", "ext": "mp4", "status": "ready", "width": 1280, "height": 720}]
# What each sends, from its own source; which form its models take, too.
AGENTS = {
    __user_agent__: FILES,
    "fastpix-sdk/python 1.2.0 2.723.4 1.2.0 fastpix_python": FILES,
    "speakeasy-sdk/python 1.1.5 2.723.4 1.0.0 fastpix_python": FILES,
    "speakeasy-sdk/python 1.1.4 2.634.2 1.0.0 fastpix_python": "capped_4k",
    "speakeasy-sdk/python 1.0.1 2.597.9 1.0.0 fastpix_python": "capped_4k",
    "fastpix-sdk/java 1.0.4 1.0.1 io.fastpix.sdk": FILES,
    "fastpix-sdk/java 1.0.3 1.0.1 io.fastpix.sdk": "capped_4k",
    "fastpix-sdk/typescript 2.0.5 2.781.2 1.0.0 @fastpix/fastpix-node": "capped_4k",
    "fastpix-sdk/typescript 2.0.6 2.781.2 1.0.0 @fastpix/fastpix-node": "capped_4k",
    "fastpix-sdk/go 1.1.4 2.797.1 1.0.0 github.com/FastPix/fastpix-go": "capped_4k",
    "fastpix-sdk/csharp 1.1.4 2.788.7 1.0.0 Fastpix": "capped_4k",
    "speakeasy-sdk/php 0.0.1 2.597.9 1.0.0 fastpix/sdk": "capped_4k",
    "speakeasy-sdk/ruby 0.0.1 2.628.0 1.0.0 fastpixapi": "capped_4k",
    "WordPress/6.8; https://blog.example": "capped_4k",
    "curl/8.5.0": "capped_4k",
    "": "capped_4k",
    "fastpix-sdk/python 99999999999999999999.0.0 x": "capped_4k",
    "Mozilla/5.0 fastpix-sdk/python 1.2.0": "capped_4k",
}


# The sizes that PHP's and Ruby's 0.0.1 know; another one is a KeyError in Ruby, and nothing in PHP.
KNOWN_TO_RUBY = {"2160p", "1440p", "1080p", "720p", "480p", "360p"}


def paths(shelf):
    """Every operation that answers with media."""
    return "on-demand", f"on-demand/{shelf.media}", f"on-demand/{shelf.media.hex}/live-clips"


@pytest.mark.parametrize("agent", AGENTS)
def test_a_client_is_given_the_form_that_it_reads(api, shelf, agent):
    for path in paths(shelf):
        data = api.get(path, headers={"User-Agent": agent}).json["data"]
        (told,) = [row for row in data if row["id"] == str(shelf.media)] if isinstance(data, list) else [data]
        assert told["mp4Support"] == AGENTS[agent], path
        assert "mp4SupportSetting" not in told


@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize(("height", "plain"), [(720, "720"), (576, "576")])
def test_the_size_of_the_source_is_a_word_that_the_client_knows(world, api, shelf, agent, height, plain):
    table = Media.__table__
    with world.engine.begin() as connection:
        connection.execute(sa.update(table).where(table.c.id == shelf.media).values(width=1280, height=height))
    told = api.get(f"on-demand/{shelf.media}", headers={"User-Agent": agent}).json["data"].get("sourceResolution")
    if re.match("speakeasy-sdk/(php|ruby) 0.0.1 ", agent):
        assert told == (f"{plain}p" if f"{plain}p" in KNOWN_TO_RUBY else None)
    else:
        assert told == plain


def test_the_python_client_parses_the_list(api):
    """A text there raises, and with it the list is lost."""
    answer = api.get("on-demand", headers={"User-Agent": __user_agent__})
    parsed = models.ListMediaResponse.model_validate(answer.json)
    assert [file.type for row in parsed.data for file in row.mp4_support or []] == ["capped_4k"]
    with pytest.raises(ValueError, match="mp4Support"):
        models.ListMediaResponse.model_validate(api.get("on-demand").json)


def test_a_webhook_is_told_the_setting_whoever_asked(world, api, shelf, acting):
    with acting("ada"):
        webhooks.create(world.cast.acme.workspace, "https://1.1.1.1/all", [])
    path = f"on-demand/{shelf.media}/update-mp4Support"
    answer = api.patch(path, {"mp4Support": "audioOnly"}, headers={"User-Agent": __user_agent__})
    assert isinstance(answer.json["data"]["mp4Support"], list)
    events = [json.loads(row["body"]) for row in rows(world, "webhook_events")]
    told = [body["data"] for body in events if body.get("type") == "video.media.updated"]
    assert {data["mp4Support"] for data in told} == {"audioOnly"}


def test_a_webhook_is_told_the_plain_size_whoever_asked(world, api, shelf, acting):
    with acting("ada"):
        webhooks.create(world.cast.acme.workspace, "https://1.1.1.1/all", [])
    headers = {"User-Agent": "speakeasy-sdk/ruby 0.0.1 2.628.0 1.0.0 fastpixapi"}
    answer = api.patch(f"on-demand/{shelf.media}", {"title": "Another"}, headers=headers)
    assert answer.json["data"]["sourceResolution"].endswith("p")
    events = [json.loads(row["body"]) for row in rows(world, "webhook_events")]
    (data,) = [body["data"] for body in events if body.get("type") == "video.media.updated"]
    assert data["sourceResolution"].isdigit()
