"""Where counts that end by themselves are kept, for all processes: Redis where one is configured, else the database.

In memory, two processes would allow twice as much.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from fastpix.config import instance
from fastpix.config.settings import Settings
from fastpix.db import CLOCKS_DIFFER, Base, db, upsert

if TYPE_CHECKING:
    import redis

log = logging.getLogger(__name__)
T = TypeVar("T")
ANSWERS_IN_SECONDS = 0.5
# How long a Redis that did not answer is left alone: not every request shall wait for it.
RESTS_SECONDS = 5.0
# In one step, so that no count is left without an end.
_INCREMENT = """
local count = redis.call("INCRBY", KEYS[1], ARGV[1])
if count == tonumber(ARGV[1]) then redis.call("EXPIRE", KEYS[1], ARGV[2]) end
return count
"""


class Storage(Protocol):
    def increment(self, key: str, amount: int, seconds: int) -> int:
        """Count so many more; what is counted now. A count ends so many seconds after its beginning."""

    def seconds_left(self, key: str) -> float:
        """Until the count ends; 0 where there is none."""

    def clear(self, key: str) -> None: ...


class LimitCount(Base):
    """How often something happened in the window that ends at `ends_at` (seconds since 1970)."""

    __tablename__ = "limit_counts"

    key: Mapped[str] = mapped_column(sa.String(300), primary_key=True)
    count: Mapped[int]
    ends_at: Mapped[float] = mapped_column(index=True)


class DatabaseStorage:
    """Counts in `limit_counts`, in the caller's session: the caller commits."""

    def increment(self, key: str, amount: int, seconds: int) -> int:
        at = time.time()
        # One that ends later than it can is of a clock that was set back since: it would count for as long as that.
        latest = at + seconds + CLOCKS_DIFFER.total_seconds()
        known = db.session.execute(
            sa.update(LimitCount)
            .where(LimitCount.key == key, LimitCount.ends_at > at, LimitCount.ends_at <= latest)
            .values(count=LimitCount.count + amount)
            .returning(LimitCount.count)
            .execution_options(synchronize_session=False)
        ).scalar()
        if known is not None:
            return int(known)
        is_over = sa.or_(LimitCount.ends_at <= at, sa.and_(LimitCount.key == key, LimitCount.ends_at > latest))
        db.session.execute(sa.delete(LimitCount).where(is_over).execution_options(synchronize_session=False))
        return self._insert(key, amount, at + seconds)

    def _insert(self, key: str, amount: int, ends_at: float) -> int:
        insert = upsert(LimitCount).values(key=key, count=amount, ends_at=ends_at)
        insert = insert.on_conflict_do_update(index_elements=["key"], set_={"count": LimitCount.count + amount})
        return int(db.session.execute(insert.returning(LimitCount.count)).scalar_one())

    def seconds_left(self, key: str) -> float:
        ends_at = db.session.scalar(sa.select(LimitCount.ends_at).where(LimitCount.key == key))
        return max(0.0, ends_at - time.time()) if ends_at else 0.0

    def clear(self, key: str) -> None:
        db.session.execute(
            sa.delete(LimitCount).where(LimitCount.key == key).execution_options(synchronize_session=False)
        )


class RedisStorage:
    """Counts in a Redis. Every call raises `redis.RedisError` where it does not answer."""

    def __init__(self, client: redis.Redis) -> None:
        self._client, self._increment = client, client.register_script(_INCREMENT)

    def increment(self, key: str, amount: int, seconds: int) -> int:
        return int(self._increment(keys=[_key(key)], args=[amount, seconds]))

    def seconds_left(self, key: str) -> float:
        return max(0.0, self._client.pttl(_key(key)) / 1000)

    def clear(self, key: str) -> None:
        self._client.delete(_key(key))


def _key(key: str) -> str:
    return f"fastpix:{key}"


_database = DatabaseStorage()


@dataclass
class _Redis:
    """The instance's Redis, if it has one, and until when (monotonic) it is left alone."""

    storage: RedisStorage | None
    rests_until: float = 0.0


def _redis(settings: Settings) -> _Redis:
    """Connects to nothing yet."""
    return _Redis(RedisStorage(_client(settings.redis_url)) if settings.redis_url else None)


def _client(url: str) -> redis.Redis:
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return redis.Redis.from_url(
        url,
        socket_timeout=ANSWERS_IN_SECONDS,
        socket_connect_timeout=ANSWERS_IN_SECONDS,
        retry=Retry(NoBackoff(), 1),  # once, for a connection that an earlier Redis left behind
    )


def trouble(settings: Settings) -> str:
    """The kind of error that the Redis of these settings answers with; empty where it counts, or where there is none.

    Only its kind: the message may hold the address, and with it the password.
    """
    if not settings.redis_url:
        return ""
    from redis import RedisError

    try:
        with _client(settings.redis_url) as client:
            client.ping()
    except (RedisError, OSError) as problem:
        return type(problem).__name__
    return ""


def with_store(use: Callable[[Storage], T]) -> T:
    """What `use` makes of the store in force. A Redis that does not answer gives way to the database for a while.

    What was counted in one is not known to the other: an outage begins a new count, and never ends all counting.
    """
    configured = instance.part(_redis)
    if configured.storage is not None and time.monotonic() >= configured.rests_until:
        from redis import RedisError

        try:
            return use(configured.storage)
        except RedisError as problem:
            configured.rests_until = time.monotonic() + RESTS_SECONDS
            # Only its kind: the message may hold the address, and with it the password.
            kind = type(problem).__name__
            log.warning("Redis does not answer (%s): counting in the database for %g seconds", kind, RESTS_SECONDS)
    return use(_database)
