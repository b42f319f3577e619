"""What a measurement stands on: embedded servers as `hadir up` starts them, and processes of the program."""

import asyncio
import http.client
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.core.database import migrate
from api.core.settings import Settings, load
from local.keys import keys_in
from local.postgres import Postgres
from local.processes import Child
from local.server import free_port
from local.valkey import Valkey

ROOT = Path(__file__).parent.parent
PROGRAM = str(ROOT / "hadir.py")
START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Ground:
    """A data folder of its own. PostgreSQL is durable (fsync and synchronous commit on), on the disk under
    the system's folder for temporary files."""

    folder: Path
    postgres: Postgres
    valkey: Valkey
    settings: Settings

    @property
    def environment(self) -> dict[str, str]:
        # Without Python's own caches a start would be measured that nobody has twice.
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return {
            **inherited,
            "DATABASE_URL": str(self.settings.database_url),
            "REDIS_URL": str(self.settings.redis_url),
            "HADIR_DATA_DIR": str(self.folder),
            "HADIR_KEYS": self.settings.keys,
            "HADIR_LOG_LEVEL": "WARNING",
            "PYTHONPATH": str(ROOT),
        }


@dataclass(frozen=True, slots=True)
class Process:
    port: int
    pid: int
    #: From the start of the process to its first answer.
    seconds: float


@contextmanager
def ground() -> Iterator[Ground]:
    """Started servers with an empty, migrated database; everything is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="hadir-bench-") as name:
        folder = Path(name)
        postgres, valkey = Postgres(folder / "postgres"), Valkey(folder / "valkey")
        try:
            fields = {"database_url": postgres.start(), "redis_url": valkey.start(), "data_dir": folder}
            settings = load(environ={}, env_file=None, keys=keys_in(folder), **fields)
            asyncio.run(migrate(settings))
            yield Ground(folder, postgres, valkey, settings)
        finally:
            valkey.stop()
            postgres.stop()


@contextmanager
def product(on: Ground, **environment: str) -> Iterator[Process]:
    """`hadir web`."""
    with serving([sys.executable, PROGRAM, "web"], {**on.environment, **environment}) as process:
        yield process


@contextmanager
def floor(on: Ground) -> Iterator[Process]:
    with serving([sys.executable, "-m", "bench.floor"], on.environment) as process:
        yield process


@contextmanager
def serving(command: list[str], environment: Mapping[str, str]) -> Iterator[Process]:
    """A process that listens on HADIR_PORT and answers /healthz; ended afterwards."""
    port = free_port()
    child = Child(Path(command[-1]).stem, command, {**environment, "HADIR_PORT": str(port)})
    began = time.perf_counter()
    child.start()
    try:
        while not answers(port, "/healthz"):
            if not child.is_alive() or time.perf_counter() - began > START_SECONDS:
                raise RuntimeError(f"{' '.join(command[1:])} does not answer; the lines above say why")
            time.sleep(0.005)
        assert child.pid is not None
        yield Process(port, child.pid, time.perf_counter() - began)
    finally:
        child.send(signal.SIGTERM)
        child.wait(10)


def answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
