"""A worker's own figures, asked over HTTP as Prometheus asks."""

import asyncio
import math
import socket
import urllib.error
import urllib.request
from collections import defaultdict
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.core import database, outbox
from api.core.errors import Unavailable
from api.core.identity import new_id
from api.core.outbox import Claim
from api.core.settings import Settings, SettingsError
from local.postgres import Postgres
from local.server import free_port
from tests.pictures import portrait
from tests.worker.jobs.office import (
    elsewhere,
    nothing_outstanding,
    open_office,
    settings_for,
    working,
)
from worker import figures
from worker.jobs.drain import TRIES
from worker.jobs.kind import Kind, Tools

Figures = dict[tuple[str, str], float]


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    return settings_for(database_url, redis_url, tmp_path, worker_metrics_port=free_port())


async def asked(settings: Settings) -> Figures:
    def ask() -> str:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{settings.worker_metrics_port}/metrics", timeout=5
        ) as found:
            return str(found.read().decode())

    samples: Figures = defaultdict(float)
    for family in text_string_to_metric_families(await asyncio.to_thread(ask)):
        for sample in family.samples:
            samples[sample.name, " ".join(sample.labels.values())] = sample.value
    return samples


def test_verdicts_jobs_and_what_waits_are_told(settings: Settings) -> None:
    async def story() -> None:
        async with open_office(settings) as office, figures.served(settings):
            before = await asked(settings)
            for _ in range(2):
                person = await office.hire()
                await person.has_template(bytes(2048), "none")
                await person.check_in(portrait(5))
            waiting = await asked(settings)
            assert waiting["hadir_outbox_outstanding", ""] == 2
            assert 0 <= waiting["hadir_outbox_oldest_seconds", ""] < 60
            async with working(office.runtime, None):
                await nothing_outstanding()
            after = await asked(settings)
            assert after["hadir_outbox_outstanding", ""] == 0

            def more(name: str, labels: str) -> float:
                return after[name, labels] - before[name, labels]

            assert more("hadir_verdicts_total", "REVIEW") == 2
            assert more("hadir_verdicts_total", "ACCEPTED") == 0
            assert more("hadir_jobs_total", "verify_check_in done") == 2
            assert more("hadir_job_seconds_count", "verify_check_in") == 2
            assert after["hadir_jobs_in_hand", "verify_check_in"] == 0
            assert after["process_resident_memory_bytes", ""] > 1e6

    asyncio.run(story())


class Trouble:
    """Work that fails in every way, by turns; it counts as one kind in the figures."""

    def __init__(self) -> None:
        self.kind = Kind("trouble", self.handle, self.give_up)
        self.reached = asyncio.Event()

    async def handle(self, _: Tools, claim: Claim) -> bool:
        if claim.attempt == 1:
            raise Unavailable
        if claim.attempt == 2:
            raise RuntimeError("a surprise")
        self.reached.set()
        await asyncio.sleep(600)
        return False

    async def give_up(self, _: Tools, claim: Claim) -> bool:
        return False


def test_each_failure_is_counted_as_what_it_is(settings: Settings) -> None:
    async def story() -> None:
        async with open_office(settings) as office, figures.served(settings):
            trouble = Trouble()
            hurry = asyncio.create_task(_hurry())
            async with working(office.runtime, None, kinds=(trouble.kind,)):
                async with database.transaction() as using:
                    await outbox.record(using, "trouble", new_id())
                async with asyncio.timeout(20):
                    await trouble.reached.wait()
                assert (await asked(settings))["hadir_jobs_in_hand", "trouble"] == 1
            hurry.cancel()
            found = await asked(settings)
            ended = {outcome: found["hadir_jobs_total", f"trouble {outcome}"] for outcome in OUTCOMES}
            assert ended == {"done": 0, "put_off": 1, "failed": 1, "given_up": 0, "given_back": 1}

    asyncio.run(story())


def test_what_is_given_up_is_counted(settings: Settings) -> None:
    class Hopeless(Trouble):
        async def handle(self, _: Tools, claim: Claim) -> bool:
            raise RuntimeError("a surprise")

    async def story() -> None:
        async with open_office(settings) as office, figures.served(settings):
            before = await asked(settings)
            async with database.transaction() as using:
                await outbox.record(using, "trouble", new_id())
            await database.rows("UPDATE outbox SET failures = $1 RETURNING id", TRIES - 1)
            async with working(office.runtime, None, kinds=(Hopeless().kind,)):
                await nothing_outstanding()
            after = await asked(settings)
            name = ("hadir_jobs_total", "trouble given_up")
            assert after[name] - before[name] == 1

    asyncio.run(story())


OUTCOMES = ("done", "put_off", "failed", "given_up", "given_back")


async def _hurry() -> None:
    """Nobody waits for the pauses between attempts."""
    while True:
        await database.rows("UPDATE outbox SET due_at = now() WHERE due_at > now() RETURNING id")
        await asyncio.sleep(0.05)


def test_without_the_database_the_rest_is_told(settings: Settings, postgres: Postgres) -> None:
    async def story() -> None:
        async with open_office(settings), figures.served(settings):
            await elsewhere(postgres.stop)
            found = await asked(settings)
            assert math.isnan(found["hadir_outbox_outstanding", ""])
            assert found["process_resident_memory_bytes", ""] > 1e6
            await elsewhere(postgres.start)
            assert (await asked(settings))["hadir_outbox_outstanding", ""] == 0

    asyncio.run(story())


def test_a_port_in_use_is_a_sentence_and_none_is_the_default(
    settings: Settings, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    async def story() -> None:
        taken = socket.create_server(("127.0.0.1", settings.worker_metrics_port))
        with taken, pytest.raises(SettingsError, match=r"^HADIR_WORKER_METRICS_PORT is not usable"):
            async with figures.served(settings):
                pass
        async with figures.served(settings_for(database_url, redis_url, tmp_path)):
            with pytest.raises(urllib.error.URLError):
                await asked(settings)

    asyncio.run(story())
