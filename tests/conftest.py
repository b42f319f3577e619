"""Real servers for the tests: a PostgreSQL and a Valkey for each xdist worker, a database for each test."""

import asyncio
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
import redis

from local.postgres import Postgres
from local.valkey import Valkey

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
NO_CHROMIUM = "Chromium not found: browser journeys left out; install with `apt-get install chromium`"

_MEMORY = Path("/dev/shm")
_MEMORY_BYTES = 1_500_000_000  # a container often gives 64 MB, which a server would fill
_PREFIX = "hadir-tests-"
_TEMPLATE = "hadir_template"
_numbers = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", action="store_true", help="take the pictures that README.md shows")
    parser.addoption("--kill-points", type=int, default=40, help="moments at which a test kills a process")
    parser.addoption("--outage-seconds", type=int, default=10, help="for how long a test keeps Redis away")


def pytest_report_header() -> list[str]:
    return [] if CHROMIUM else [NO_CHROMIUM]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("browser") and not CHROMIUM:
            item.add_marker(pytest.mark.skip(reason=NO_CHROMIUM))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not CHROMIUM and not terminalreporter.no_header:
        terminalreporter.write_line(NO_CHROMIUM)


@pytest.fixture(scope="session")
def kill_points(pytestconfig: pytest.Config) -> int:
    """How many moments to kill at: 40 in the suite, 200 by `make soak`."""
    return int(pytestconfig.getoption("--kill-points"))


@pytest.fixture(scope="session")
def outage_seconds(pytestconfig: pytest.Config) -> int:
    """For how long Redis stays away: 10 s in the suite, 60 by `make soak`."""
    return int(pytestconfig.getoption("--outage-seconds"))


@pytest.fixture(scope="session")
def server_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for servers' data, in memory where the machine offers that."""
    if not os.access(_MEMORY, os.W_OK) or shutil.disk_usage(_MEMORY).free < _MEMORY_BYTES:
        yield tmp_path_factory.mktemp("servers")
        return
    for left in _MEMORY.glob(f"{_PREFIX}*"):
        if not Path("/proc", left.name.removeprefix(_PREFIX)).exists():  # its test run was killed
            shutil.rmtree(left, ignore_errors=True)
    folder = _MEMORY / f"{_PREFIX}{os.getpid()}"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres(server_folder: Path) -> Iterator[Postgres]:
    """This worker's PostgreSQL. A test may kill or restart it: `database_url` starts it again."""
    server = Postgres(server_folder / "postgres", fast=True)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def valkey(server_folder: Path) -> Iterator[Valkey]:
    """This worker's Valkey. A test may kill or restart it: `redis_url` starts it again."""
    server = Valkey(server_folder / "valkey")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def template_database(postgres: Postgres) -> str:
    """The name of a migrated database that nobody connects to."""
    from api.core.database import migrate
    from api.core.settings import load

    administer(postgres, f"CREATE DATABASE {_TEMPLATE}")
    asyncio.run(migrate(load(environ={"DATABASE_URL": postgres.url_of(_TEMPLATE)}, env_file=None)))
    return _TEMPLATE


@pytest.fixture
def make_database(postgres: Postgres) -> Iterator[Callable[[str], str]]:
    """Makes a database from the named template, returns its URL, and drops it after the test."""
    made: list[str] = []

    def make(template: str) -> str:
        name = f"test_{next(_numbers)}"
        postgres.start()
        administer(postgres, copy_of(template, name))
        made.append(name)
        return postgres.url_of(name)

    yield make
    postgres.start()
    for name in made:
        administer(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(make_database: Callable[[str], str], template_database: str) -> str:
    """A migrated, empty database of this test's own."""
    return make_database(template_database)


@pytest.fixture
def blank_database_url(make_database: Callable[[str], str]) -> str:
    """A database without any table, for tests of the migrations themselves."""
    return make_database("template1")


@pytest.fixture
def redis_url(valkey: Valkey) -> str:
    """An empty Valkey database of this test's own."""
    valkey.start()
    url = valkey.url_of(next(_numbers) % 16)
    with redis.Redis.from_url(url) as connection:
        connection.flushdb()
    return url


@pytest.fixture(scope="session")
def face_pack() -> Path:
    """The default pack, as set-up makes it."""
    pack = Path(__file__).resolve().parents[1] / ".data" / "packs" / "hadir-default"
    assert pack.is_dir(), f"There is no face pack at {pack}: run `make faces`."
    return pack


def copy_of(template: str, name: str) -> str:
    """As files: where nothing is synced, it takes half of what block by block through the log does."""
    return f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"


def administer(server: Postgres, statement: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(server.url_of("postgres"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())
