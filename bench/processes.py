"""P15, P16: what the processes weigh after work, and how soon they work; a second `make run`."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg

from api.core.crypto import Keyring
from api.core.identity import new_id
from api.core.settings_checks import parse_keys
from api.core.storage import Storage
from bench.accept import ACCEPTED
from bench.agency import Agency, populate
from bench.checkins import GRAPHQL, ask, prepare
from bench.ground import PROGRAM, ROOT, Ground, Process, ground, product
from bench.load import drive
from bench.proc import resident_mb
from bench.queries import PEOPLE
from bench.rows import Row, row
from local.processes import Child
from local.server import free_port
from worker.vision.samples import portrait

#: Starts of the web process; the median counts. The first also writes Python's own caches.
STARTS = 3
CHECK_INS, LISTS, VERIFIED = 1_000, 300, 40
PATIENCE = 120.0


def measure() -> list[Row]:
    """Takes about a minute and a half."""
    pack = Path(os.environ.get("HADIR_FACE_PACK") or ROOT / ".data/packs/hadir-default")
    with ground() as on:
        agency = asyncio.run(populate(str(on.settings.database_url), people=2_400, days=1))
        rows = _web(on, agency)
        rows += _worker(on, agency, pack)
    return [*rows, _second_run(pack)]


def _web(on: Ground, agency: Agency) -> list[Row]:
    starts = []
    for _ in range(1 + STARTS):
        with product(on) as own:
            starts.append(own.seconds)
            memory = resident_mb(own.pid)
    with product(on) as own:
        asyncio.run(_load(on, agency, own))
        loaded = resident_mb(own.pid)
    work = f"{CHECK_INS:,} check-ins and {LISTS} lists"
    return [
        row(
            "P16",
            "web: start of the process to its first answer (s)",
            sorted(starts[1:])[STARTS // 2],
            must=2,
        ),
        row(
            "P15",
            f"memory of web after {work} (MB)",
            loaded,
            must=120,
            note=f"web at its start: {memory:.0f} MB",
        ),
    ]


async def _load(on: Ground, agency: Agency, own: Process) -> None:
    turns = await prepare(on, agency, CHECK_INS, GRAPHQL)
    await drive(own.port, own.pid, turns, clients=32, expect=ACCEPTED)
    lists = [[ask(GRAPHQL, agency.supervisor.token, PEOPLE, {"first": 50})]] * LISTS
    await drive(own.port, own.pid, lists, clients=8)


def _worker(on: Ground, agency: Agency, pack: Path) -> list[Row]:
    """A face waits to be enrolled when the worker starts; then check-ins with a face are verified."""
    one = replace(agency, members=[agency.members[3]])
    asyncio.run(_forget_check_ins(on))
    asyncio.run(_hand_in_face(on, one))
    child = Child(
        "worker", [sys.executable, PROGRAM, "worker"], {**on.environment, "HADIR_FACE_PACK": str(pack)}
    )
    began = time.perf_counter()
    child.start()
    try:
        asyncio.run(_until(on, "SELECT count(*) = 0 FROM outbox"))
        seconds = time.perf_counter() - began
        with product(on) as own:
            asyncio.run(_verify(on, one, own))
        assert child.pid is not None
        memory = resident_mb(child.pid)
    finally:
        child.send(signal.SIGTERM)
        child.wait(10)
    return [
        row("P16", "worker: start of the process to its first job done (s)", seconds, must=4),
        row("P15", f"memory of worker after {VERIFIED} verifications (MB)", memory, must=400),
    ]


async def _forget_check_ins(on: Ground) -> None:
    """Those of the web process's load hold no faces."""
    connection = await asyncpg.connect(str(on.settings.database_url))
    try:
        await connection.execute("DELETE FROM outbox")
    finally:
        await connection.close()


async def _hand_in_face(on: Ground, agency: Agency) -> None:
    """An enrolment as the API records one: its photograph sealed, its row, its work."""
    member, enrolment = agency.members[0], new_id()
    key = f"enrolments/{agency.id}/{member.employee_id}/bench/0"
    await Storage(on.settings, Keyring(parse_keys(on.settings.keys))).put(key, portrait(0))
    connection = await asyncpg.connect(str(on.settings.database_url))
    try:
        await connection.execute(
            "INSERT INTO enrolment (id, agency_id, employee_id, state, created_at, photos) VALUES "
            "($1, $2, $3, 'PENDING', now(), jsonb_build_array(jsonb_build_object('key', $4::text, 'accepted', NULL, "
            "'reasons', '[]'::jsonb)))",
            enrolment,
            agency.id,
            member.employee_id,
            key,
        )
        await connection.execute(
            "INSERT INTO outbox (id, job, subject_id, due_at, attempts, failures, created_at) "
            "VALUES ($1, 'enrol_face', $2, now(), 0, 0, now())",
            new_id(),
            enrolment,
        )
    finally:
        await connection.close()


async def _verify(on: Ground, agency: Agency, own: Process) -> None:
    turns = await prepare(on, agency, VERIFIED, GRAPHQL, photograph=portrait(0))
    await drive(own.port, own.pid, turns, clients=4, expect=ACCEPTED)
    await _until(on, "SELECT count(*) = 0 FROM outbox")


async def _until(on: Ground, question: str) -> None:
    """Asks every 10 ms until the answer is true."""
    connection = await asyncpg.connect(str(on.settings.database_url))
    try:
        async with asyncio.timeout(PATIENCE):
            while not await connection.fetchval(question):  # noqa: ASYNC110 - another process answers
                await asyncio.sleep(0.01)
    finally:
        await connection.close()


def _second_run(pack: Path) -> Row:
    """`make run` in a data folder that one has filled before, until .data/demo.json says that it is ready."""
    with tempfile.TemporaryDirectory(prefix="hadir-bench-") as folder:
        seconds = [_run(Path(folder), pack) for _ in range(2)]
    note = f"the first, with tables and demonstration data, took {seconds[0]:.1f} s"
    return row("P16", "a second `make run` until it is ready (s)", seconds[1], must=5, note=note)


def _run(folder: Path, pack: Path) -> float:
    unset = {"DATABASE_URL", "REDIS_URL", "HADIR_KEYS", "PYTHONDONTWRITEBYTECODE"}
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    own = {"HADIR_DATA_DIR": str(folder), "HADIR_FACE_PACK": str(pack), "HADIR_PORT": str(free_port())}
    began = time.perf_counter()
    with _stopped_after(["make", "run"], {**environment, **own}):
        while not (folder / "demo.json").exists():
            if time.perf_counter() - began > PATIENCE:
                raise TimeoutError("`make run` was not ready in time")
            time.sleep(0.01)
        return time.perf_counter() - began


@contextmanager
def _stopped_after(command: Sequence[str], environment: dict[str, str]) -> Iterator[None]:
    run = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield
    finally:
        run.send_signal(signal.SIGTERM)  # make passes it on and waits
        run.wait(PATIENCE)
