"""From the outbox to whoever works: quick while Redis is there, and certain when it is not."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
import redis

from api.core import database, outbox
from api.core.outbox import Claim
from api.core.runtime import Runtime, open_runtime
from api.core.settings import Settings
from local.postgres import Postgres
from local.valkey import Valkey
from tests.worker.jobs.office import elsewhere, eyes_of, nothing_outstanding, settings_for, working
from worker.jobs.drain import Drain
from worker.jobs.kind import AWAY, Kind, Tools
from worker.main import QUEUE, end, open_queue, serve
from worker.relay import Relay

_subjects = map(UUID, (f"{number:032x}" for number in itertools.count(1)))


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    return settings_for(database_url, redis_url, tmp_path)


@pytest.fixture
def absent(valkey: Valkey) -> Iterator[Valkey]:
    """A Valkey that a test may take away; it is back for the next one."""
    yield valkey
    valkey.start()


class Counted:
    """A kind of work that notes when and how often it was done."""

    def __init__(self) -> None:
        self.done: list[tuple[UUID, float]] = []
        self.kind = Kind("count", self._handle)

    async def _handle(self, _: Tools, claim: Claim) -> bool:
        self.done.append((claim.subject_id, time.monotonic()))
        return False


async def note(runtime: Runtime, *, ring: bool = True, times: int = 1) -> None:
    async with database.transaction() as using:
        for _ in range(times):
            await outbox.record(using, "count", next(_subjects))
    if ring:
        runtime.events.work("count")


@asynccontextmanager
async def counting(settings: Settings) -> AsyncIterator[tuple[Runtime, Counted]]:
    counted = Counted()
    async with open_runtime(settings) as runtime, working(runtime, None, kinds=(counted.kind,)):
        await asyncio.sleep(0.3)  # until relay and arq are at their places
        yield runtime, counted


def test_what_rings_is_picked_up_before_the_sweep(settings: Settings) -> None:
    async def story() -> None:
        async with counting(settings) as (runtime, counted):
            waits = []
            for _ in range(20):
                began = time.monotonic()
                await note(runtime)
                await nothing_outstanding()
                waits.append(counted.done[-1][1] - began)
                await asyncio.sleep(0.013)
            assert sorted(waits)[14] < 0.3, waits  # three of four; the sweep comes once a second

    asyncio.run(story())


def test_what_does_not_ring_is_found_by_the_sweep(settings: Settings) -> None:
    async def story() -> None:
        async with counting(settings) as (runtime, counted):
            await note(runtime, ring=False, times=3)
            await nothing_outstanding(5)
            assert len(counted.done) == 3

    asyncio.run(story())


def test_two_workers_share_what_is_there_and_repeat_nothing(settings: Settings) -> None:
    async def story() -> None:
        counted = Counted()
        async with (
            open_runtime(settings) as runtime,
            working(runtime, None, kinds=(counted.kind,)),
            working(runtime, None, kinds=(counted.kind,)),
        ):
            for _ in range(20):
                await note(runtime, times=10)
                await asyncio.sleep(0.02)
            await nothing_outstanding()
        assert len(counted.done) == len({subject for subject, _ in counted.done}) == 200

    asyncio.run(story())


def test_what_nobody_takes_from_the_queue_is_done_at_the_next_sweep(settings: Settings) -> None:
    """arq stuck, or the clocks of two machines apart: the relay's process does it itself."""

    async def story() -> None:
        counted = Counted()
        async with open_runtime(settings) as runtime:
            queue = open_queue(str(settings.redis_url))
            drain = Drain(counted.kind, Tools(runtime, eyes_of(None)))
            relay = Relay(runtime.events, queue, {"count": drain})
            parts = [
                asyncio.create_task(part)
                for part in (relay.listen_forever(), relay.sweep_forever(), relay.ring_forever())
            ]
            await note(runtime, times=3)
            await nothing_outstanding(5)
            await end(parts)
            await drain.stop(1)
            assert await queue.zcard(QUEUE) > 0
            await queue.aclose(close_connection_pool=True)
            assert len(counted.done) == 3

    asyncio.run(story())


def test_wiping_redis_loses_nothing(settings: Settings, redis_url: str) -> None:
    async def story() -> None:
        async with counting(settings) as (runtime, counted):
            await note(runtime, times=50, ring=False)
            with redis.Redis.from_url(redis_url) as connection:
                for _ in range(5):
                    runtime.events.work("count")
                    connection.flushall()
                    await asyncio.sleep(0.01)
            await nothing_outstanding(10)
            assert len({subject for subject, _ in counted.done}) == 50

    asyncio.run(story())


def test_without_redis_the_work_goes_on_and_the_bell_works_again_when_it_is_back(
    settings: Settings, absent: Valkey
) -> None:
    async def story() -> None:
        async with counting(settings) as (runtime, counted):
            await elsewhere(absent.kill)
            for _ in range(3):
                await note(runtime, times=5)
                await nothing_outstanding(10)
            assert len(counted.done) == 15
            await elsewhere(absent.start)
            await until(lambda: rings_again(runtime), 10)

    asyncio.run(story())


async def rings_again(runtime: Runtime) -> bool:
    """Whether a ring is answered before the sweep could."""
    began = time.monotonic()
    await note(runtime)
    await nothing_outstanding(5)
    return time.monotonic() - began < 0.2


async def until(condition: Callable[[], Awaitable[bool]], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.05)


def test_a_worker_starts_without_redis(settings: Settings, absent: Valkey) -> None:
    absent.kill()

    async def story() -> None:
        async with counting(settings) as (runtime, counted):
            await note(runtime)
            await nothing_outstanding(10)
            assert len(counted.done) == 1

    asyncio.run(story())


def test_a_restart_of_postgresql_is_survived(settings: Settings, postgres: Postgres) -> None:
    async def story() -> None:
        async with counting(settings) as (runtime, counted):
            await note(runtime, times=40)
            await elsewhere(postgres.restart)
            await until(lambda: survives(runtime), 20)
            await nothing_outstanding(25)
            assert len(counted.done) >= 41

    asyncio.run(story())


async def survives(runtime: Runtime) -> bool:
    try:
        await note(runtime)
    except AWAY:
        return False
    return True


def test_what_somebody_else_puts_into_the_queue_harms_nobody(settings: Settings, redis_url: str) -> None:
    """Redis is within reach of others than us: nothing from there is unpickled, and no name is trusted."""

    async def story() -> None:
        async with counting(settings) as (runtime, counted):
            with redis.Redis.from_url(redis_url) as connection:
                for name, content in (
                    ("pickle", b"\x80\x04cos\nsystem\n"),
                    ("list", b"[]"),
                    ("other", b'{"f": "x"}'),
                ):
                    connection.set(f"arq:job:{name}", content)
                    connection.zadd(QUEUE, {name: 1})
                connection.publish("hadir:work", b"\xff\xfe")
                connection.publish("hadir:work", b"unheard of")
            await asyncio.sleep(0.2)
            await note(runtime)
            await nothing_outstanding(5)
            assert len(counted.done) == 1

    asyncio.run(story())


def test_a_worker_ends_soon_after_it_is_asked_to(settings: Settings) -> None:
    async def story() -> None:
        async with open_runtime(settings) as runtime:
            for pause in (0.0, 0.01, 0.05, 0.3):
                stopping = asyncio.Event()
                task = asyncio.create_task(serve(runtime, eyes_of(None), stopping))
                await asyncio.sleep(pause)
                stopping.set()
                async with asyncio.timeout(2):
                    await task

    asyncio.run(story())
