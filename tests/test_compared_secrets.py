"""Secrets are looked up by their hash or compared in constant time; `==` would tell by its time how much was right."""

from __future__ import annotations

import ast
import re

import pytest

from tests.sources import MODULES, nodes

pytestmark = pytest.mark.xdist_group("sources")

SECRET = re.compile(r"(^|_)(secret|token|signature|digest|password|code|mac)$")
# Both sides are known to whoever asks, or nobody can try: with the reason.
NO_SECRETS = {
    "command.field(1, 'code') == code": "the kind of an answer of an RTMP server",
    "digest == invitation.mailed_hash": "both are hashes; the row was found by one of them already",
    "AccessToken.secret_number == Upload.by_token_secret": "which of a token's secrets, counted: 1, 2, 3",
    "stored.body_hash != digest": "hashes of a request's body, under a key of the caller's own",
}


def compared(found):
    """Of these nodes, expressions in which something named like a secret is compared with `==` or `!=` to something not constant."""
    for node in found:
        if not isinstance(node, ast.Compare) or not any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            continue
        sides = [node.left, *node.comparators]
        if any(isinstance(side, ast.Constant) for side in sides):
            continue
        names = [getattr(side, "attr", getattr(side, "id", "")) for side in sides]
        if any(SECRET.search(name) for name in names):
            yield ast.unparse(node)


def test_no_secret_is_compared_byte_by_byte():
    careless = [(module, told) for module in MODULES for told in compared(nodes(module)) if told not in NO_SECRETS]
    assert careless == []


@pytest.mark.parametrize("code", ["token.secret == given", "if given != signature: pass", "x = self.digest == made()"])
def test_a_careless_comparison_would_be_seen(code):
    assert list(compared(ast.walk(ast.parse(code))))
    assert not list(compared(ast.walk(ast.parse("hmac.compare_digest(secret, given) and secret == ''"))))


def test_the_exceptions_are_needed():
    assert {told for module in MODULES for told in compared(nodes(module))} == set(NO_SECRETS)
