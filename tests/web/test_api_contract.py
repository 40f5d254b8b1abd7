"""The API's conventions: envelopes, errors as JSON with the right status, paging, ids.

See docs/fastpix-contract.md, section 1.
"""

from __future__ import annotations

import gzip
import re
import uuid

import pytest

from fastpix.web import envelope
from fastpix.web.api import HEX_IDS, OPERATIONS
from tests.access.routes import routes

pytestmark = pytest.mark.sqlite
JSON = "application/json;charset=UTF-8"
LISTS = ("members", "invitations", "workspaces", "signing-keys", "access-tokens")


def failed(answer, status):
    """An error in the contract's shape."""
    assert answer.status_code == status, answer.get_data(as_text=True)[:300]
    assert answer.headers["Content-Type"] == JSON
    assert set(answer.json) == {"success", "error"} and answer.json["success"] is False
    error = answer.json["error"]
    assert error["code"] == status and isinstance(error["code"], int)
    assert isinstance(error["message"], str) and error["message"]
    assert error["requestId"] == answer.headers["X-Request-Id"]
    return error


def fields(answer):
    error = failed(answer, 422)
    assert error["message"] == "payload validation failed"
    assert all(set(field) == {"field", "message"} for field in error["fields"])
    return {field["field"]: field["message"] for field in error["fields"]}


# Success.


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_enveloped_with_its_pages(ada, name):
    answer = ada.api.get(f"iam/{name}")
    assert answer.status_code == 200 and answer.headers["Content-Type"] == JSON
    assert set(answer.json) == {"success", "data", "pagination"} and answer.json["success"] is True
    pages = answer.json["pagination"]
    assert set(pages) == {"totalRecords", "currentOffset", "offsetCount"}
    assert all(type(value) is int for value in pages.values())
    assert pages["currentOffset"] == 1 and len(answer.json["data"]) == min(10, pages["totalRecords"])


@pytest.mark.parametrize(
    ("total", "limit", "pages"), [(0, 10, 0), (1, 10, 1), (10, 10, 1), (11, 10, 2), (15, 1, 15), (50, 50, 1)]
)
def test_the_number_of_pages_is_rounded_up(app, total, limit, pages):
    with app.app_context():
        assert envelope.listing([], total, 1, limit).json["pagination"]["offsetCount"] == pages


def test_deletes_answer_200_with_a_body_and_creates_201(ada, cast):
    """A 204 or a create with 200 makes the published clients raise."""
    made = ada.api.post("iam/workspaces", {"name": "New"})
    assert made.status_code == 201 and set(made.json) == {"success", "data"}
    gone = ada.api.delete(f"iam/workspaces/{made.json['data']['id']}")
    assert gone.status_code == 200 and gone.json == {"success": True}


def test_times_are_utc_with_microseconds(ada):
    row = ada.api.get("iam/workspaces").json["data"][0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", row["createdAt"])


# Paging.


def test_pages_hold_each_row_once_newest_first(ada):
    for number in range(5):
        assert ada.api.post("iam/signing-keys").status_code == 201, number
    whole = [row["id"] for row in ada.api.get("iam/signing-keys?limit=50").json["data"]]
    paged = [ada.api.get(f"iam/signing-keys?limit=4&offset={n}").json for n in (1, 2)]
    assert [row["id"] for page in paged for row in page["data"]] == whole and len(whole) == 6
    assert [page["pagination"] for page in paged] == [
        {"totalRecords": 6, "currentOffset": n, "offsetCount": 2} for n in (1, 2)
    ]


@pytest.mark.parametrize("name", LISTS)
def test_a_page_past_the_end_is_empty(ada, name):
    answer = ada.api.get(f"iam/{name}?offset=9999")
    assert answer.status_code == 200 and answer.json["data"] == []
    assert answer.json["pagination"]["currentOffset"] == 9999 and answer.json["pagination"]["totalRecords"] > 0


BAD_PAGES = [("offset=0", "offset"), ("limit=51", "limit"), ("limit=0", "limit"), ("offset=-1", "offset"), ("limit=ten", "limit"),
             ("offset=1.5", "offset"), ("limit=", "limit"), ("offset=99999999999999999999", "offset")]  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(("query", "field"), BAD_PAGES)
def test_bad_paging_is_refused_by_name(ada, name, query, field):
    assert set(fields(ada.api.get(f"iam/{name}?{query}"))) == {field}


def test_every_bad_field_is_listed(ada):
    assert set(fields(ada.api.get("iam/members?limit=51&offset=0"))) == {"limit", "offset"}
    assert set(fields(ada.api.post("iam/access-tokens", {"name": 7, "role": "owner", "colour": "red"}))) == {
        "name", "role", "workspaceId", "colour",
    }  # fmt: skip


def test_the_clients_own_order_by_is_not_refused(ada):
    """The SDK always sends limit, offset and orderBy."""
    assert ada.api.get("iam/signing-keys?limit=10&offset=1&orderBy=desc").status_code == 200


# Ids and addresses.

WITH_ID = sorted({(r.method, r.rule) for r in routes() if r.is_api and r.ids})


MALFORMED = ("x", "123", "{%s}" % ("0" * 32), "0" * 32, "urn:uuid:00000000-0000-4000-8000-000000000000", "%20", "%00")


@pytest.mark.parametrize(("method", "rule"), WITH_ID, ids=lambda v: str(v))
def test_a_malformed_id_is_refused_by_the_name_of_its_parameter(ada, method, rule):
    name = re.search(r"<(\w+)>", rule)[1]
    for bad in MALFORMED:
        if name in HEX_IDS and bad == "0" * 32:
            bad = "0" * 31  # 32 hex digits are the right form of a stream's id
        path = re.sub(r"<\w+>", bad, rule)
        answer = ada.api.open(method, path, json={} if method in ("POST", "PATCH") else None)
        assert fields(answer) == {name: "is invalid"}, bad


def test_an_id_in_capitals_is_the_same_id(ada, cast):
    assert ada.api.get(f"iam/workspaces/{str(cast.acme.workspace).upper()}").status_code == 200


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("path", ["iam/signing-keys/", "iam/access-tokens/", "iam/workspaces/", "iam/members/"])
def test_an_empty_id_is_not_the_collection_and_no_redirect(ada, method, path):
    failed(ada.api.open(method, path), 404)


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/", "/v1/iam", "/v1/nothing", "/v1/iam/members/x/y/z", "/v1/../account", "/v1/%2e%2e/x"]
)
def test_an_unknown_address_under_v1_is_json(ada, anonymous, path):
    for person in (ada, anonymous):
        assert failed(person.api.get(path), 404)["message"].endswith("http://localhost/docs lists them all.")


