"""Killed at the worst moment: what was accepted is verified, once, and soon."""

import asyncio
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from api.attendance.models import CheckIn
from api.core import database, outbox
from api.core.settings import Settings
from local.postgres import Postgres
from local.valkey import Valkey
from tests.kill.history import History, all_settled, heard
from tests.kill.phones import load, users_of
from tests.kill.processes import WebProcess, WorkerProcess
from tests.kill.reaper import Reaper, ready
from tests.pictures import portrait, registered, second_portrait
from tests.worker.jobs.office import PACK, Office, Person, elsewhere, open_office, watch_settlements

pytestmark = pytest.mark.kill

MakeWorker = Callable[[Path], WorkerProcess]
SHE = 5
ROUND = 10
#: Hers; and one of somebody else.
PICTURES = (portrait(SHE), second_portrait(SHE), portrait(4))


def addresses(webs: list[WebProcess]) -> list[str]:
    return [web.address for web in webs]


async def claimed() -> int:
    found = await database.rows("SELECT count(*) AS n FROM outbox WHERE leased_until > now()")
    return int(found[0]["n"])


async def accepted(office: Office, count: int) -> History:
    """One check-in each of so many people."""
    history = History()
    for _ in range(count):
        person = await office.hire()
        await person.has_template(bytes(2048), "none")
        history.took(await person.check_in(portrait(SHE)))
    return history


async def outstanding_fall_to(most: int) -> None:
    async with asyncio.timeout(60):
        while await outbox.outstanding() > most:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def she_enrols(office: Office) -> Person:
    """By a worker that runs already."""
    she = await office.hire()
    await she.consent()
    await she.enrol(registered(SHE))
    await all_settled(60)
    return she


def test_a_worker_killed_in_the_middle_of_a_verification(settings: Settings, make_worker: MakeWorker) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            await watch_settlements()
            first = make_worker(PACK)
            she = await she_enrols(office)
            history = History()
            frames = [portrait(SHE), second_portrait(SHE)] * 4
            for _ in range(6):
                history.took(await she.check_in(*frames))
            async with asyncio.timeout(20):
                while not await claimed():  # noqa: ASYNC110
                    await asyncio.sleep(0.002)
            await asyncio.sleep(0.1)
            first.kill()
            assert await outbox.outstanding() > 0
            assert await claimed() > 0
            make_worker(PACK)
            await all_settled()
            await history.check(office.runtime)
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
            history = await accepted(office, 50)
            assert await outbox.outstanding() == 50
            await ready(make_worker(PACK))
            with redis.Redis.from_url(str(settings.redis_url)) as connection:
                connection.flushall()
            await outstanding_fall_to(35)
            await elsewhere(valkey.restart)
            assert await outbox.outstanding() > 0
            await all_settled()
            await history.check(office.runtime)

    asyncio.run(story())


def test_postgresql_restarted_under_load(
    settings: Settings, make_worker: MakeWorker, webs: list[WebProcess], postgres: Postgres
) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            await watch_settlements()
            history = History()
            processes = [*webs, make_worker(PACK)]
            users = await users_of(office, 30)
            await ready(*processes)
            async with load(history, addresses(webs), users, PICTURES):
                for _ in range(3):
                    await asyncio.sleep(1)
                    await elsewhere(postgres.restart)
                await asyncio.sleep(1)
            await all_settled()
            await history.check(office.runtime)
            assert all(process.is_alive for process in processes)
            assert len(history.acknowledged) > 20

    asyncio.run(story())


def test_a_worker_asked_to_end_gives_back_what_it_holds(settings: Settings, make_worker: MakeWorker) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            await watch_settlements()
            worker = make_worker(PACK)
            await ready(worker)
            history = await accepted(office, 20)
            await outstanding_fall_to(18)
            code = await asyncio.to_thread(worker.send, signal.SIGTERM)
            assert code == 0, worker.said
            assert "worker.ended" in worker.said
            assert await claimed() == 0
            assert await outbox.outstanding() > 0
            make_worker(PACK)
            await all_settled()
            await history.check(office.runtime)

    asyncio.run(story())


def test_whatever_dies_whenever_what_was_acknowledged_is_verified_once(
    settings: Settings,
    make_worker: MakeWorker,
    webs: list[WebProcess],
    postgres: Postgres,
    valkey: Valkey,
    kill_points: int,
) -> None:
    """A history: kill -9 of web, worker, PostgreSQL and Valkey while phones check in, and go on checking in."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")

    async def story() -> None:
        async with open_office(settings) as office:
            await watch_settlements()
            workers = [make_worker(PACK) for _ in range(2)]
            users = await users_of(office, 60, like=await she_enrols(office))
            history, seconds = History(), []
            victims = [*([web] for web in webs), workers, [postgres], [valkey]]
            reaper = Reaper(victims, lambda: len(history.moments), random.Random(seed))
            async with heard(history, office.runtime):
                async with load(history, addresses(webs), users, PICTURES):
                    for points in rounds(kill_points):
                        await ready(*webs, *workers)
                        await reaper.strike(points)
                        await ready(*webs, *workers)
                        seconds.append(await all_settled())
                await all_settled()
                await asyncio.sleep(0.5)
            waited = " ".join(f"{each:.1f}" for each in seconds)
            print(f"{dict(reaper.kills)}; {history.summary}; settled after each round in {waited} s")
            await history.check(office.runtime)
            assert len(history.acknowledged) > kill_points
            assert history.signals

    asyncio.run(story())


def rounds(kill_points: int) -> list[int]:
    """So many kills without a rest; then all that waits must be verified while the phones go on."""
    full, rest = divmod(kill_points, ROUND)
    return [ROUND] * full + [rest] * (rest > 0)


def test_redis_away_for_a_while(
    settings: Settings,
    make_worker: MakeWorker,
    webs: list[WebProcess],
    valkey: Valkey,
    outage_seconds: int,
) -> None:
    """Accepting goes on in every second of it, and so does verifying."""

    async def story() -> None:
        async with open_office(settings) as office:
            await watch_settlements()
            worker = make_worker(PACK)
            users = await users_of(office, 60, like=await she_enrols(office))
            await ready(*webs, worker)
            history = History()
            async with load(history, addresses(webs), users, PICTURES):
                await asyncio.sleep(1)
                await elsewhere(valkey.kill)
                began = time.monotonic()
                await asyncio.sleep(outage_seconds)
                settled = await CheckIn.filter(settled_at__isnull=False).count()
                away = len(history.acknowledged)
                await elsewhere(valkey.start)
                await asyncio.sleep(1)
            seconds = await all_settled()
            print(
                f"{away} acknowledged, {settled} settled without Redis; the rest {seconds:.1f} s after its return"
            )
            assert settled
            answered = {int(moment - began) for moment in history.moments}
            assert answered >= set(range(outage_seconds))
            await history.check(office.runtime)

    asyncio.run(story())
