"""Servers and workers to be killed: apart from the other tests', and durable, as in an office."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from api.core.database import migrate
from api.core.settings import Settings
from local.postgres import Postgres
from local.valkey import Valkey
from tests.kill.processes import WebProcess, WorkerProcess
from tests.worker.jobs.office import servers, settings_for

TEMPLATE = "kill_template"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres(server_folder: Path) -> Iterator[Postgres]:
    """It writes before it says so: a test that kills it asks what was acknowledged."""
    server = Postgres(server_folder / "killed-postgres")
    _on_servers_thread(server.start)
    asyncio.run(_create(server, TEMPLATE, "template1"))
    asyncio.run(
        migrate(settings_for(server.url_of(TEMPLATE), "redis://127.0.0.1:1/0", server_folder / "killed"))
    )
    yield server
    server.stop()


@pytest.fixture(scope="session")
def valkey(server_folder: Path) -> Iterator[Valkey]:
    server = Valkey(server_folder / "killed-valkey")
    _on_servers_thread(server.start)
    yield server
    server.stop()


@pytest.fixture
def settings(postgres: Postgres, valkey: Valkey, server_folder: Path) -> Settings:
    """A database, a Redis database and a store of the test's own; leases short, so that the suite is."""
    number = next(_numbers)
    asyncio.run(_create(postgres, f"killed_{number}", TEMPLATE))
    folder = server_folder / f"killed-{number}"
    folder.mkdir()
    return settings_for(
        postgres.url_of(f"killed_{number}"), valkey.url_of(number % 16), folder, lease_seconds=4
    )


@pytest.fixture
def make_worker(settings: Settings) -> Iterator[Callable[[Path], WorkerProcess]]:
    """Starts a worker with the named face pack; all are gone after the test."""
    made: list[WorkerProcess] = []

    def make(pack: Path) -> WorkerProcess:
        made.append(WorkerProcess(settings, pack))
        made[-1].start()
        return made[-1]

    yield make
    for worker in made:
        worker.kill()


@pytest.fixture
def webs(settings: Settings) -> Iterator[list[WebProcess]]:
    """Two, as behind a balancer."""
    made = [WebProcess(settings) for _ in range(2)]
    for web in made:
        web.start()
    yield made
    for web in made:
        web.kill()


def _on_servers_thread(change: Callable[[], object]) -> None:
    servers.submit(change).result()


async def _create(server: Postgres, name: str, template: str) -> None:
    connection = await asyncpg.connect(server.url_of("postgres"))
    try:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    finally:
        await connection.close()
