"""Restrictions to sites and programs: docs/fastpix-contract.md, section 3.3, and what a request may say of itself."""

from __future__ import annotations

import pytest

from fastpix.delivery import restrictions as delivery_restrictions
from fastpix.delivery.errors import Restricted
from fastpix.delivery.restrictions import Visit

OWN = frozenset({"videos.example"})


def domains(policy, allow=(), deny=()):
    return {"domains": {"defaultPolicy": policy, "allow": list(allow), "deny": list(deny)}}


def agents(policy, allow=(), deny=()):
    return {"userAgents": {"defaultPolicy": policy, "allow": list(allow), "deny": list(deny)}}


def is_allowed(restrictions, **visit):
    try:
        delivery_restrictions.check(restrictions, Visit(**visit), OWN)
    except Restricted:
        return False
    return True


@pytest.mark.parametrize(
    ("entry", "origin", "is_let_in"),
    [
        ("example.com", "https://example.com", True),
        ("example.com", "https://EXAMPLE.com:8443", True),
        ("example.com", "https://example.com.", True),
        ("example.com", "https://www.example.com", False),
        ("example.com", "https://notexample.com", False),
        ("example.com", "https://example.com.evil.net", False),
        ("example.com", "https://evil.net/example.com", False),
        ("example.com", "https://example.com@evil.net", False),
        ("*.example.com", "https://www.example.com", True),
        ("*.example.com", "https://a.b.example.com", True),
        ("*.example.com", "https://example.com", False),
        ("*.example.com", "https://notexample.com", False),
        ("*.example.com", "https://.example.com", False),
        ("münchen.example", "https://xn--mnchen-3ya.example", True),
        ("straße.example", "https://xn--strae-oqa.example", True),
        ("straße.example", "https://strasse.example", False),
        ("strasse.example", "https://xn--strae-oqa.example", False),
        ("*.STRAßE.example", "https://www.xn--strae-oqa.example", True),
        ("i❤.example", "https://xn--i-7iq.example", True),
        ("例え。テスト", "https://xn--r8jz45g.xn--zckzah", True),
        ("example.com", "https://[bad", False),
        ("example.com", "", False),
    ],
)
def test_a_domain_is_an_exact_host_or_all_below_a_star(entry, origin, is_let_in):
    assert is_allowed(domains("deny", allow=[entry]), origin=origin) is is_let_in


def test_the_lists_count_only_with_the_policy_they_belong_to():
    assert is_allowed(domains("allow", allow=["example.com"]), origin="https://other.net")
    assert not is_allowed(domains("deny", deny=["other.net"]), origin="https://example.com")
    assert not is_allowed(domains("allow", deny=["other.net"]), origin="https://other.net")
    assert is_allowed(domains("allow", deny=["other.net"]), origin="https://example.com")


def test_the_referer_counts_where_there_is_no_origin():
    rule = domains("deny", allow=["example.com"])
    assert is_allowed(rule, referer="https://example.com/page?x=https://evil.net")
    assert is_allowed(rule, origin="null", referer="https://example.com/")
    assert not is_allowed(rule, origin="https://evil.net", referer="https://example.com/")


def test_who_does_not_say_where_they_come_from_is_let_in_by_a_deny_list_alone():
    assert is_allowed(domains("allow", deny=["evil.net"]))
    assert not is_allowed(domains("deny", allow=["example.com"]))


def test_our_own_pages_may_always_play():
    assert is_allowed(domains("deny"), referer="https://videos.example/embed/x")
    assert not is_allowed(domains("deny"), referer="https://videos.example.evil.net/")


def test_a_program_is_a_substring_and_its_case_counts():
    assert not is_allowed(agents("allow", deny=["curl/"]), user_agent="curl/8.1")
    assert is_allowed(agents("allow", deny=["curl/"]), user_agent="Curl/8.1")
    assert is_allowed(agents("deny", allow=["Chrome/"]), user_agent="Mozilla/5.0 Chrome/147")
    assert not is_allowed(agents("deny", allow=["Chrome/"]), user_agent="")


def test_both_kinds_must_let_in():
    both = domains("deny", allow=["example.com"]) | agents("allow", deny=["curl/"])
    assert is_allowed(both, origin="https://example.com", user_agent="Firefox")
    assert not is_allowed(both, origin="https://example.com", user_agent="curl/8")
    assert not is_allowed(both, origin="https://evil.net", user_agent="Firefox")


@pytest.mark.parametrize(
    ("restrictions", "is_restricted"),
    [
        ({}, False),
        (domains("allow"), False),
        (domains("allow", allow=["example.com"]), False),
        (domains("allow", deny=["example.com"]), True),
        (domains("deny"), True),
        (agents("deny"), True),
        (agents("allow", deny=["curl/"]), True),
    ],
)
def test_what_depends_on_the_visitor_is_known(restrictions, is_restricted):
    assert delivery_restrictions.is_restricted(restrictions) is is_restricted


def test_frames_are_for_everybody_or_for_the_named_and_ourselves():
    assert delivery_restrictions.frame_ancestors({}) == "*"
    assert delivery_restrictions.frame_ancestors(domains("allow", deny=["evil.net"])) == "*"
    assert (
        delivery_restrictions.frame_ancestors(domains("deny", allow=["example.com", "*.b.net"]))
        == "'self' example.com *.b.net"
    )
    assert delivery_restrictions.frame_ancestors(domains("deny")) == "'self'"


def test_names_of_other_alphabets_frame_as_browsers_compare_them():
    rule = domains("deny", allow=["straße.example", "*.münchen.example"])
    expected = "'self' xn--strae-oqa.example *.xn--mnchen-3ya.example"
    assert delivery_restrictions.frame_ancestors(rule) == expected


def test_an_entry_cannot_write_the_policy_of_the_page():
    evil = domains("deny", allow=["example.com; script-src *", "* https:", "'unsafe-inline'", "a.net\nX-Y: z"])
    assert delivery_restrictions.frame_ancestors(evil) == "'self'"
