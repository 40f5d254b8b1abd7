"""The small cache: how long it holds an answer, how many, and what it never holds."""

from __future__ import annotations

import pytest

from fastpix.config import instance
from fastpix.config.instance import Instance, entered
from fastpix.config.settings import Settings
from fastpix.delivery import ttl_cache
from fastpix.delivery.ttl_cache import TtlCache


@pytest.fixture
def now(monkeypatch):
    told = {"now": 100.0}
    monkeypatch.setattr(ttl_cache, "clock", lambda: told["now"])
    with entered(Instance(Settings())):
        yield told


def test_an_answer_counts_for_its_seconds_also_that_there_is_nothing(now):
    asked = []
    cache = TtlCache(lambda key: asked.append(key), seconds=4, most=10)
    assert cache.get("a") is None
    now["now"] = 103.9
    cache.get("a")
    assert asked == ["a"]
    now["now"] = 104.0
    cache.get("a")
    assert asked == ["a", "a"]


def test_an_answer_is_as_old_as_its_question(now):
    """The database may have answered slowly: what was deleted meanwhile must still stop in time."""

    def slow(_key):
        now["now"] += 3
        return now["now"]

    cache = TtlCache(slow, seconds=4, most=10)
    assert cache.get("a") == 103
    now["now"] = 104.5
    assert cache.get("a") == 107.5


def test_it_never_holds_more_than_its_bound_and_forgets_the_oldest(now):
    asked = []
    cache = TtlCache(lambda key: asked.append(key) or key, seconds=4, most=3)
    for key in "abcd":
        cache.get(key)
    assert len(instance.part(cache._entries)) == 3
    asked.clear()
    for key in "bcd":
        cache.get(key)
    assert asked == []
    cache.get("a")
    assert asked == ["a"]


def test_a_failure_is_not_kept(now):
    answers = iter([ValueError(), "there"])

    def load(_key):
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    cache = TtlCache(load, seconds=4, most=3)
    with pytest.raises(ValueError):
        cache.get("a")
    assert cache.get("a") == "there"