def test_an_object_that_is_not_there_and_one_of_another_house_say_the_same(ada, cast):
    import uuid

    for kind, theirs in (("workspaces", cast.rival.workspace), ("members", cast.rival.members["rex"]),
                         ("signing-keys", cast.rival.signing_key), ("invitations", cast.rival.invitation)):  # fmt: skip
        errors = [failed(ada.api.get(f"iam/{kind}/{some}"), 404) for some in (theirs, uuid.uuid4())]
        assert errors[0]["message"] == errors[1]["message"]


# Who and how.


def test_without_credentials_it_is_401_json(anonymous):
    answer = anonymous.api.get("iam/me")
    assert failed(answer, 401)["message"] == "unauthorized"
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_who_comes_before_what(anonymous, mel):
    """401 before 403 before 422: nobody learns what is right input for a place they may not enter."""
    failed(anonymous.api.post("iam/signing-keys/nonsense", {"x": 1}), 405)
    failed(anonymous.api.delete("iam/signing-keys/nonsense"), 401)
    failed(mel.api.delete("iam/signing-keys/nonsense"), 403)
    failed(mel.api.post("iam/workspaces", {"nonsense": 1}), 403)
    failed(mel.api.open("POST", "iam/workspaces", data=b"{broken", headers={"Content-Type": "application/json"}), 403)


def test_403_keeps_the_word_by_which_clients_tell_it_from_dead_credentials(mel):
    error = failed(mel.api.get("iam/signing-keys"), 403)
    assert "permission" in error["description"] and error["permission"] == "signing_keys.view"


@pytest.mark.parametrize(("method", "path", "allowed"), [
    ("PUT", "iam/members", {"GET", "HEAD", "OPTIONS"}),
    ("DELETE", "iam/members", {"GET", "HEAD", "OPTIONS"}),
    ("POST", "iam/me", {"GET", "HEAD", "OPTIONS"}),
    ("GET", "iam/leave", {"POST", "OPTIONS"}),
])  # fmt: skip
def test_a_wrong_method_keeps_the_list_of_right_ones(ada, method, path, allowed):
    answer = ada.api.open(method, path)
    failed(answer, 405)
    assert set(answer.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_a_body_that_is_not_json_is_415(world, ada, content_type):
    before = world.digest()
    answer = ada.api.open("POST", "iam/workspaces", data=b'{"name": "New"}', headers={"Content-Type": content_type})
    failed(answer, 415)
    assert world.digest() == before


@pytest.mark.parametrize("body", [b"", b"{", b"{'name': 'x'}", b'{"name": "x",}', b"\xff\xfe", b"nonsense"])
def test_malformed_json_is_400(ada, body):
    failed(ada.api.open("POST", "iam/workspaces", data=body, headers={"Content-Type": "application/json"}), 400)


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"7", b"null", b"true"])
def test_json_that_is_no_object_is_422(ada, body):
    fields(ada.api.open("POST", "iam/workspaces", data=body, headers={"Content-Type": "application/json"}))


def test_a_deeply_nested_body_is_refused_and_breaks_nothing(ada):
    body = b'{"name":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    answer = ada.api.open("POST", "iam/workspaces", data=body, headers={"Content-Type": "application/json"})
    failed(answer, answer.status_code)
    assert answer.status_code in (400, 422)


def test_too_large_a_body_is_413(ada):
    body = b'{"name": "' + b"x" * (2 * 1024 * 1024 + 1) + b'"}'
    failed(ada.api.open("POST", "iam/workspaces", data=body, headers={"Content-Type": "application/json"}), 413)


