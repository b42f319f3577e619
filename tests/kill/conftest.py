"""Servers and workers to be killed: apart from the other tests', and durable, as in an office."""

import asyncio
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from api.core.database import migrate
from api.core.settings import Settings
from local.leash import leashed
from local.postgres import Postgres
from local.valkey import Valkey
from tests.worker.jobs.office import servers, settings_for

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = "kill_template"
_numbers = itertools.count(1)


class WorkerProcess:
    """`hadir worker` as an office runs it."""

    def __init__(self, settings: Settings, pack: Path) -> None:
        self._environment = {
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            "DATABASE_URL": str(settings.database_url),
            "REDIS_URL": str(settings.redis_url),
            "HADIR_KEYS": settings.keys,
            "HADIR_DATA_DIR": str(settings.data_dir),
            "HADIR_FACE_PACK": str(pack),
            "HADIR_LEASE_SECONDS": str(settings.lease_seconds),
            "HADIR_UPLOAD_MAX_BYTES": str(settings.upload_max_bytes),
        }
        self._folder = settings.data_dir
        self._log = settings.data_dir / f"worker-{next(_numbers)}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, str(ROOT / "hadir.py"), "worker"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                leashed(command, self._folder, death_signal=signal.SIGKILL),
                env=self._environment,
                stdout=log,
                stderr=log,
            )

    @property
    def said(self) -> str:
        return self._log.read_text(errors="replace")

    @property
    def is_ready(self) -> bool:
        return "worker.ready" in self.said

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def send(self, number: signal.Signals) -> int:
        """The exit code that follows, within ten seconds."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(10)

    def kill(self) -> None:
        if self.is_alive:
            self.send(signal.SIGKILL)


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="module")
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
        worker = WorkerProcess(settings, pack)
        worker.start()
        made.append(worker)
        return worker

    yield make
    for worker in made:
        worker.kill()


def _on_servers_thread(change: Callable[[], object]) -> None:
    servers.submit(change).result()


async def _create(server: Postgres, name: str, template: str) -> None:
    connection = await asyncpg.connect(server.url_of("postgres"))
    try:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    finally:
        await connection.close()
