"""How often somebody may try: counted in Redis, and in this process while Redis is away."""

import time

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from api.core.errors import TooManyAttempts

#: A Redis that takes connections and never answers is away: nobody waits longer for it than this.
PATIENCE_SECONDS = 1.0


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

    async def close(self) -> None:
        await self._connections.aclose()

    async def spend(self, limit: str, *who: str) -> None:
        """Count one try by `who` against e.g. "5/minute"; TooManyAttempts says how long to wait."""
        item = parse(limit)
        try:
            await self._spend(self._shared, item, who)
        except (StorageError, RedisError, OSError):
            await self._spend(self._own, item, who)

    async def forgive(self, limit: str, *who: str) -> None:
        item = parse(limit)
        try:
            await self._shared.clear(item, *who)
        except (StorageError, RedisError, OSError):
            await self._own.clear(item, *who)

    async def _spend(
        self, limiter: MovingWindowRateLimiter, item: RateLimitItem, who: tuple[str, ...]
    ) -> None:
        if not await limiter.hit(item, *who):
            window = await limiter.get_window_stats(item, *who)
            raise TooManyAttempts(max(1, round(window.reset_time - time.time())))