def test_a_fault_of_ours_is_500_json_without_its_text(world, ada, monkeypatch):
    from fastpix.resources.organizations import domain

    monkeypatch.setattr(domain, "_load", lambda: 1 / 0)
    answer = ada.api.get("iam/organization")
    error = failed(answer, 500)
    assert "division" not in answer.get_data(as_text=True) and "Traceback" not in answer.get_data(as_text=True)
    assert error["message"].startswith("The server made a mistake")


def test_a_failed_change_is_undone_whole(world, ada, monkeypatch):
    from fastpix.resources.workspaces import api

    monkeypatch.setattr(api.WorkspaceOut, "model_validate", classmethod(lambda cls, row: 1 / 0))
    before = world.digest()
    failed(ada.api.post("iam/workspaces", {"name": "New"}), 500)
    assert world.digest() == before


def test_a_database_that_does_not_answer_is_503_json_and_a_page(world, ada, monkeypatch):
    import sqlalchemy.exc

    from fastpix.resources.organizations import domain

    def down():
        raise sqlalchemy.exc.OperationalError("SELECT 1", {}, Exception("gone: secret-host"))

    monkeypatch.setattr(domain, "_load", down)
    failed(ada.api.get("iam/organization"), 503)
    page = ada.page.get("/o/acme/settings")
    assert page.status_code == 503 and b"secret-host" not in page.data and b"<html" in page.data


@pytest.mark.parametrize("accept", ["text/html", "application/json", "*/*"])
def test_the_path_alone_decides_between_json_and_a_page(anonymous, accept):
    assert anonymous.api.get("/v1/nothing", headers={"Accept": accept}).headers["Content-Type"] == JSON
    assert anonymous.page.get("/nothing", headers={"Accept": accept}).mimetype == "text/html"


@pytest.mark.parametrize(
    ("given", "kept"), [("abcdef12-3456", True), ("x" * 65, False), ("short", False), ("a b c d e f g h", False)]
)
def test_a_request_id_is_kept_when_it_is_harmless(ada, given, kept):
    answer = ada.api.get("iam/me", headers={"X-Request-Id": given})
    assert (answer.headers["X-Request-Id"] == given) is kept


def test_answers_of_the_api_set_no_cookies(ada, anonymous):
    for answer in (ada.api.get("iam/me"), anonymous.api.get("iam/me"), ada.api.post("iam/workspaces", {"name": "New"})):
        assert "Set-Cookie" not in answer.headers and answer.headers["Cache-Control"] == "no-store"


BODYLESS = sorted(
    key for key, told in OPERATIONS.items() if told.method != "GET" and told.body is None and told.is_offered
)


@pytest.mark.parametrize("key", BODYLESS)
def test_an_operation_without_a_body_refuses_fields_and_takes_none(world, ada, key):
    """What nobody reads would look as if it did something. Published clients send `{}` or `null` where there is none."""
    told = OPERATIONS[key]
    path = re.sub(r"\{(\w+)\}", lambda name: "0" * 32 if name[1] in HEX_IDS else str(uuid.uuid4()), told.path)
    path += f"?playbackId={uuid.uuid4()}" if told.query is not None else ""
    told_back = fields(ada.api.open(told.method, path, json={"name": "x", "expiresAt": None}))
    assert set(told_back) == {"name", "expiresAt"}
    assert set(fields(ada.api.open(told.method, path, json=["x"]))) == {"body"}
    failed(ada.api.open(told.method, path, data=b"name=x"), 400)
    for nothing in (None, b"", b" ", b"{}", b" null\n"):
        answer = ada.api.open(told.method, path, data=nothing, content_type="application/json")
        assert answer.status_code in (201, 200, 404) or "body" not in fields(answer), (nothing, answer.json)


def test_the_operations_without_a_body_are_found():
    assert {"POST /v1/iam/signing-keys", "POST /v1/iam/access-tokens/{tokenId}/adopt"} < set(BODYLESS)


def test_a_body_with_the_mark_of_windows_is_read(ada):
    """What PowerShell's Out-File and Notepad write before UTF-8."""
    body = b'\xef\xbb\xbf{"name": "With a mark"}'
    made = ada.api.open("POST", "iam/workspaces", data=body, headers={"Content-Type": "application/json"})
    assert made.status_code == 201 and made.json["data"]["name"] == "With a mark"
    nothing = {"data": b"\xef\xbb\xbf{}", "headers": {"Content-Type": "application/json"}}
    assert ada.api.open("DELETE", f"iam/workspaces/{uuid.uuid4()}", **nothing).status_code == 404


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "GZIP", "zstd"])
def test_a_compressed_body_is_415_and_not_a_broken_one(ada, coding):
    headers = {"Content-Type": "application/json", "Content-Encoding": coding}
    answer = ada.api.open("POST", "iam/workspaces", data=gzip.compress(b'{"name": "Small"}'), headers=headers)
    assert coding.lower() in failed(answer, 415)["message"]
    plain = headers | {"Content-Encoding": "identity"}
    assert ada.api.open("POST", "iam/workspaces", data=b'{"name": "Plain"}', headers=plain).status_code == 201
