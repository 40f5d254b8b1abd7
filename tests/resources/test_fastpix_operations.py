"""Every operation of FastPix's API is here: it works, or answers 501 with a sentence, and is never just not there."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest

from fastpix.web.api import HEX_IDS, OPERATIONS

pytestmark = pytest.mark.sqlite
LISTED = (Path(__file__).parent / "fastpix_operations.txt").read_text().splitlines()
PUBLISHED = [line for line in LISTED if not line.startswith("#")]
NOT_OFFERED = {f"{told.method} {told.path}" for told in OPERATIONS.values() if not told.is_offered}


def ask(api, line, shelf):
    """What is answered; ids that the shelf does not have are made up."""
    method, path = line.split()
    here = {"mediaId": shelf.media, "trackId": shelf.track, "metricId": "views", "dimensionsId": "media_id"}
    made_up = {name: uuid.uuid4().hex if name in HEX_IDS else uuid.uuid4() for name in re.findall(r"{(\w+)}", path)}
    body = {"languageName": "English", "languageCode": "en"} if path.endswith("generate-subtitles") else {}
    return api.open(method, path.lstrip("/").format(**made_up | here), json=None if method == "GET" else body)


@pytest.mark.parametrize("line", PUBLISHED)
def test_a_published_operation_is_there(api, shelf, line):
    answer = ask(api, line, shelf)
    method, path = line.split()
    if f"{method} /v1{path}" in NOT_OFFERED or path.endswith("generate-subtitles"):  # for want of a speech model
        assert (answer.status_code, answer.json["error"]["code"]) == (501, 501)
        assert re.match(r"[A-Z].*not offered by this server\.", answer.json["error"]["message"])
    else:
        assert answer.status_code not in (405, 500, 501)
        assert "lists them all" not in answer.text  # what an unknown address says


def test_nothing_is_refused_that_fastpix_does_not_have():
    names = {re.sub(r"{\w+}", "{}", line.replace(" ", " /v1")) for line in PUBLISHED}
    assert {re.sub(r"{\w+}", "{}", name) for name in NOT_OFFERED} <= names
