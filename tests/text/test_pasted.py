"""Mail addresses out of what people paste."""

from __future__ import annotations

import pytest

from fastpix.text import pasted

TWO = ["ada@x.example", "bob@x.example"]


@pytest.mark.parametrize(
    "text",
    [
        '"Lovelace, Ada" <ada@x.example>; Bob <bob@x.example>', "Lovelace, Ada <ada@x.example>; Bob <bob@x.example>",
        "ada@x.example, bob@x.example", "ada@x.example bob@x.example", "ada@x.example\nbob@x.example\n", "ada@x.example;bob@x.example;",
        "mailto:ada@x.example, MAILTO:bob@x.example?subject=Hello", "<ada@x.example> <bob@x.example>", "\ufeffada@x.example\u200b, \u200bbob@x.example\ufeff",
        "ada@x.example,\u00a0bob@x.example", "Ada <\u200bmailto:ada@x.example>, 'bob@x.example'", '"A; B" <ada@x.example>, "say \\"hi, all\\"" <bob@x.example>',
        "ada@x.example, ada@x.example, bob@x.example", "Ada <ada@x.example> Bob <bob@x.example>", "Ada\t<ada@x.example>\r\n\r\nBob <bob@x.example>",
    ],
)  # fmt: skip
def test_each_address_comes_out_once(text):
    assert pasted.addresses(text) == TWO


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ada@x.example, nonsense, bob@x.example", ["ada@x.example", "nonsense", "bob@x.example"]),
        ("nonsense more", ["nonsense", "more"]), ("", []), (" ,; \n", []), ("a\u200bda@x.example", ["a\u200bda@x.example"]),
        ("oops\nAda <ada@x.example>", ["oops", "ada@x.example"]), ("oops, Lovelace, Ada <ada@x.example>", ["oops", "ada@x.example"]),
        ("Ada <ada@x.example> bob@x.example", TWO), ('"Team @ Acme" <ada@x.example>', ["ada@x.example"]),
        ("Ada <ada@x.example>, oops@", ["ada@x.example", "oops@"]), ("<>", []), ("Ada <ada@x.example", ["Ada", "<ada@x.example"]),
    ],
)  # fmt: skip
def test_what_is_no_address_is_kept_to_be_told(text, found):
    assert pasted.addresses(text) == found


def test_a_long_text_takes_no_long_time():
    for mark in '"<\\':
        assert pasted.addresses(mark * 20_000 + ", a@x.example")[-1] == "a@x.example"
