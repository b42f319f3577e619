"""From the outbox to arq: rings once for each kind of work that is due, and drains itself when nobody answers."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress

import structlog
from arq.connections import ArqRedis
from redis.exceptions import RedisError

from api.core import outbox
from api.core.events import WORK, Events
from worker.jobs.drain import Drain
from worker.jobs.kind import AWAY

log = structlog.get_logger()

#: What was not heard (Redis wiped, a process killed, a lease run out) is found after this long, seconds.
SWEEP_SECONDS = 1.0
#: All relays that hear one signal ring one bell: its name changes this often, seconds. A name is used again
#: only when its job is done, and that of a killed process would be silent for its longest timeout.
BELL_SECONDS = 0.05


class Relay:
    """One per process, in three tasks; all of them ring the same queue."""

    def __init__(self, events: Events, redis: ArqRedis, drains: Mapping[str, Drain]) -> None:
        self._events = events
        self._redis = redis
        self._drains = drains
        self._wanted: dict[str, bool] = {}
        self._ring_now = asyncio.Event()
        self._sweep_now = asyncio.Event()

    def want(self, job: str, *, again: bool = True) -> None:
        self._wanted[job] = again
        self._ring_now.set()

    async def listen_forever(self) -> None:
        async for signal in self._events.listen(WORK):
            if signal is None:
                self._sweep_now.set()
            elif (job := signal.decode(errors="replace")) in self._drains:
                self.want(job)

    async def sweep_forever(self) -> None:
        rung: set[str] = set()
        while True:
            due = await self._due()
            for job in due:
                if job in rung:
                    # Nobody came, or not enough: a queue that is stuck, clocks that differ, a backlog.
                    self._drains[job].answer()
                else:
                    self.want(job)
            rung = due
            with suppress(TimeoutError):
                # Not wait_for: until Python 3.12 it loses a cancellation that comes with what it waited for.
                async with asyncio.timeout(SWEEP_SECONDS):
                    await self._sweep_now.wait()
            self._sweep_now.clear()

    async def _due(self) -> set[str]:
        try:
            return set(await outbox.jobs_due(self._drains))
        except AWAY as error:
            log.warning("relay.database_away", reason=type(error).__name__)
        except Exception:
            log.exception("relay.not_swept")
        return set()

    async def ring_forever(self) -> None:
        while True:
            await self._ring_now.wait()
            self._ring_now.clear()
            wanted, self._wanted = self._wanted, {}
            for job, again in wanted.items():
                await self._ring(job, again)

    async def _ring(self, job: str, again: bool) -> None:
        bell = f"{job}:{time.time() // BELL_SECONDS:.0f}"
        try:
            rung = await self._redis.enqueue_job(job, _job_id=bell)
        except (RedisError, OSError) as error:
            log.warning("relay.redis_away", job=job, reason=type(error).__name__)
            self._drains[job].answer()
            return
        if rung is None and again:
            # Somebody rang this bell just now, and whoever answered may have looked before our entry was there.
            asyncio.get_running_loop().call_later(BELL_SECONDS, lambda: self.want(job, again=False))
