"""Killed at the worst moment: what was accepted is verified, once, and soon."""

import asyncio
import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from api.attendance.models import CheckIn
from api.biometrics.models import FaceTemplate
from api.core import database, outbox
from api.core.settings import Settings
from local.postgres import Postgres
from local.valkey import Valkey
from tests.kill.conftest import WorkerProcess
from tests.kill.history import History, all_settled, staff, stream
from tests.pictures import portrait, registered, second_portrait
from tests.worker.jobs.office import PACK, Person, elsewhere, open_office, watch_settlements

pytestmark = pytest.mark.kill

#: Without models every verdict is a review: nothing to wait for but what is tested here.
NO_PACK = Path("/nowhere")
MakeWorker = Callable[[Path], WorkerProcess]
SHE = 5


async def ready(*workers: WorkerProcess) -> None:
    async with asyncio.timeout(60):
        for worker in workers:
            while not worker.is_ready:
                assert worker.is_alive, worker.said
                await asyncio.sleep(0.02)


async def claimed() -> int:
    found = await database.rows("SELECT count(*) AS n FROM outbox WHERE leased_until > now()")
    return int(found[0]["n"])


def test_a_worker_killed_in_the_middle_of_a_verification(settings: Settings, make_worker: MakeWorker) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            await watch_settlements()
            first = make_worker(PACK)
            she = await office.hire()
            await she.consent()
            await she.enrol(registered(SHE))
            await all_settled(60)
            assert await FaceTemplate.filter(employee_id=she.employee.id).exists()
            history = History()
            frames = [portrait(SHE), second_portrait(SHE)] * 4
            for _ in range(6):
                record = await she.check_in(*frames)
                history.acknowledged[record.idempotency_key] = record.id
            async with asyncio.timeout(20):
                while not await claimed():  # noqa: ASYNC110
                    await asyncio.sleep(0.002)
            await asyncio.sleep(0.1)
            first.kill()
            assert await outbox.outstanding() > 0
            assert await claimed() > 0
            make_worker(PACK)
            await all_settled()
            await history.check()
            for record in await CheckIn.all():
                face = record.evidence["face"]
                assert isinstance(face, dict)
                assert face["similarity"] > face["threshold"]

    asyncio.run(story())


def test_redis_wiped_and_restarted_with_fifty_outstanding(
    settings: Settings, make_worker: MakeWorker, valkey: Valkey
) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            await watch_settlements()
            history = History()
            for person in await staff(office, 50):
                await history.submit(person, portrait(SHE))
            assert await outbox.outstanding() == 50
            await ready(make_worker(PACK))
            with redis.Redis.from_url(str(settings.redis_url)) as connection:
                connection.flushall()
            while await outbox.outstanding() > 35:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await elsewhere(valkey.restart)
            assert await outbox.outstanding() > 0
            await all_settled()
            await history.check()

    asyncio.run(story())


def test_postgresql_restarted_under_load(
    settings: Settings, make_worker: MakeWorker, postgres: Postgres
) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            await watch_settlements()
            history = History()
            workers = [make_worker(NO_PACK), make_worker(NO_PACK)]
            people = await staff(office, 30)
            await ready(*workers)
            async with stream(history, people, [portrait(SHE)]):
                for _ in range(3):
                    await asyncio.sleep(1)
                    await elsewhere(postgres.restart)
                await asyncio.sleep(1)
            await all_settled()
            await history.check()
            assert all(worker.is_alive for worker in workers)
            assert len(history.acknowledged) > 20

    asyncio.run(story())


def test_a_worker_asked_to_end_gives_back_what_it_holds(settings: Settings, make_worker: MakeWorker) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            await watch_settlements()
            history = History()
            worker = make_worker(PACK)
            people = await staff(office, 20)
            await ready(worker)
            for person in people:
                await history.submit(person, portrait(SHE))
            while await outbox.outstanding() > 18:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            code = await asyncio.to_thread(worker.send, signal.SIGTERM)
            assert code == 0, worker.said
            assert "worker.ended" in worker.said
            assert await claimed() == 0
            assert await outbox.outstanding() > 0
            make_worker(PACK)
            await all_settled()
            await history.check()

    asyncio.run(story())


class Reaper:
    """Kills, at random moments, one of the things that a check-in passes through, and has it start again."""

    def __init__(self, postgres: Postgres, valkey: Valkey, workers: list[WorkerProcess], seed: int) -> None:
        self._postgres = postgres
        self._valkey = valkey
        self._workers = workers
        self._chance = random.Random(seed)

    async def strike(self, times: int) -> None:
        targets = [("worker", "postgres", "valkey", "worker", "postgres")[n % 5] for n in range(times)]
        self._chance.shuffle(targets)
        for target in targets:
            await asyncio.sleep(self._chance.uniform(0.02, 0.6))
            if target == "worker":
                await self._kill_worker()
            else:
                await elsewhere(self._kill_postgres if target == "postgres" else self._kill_valkey)

    async def _kill_worker(self) -> None:
        """Mostly one at its work; now and then one that is just starting."""
        worker = self._chance.choice(self._workers)
        if self._chance.random() < 0.8:
            await ready(worker)
            await asyncio.sleep(self._chance.uniform(0, 0.3))
        worker.kill()
        worker.start()

    def _kill_valkey(self) -> None:
        self._valkey.kill()
        self._valkey.start()

    def _kill_postgres(self) -> None:
        self._postgres.kill()
        self._postgres.start()


@pytest.mark.parametrize("part", range(2))
def test_whatever_dies_whenever_what_was_acknowledged_is_verified_once(
    settings: Settings,
    make_worker: MakeWorker,
    postgres: Postgres,
    valkey: Valkey,
    kill_points: int,
    part: int,
) -> None:
    """R1 and R2 of a history: kill -9 of worker, PostgreSQL and Valkey under a stream of check-ins."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")

    async def story() -> None:
        async with open_office(settings) as office:
            await watch_settlements()
            history = History()
            workers = [make_worker(NO_PACK) for _ in range(2)]
            people: list[Person] = await staff(office, 60)
            reaper = Reaper(postgres, valkey, workers, seed)
            async with stream(history, people, [portrait(SHE)]):
                await reaper.strike(kill_points // 2)
            seconds = await all_settled()
            await history.check()
            assert len(history.acknowledged) > kill_points // 2
            print(f"{len(history.acknowledged)} acknowledged, settled {seconds:.1f} s after the last kill")

    asyncio.run(story())
