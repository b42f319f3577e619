"""How often somebody may try: counted in Redis, and in this process while Redis is away."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from api.core.errors import TooManyAttempts

#: A Redis that takes connections and never answers is away: nobody waits longer for it than this.
PATIENCE_SECONDS = 1.0
AWAY_SECONDS = 5.0


class Attempts:
    """Moving windows. Losing Redis loosens a limit to one per process; it never opens it."""

    def __init__(self, redis_url: str) -> None:
        self._connections = ConnectionPool.from_url(
            redis_url, socket_connect_timeout=PATIENCE_SECONDS, socket_timeout=PATIENCE_SECONDS
        )
        shared = RedisStorage(
            f"async+{redis_url}",
            implementation="redispy",
            wrap_exceptions=True,
            connection_pool=self._connections,  # type: ignore[arg-type]  # passed on to redis
        )
        self._shared = MovingWindowRateLimiter(shared)
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._away_until = 0.0

    async def close(self) -> None:
        await self._connections.aclose()

    async def spend(self, limit: str, *who: str) -> None:
        """Count one try by `who` against e.g. "5/minute"; TooManyAttempts says how long to wait."""
        item, named = parse(limit), _storable(who)
        await self._shared_or_own(lambda limiter: self._spend(limiter, item, named))

    async def forgive(self, limit: str, *who: str) -> None:
        item, named = parse(limit), _storable(who)
        await self._shared_or_own(lambda limiter: limiter.clear(item, *named))

    async def _shared_or_own(self, ask: Callable[[MovingWindowRateLimiter], Awaitable[None]]) -> None:
        """One bound on the whole question, connecting included: those who wait for a frozen Redis wait one
        after the other. Once it was away, nobody asks it again for a while."""
        if time.monotonic() >= self._away_until:
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    return await ask(self._shared)
            except (StorageError, RedisError, OSError):
                self._away_until = time.monotonic() + AWAY_SECONDS
        return await ask(self._own)

    async def _spend(
        self, limiter: MovingWindowRateLimiter, item: RateLimitItem, who: tuple[str, ...]
    ) -> None:
        if not await limiter.hit(item, *who):
            window = await limiter.get_window_stats(item, *who)
            raise TooManyAttempts(max(1, round(window.reset_time - time.time())))


def _storable(who: tuple[str, ...]) -> tuple[str, ...]:
    """Names as Redis can hold them: a lone surrogate has no UTF-8."""
    return tuple(name.encode("utf-8", "backslashreplace").decode() for name in who)
