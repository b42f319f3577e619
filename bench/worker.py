"""P6, P7 and the latency of a verdict: the worker process, from the row in the outbox to the row settled."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import uvloop

from api.core import database, outbox
from api.core.outbox import Claim
from api.core.runtime import open_runtime
from bench.accept import ACCEPTED
from bench.agency import Agency, populate
from bench.checkins import GRAPHQL, prepare
from bench.ground import PROGRAM, ROOT, Ground, Process, ground, product
from bench.load import drive
from bench.rows import Row, row
from bench.vision import _bare as bare_runs
from local.processes import Child
from worker.faces import Eyes
from worker.jobs.kind import Kind, Tools
from worker.main import serve
from worker.vision.insight import InsightEngine
from worker.vision.packs import load_engine
from worker.vision.samples import STEADY, portrait

#: Check-ins one at a time, check-ins that wait together, entries of the outbox; the first for `quick`.
IDLE, BACKLOG, ENTRIES = (12, 60), (16, 32), (1_000, 3_000)
#: A shared machine's neighbours come and go: the best of so many dispatches, the median of so many backlogs.
ROUNDS = (1, 5)
PATIENCE = 120.0

#: The database's own clock at the three moments of a check-in. "accepted" is taken before the commit, so that
#: the commit's time is in what follows.
MOMENTS = """
CREATE TABLE moment (subject_id uuid, what text, at timestamptz);
CREATE FUNCTION note_moment() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO moment VALUES (CASE TG_TABLE_NAME WHEN 'outbox' THEN (to_jsonb(NEW) ->> 'subject_id')::uuid
                               ELSE NEW.id END, TG_ARGV[0], clock_timestamp());
    RETURN NULL; END $$;
CREATE TRIGGER accepted AFTER INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION note_moment('accepted');
CREATE TRIGGER claimed AFTER UPDATE ON outbox FOR EACH ROW EXECUTE FUNCTION note_moment('claimed');
CREATE TRIGGER settled AFTER UPDATE ON check_in FOR EACH ROW EXECUTE FUNCTION note_moment('settled')
"""
#: Milliseconds from "accepted" to each later moment.
WAITS = """
SELECT extract(epoch FROM min(later.at) - min(first.at)) * 1000 AS wait FROM moment first
  JOIN moment later ON later.subject_id = first.subject_id AND later.what = $1
 WHERE first.what = 'accepted' GROUP BY first.subject_id
"""
SPAN = """
SELECT extract(epoch FROM max(at) FILTER (WHERE what = 'settled') - min(at) FILTER (WHERE what = 'claimed')) FROM moment
"""


def measure(quick: bool = False) -> list[Row]:
    """Takes about 40 seconds, `quick` a third."""
    size = 0 if quick else 1
    pack = Path(os.environ.get("HADIR_FACE_PACK") or ROOT / ".data/packs/hadir-default")
    with ground() as on:
        rates = [uvloop.run(_dispatch(on, ENTRIES[size])) for _ in range(ROUNDS[size])]
        agency = asyncio.run(populate(str(on.settings.database_url), people=2_400, days=1))
        agency = replace(agency, members=agency.members[2:])
        asyncio.run(_execute(on, MOMENTS))
        with product(on) as web, _worker(on, pack) as worker:
            waits = _idle(on, agency, web, IDLE[size])
            backlog = _backlog(on, agency, web, worker, pack, BACKLOG[size], ROUNDS[size])
    what = "dispatch with an empty verification, one worker (entries/s)"
    return [{**row("P7", what, max(rates), must=1_000), "more": True}, *waits, backlog]


async def _dispatch(on: Ground, entries: int) -> float:
    """Entries a second through a whole worker (relay, arq, claims of four, striking out) that does nothing."""
    done = 0
    ended = asyncio.Event()

    async def nothing(_: Tools, claim: Claim) -> bool:
        nonlocal done
        done += 1
        if done == entries:
            ended.set()
        return False

    async with open_runtime(on.settings) as runtime:
        stopping, closed_eyes = asyncio.Event(), Eyes(None, ThreadPoolExecutor(1), 0)
        worker = asyncio.create_task(serve(runtime, closed_eyes, stopping, (Kind("empty", nothing),)))
        await asyncio.sleep(0.5)
        await database.rows(
            "INSERT INTO outbox (id, job, subject_id, due_at, attempts, failures, created_at) SELECT gen_random_uuid(), "
            "'empty', gen_random_uuid(), now(), 0, 0, now() FROM generate_series(1, $1) RETURNING id",
            entries,
        )
        began = time.perf_counter()
        runtime.events.work("empty")
        async with asyncio.timeout(PATIENCE):
            await ended.wait()
        seconds = time.perf_counter() - began
        stopping.set()
        await worker
        assert await outbox.outstanding() == 0
    return entries / seconds


def _idle(on: Ground, agency: Agency, web: Process, count: int) -> list[Row]:
    """One check-in at a time, at moments that nothing is in step with."""

    async def submit() -> tuple[list[float], list[float]]:
        for turn in await prepare(on, agency, count, GRAPHQL, photograph=portrait(STEADY[0])):
            await drive(web.port, web.pid, [turn], clients=1, expect=ACCEPTED)
            await _settled(on)
            await asyncio.sleep(random.uniform(0.02, 0.12))
        return await _waits(on, "claimed"), await _waits(on, "settled")

    picked_up, settled = asyncio.run(submit())
    middle, late = statistics.median, _p95
    return [
        row("P7", "idle: accepted to picked up by the worker, p95 (ms)", late(picked_up), must=80),
        row("P7", "idle: accepted to picked up by the worker, p50 (ms)", middle(picked_up), must=None),
        row("LATENCY", "idle: accepted to verdict, one frame, p50 (ms)", middle(settled), must=None),
        row("LATENCY", "idle: accepted to verdict, one frame, p95 (ms)", late(settled), must=None),
    ]


def _backlog(
    on: Ground, agency: Agency, web: Process, worker: Child, pack: Path, count: int, rounds: int
) -> Row:
    """The worker is held while check-ins are accepted and the floor is taken; then it has them all at once."""
    engine = load_engine(pack)
    assert isinstance(engine, InsightEngine)
    bare = bare_runs(engine, portrait(STEADY[0]))
    own, floor = [], []
    for _ in range(rounds):
        worker.send(signal.SIGSTOP)
        asyncio.run(_submit(on, agency, web, count))
        floor.append(_each(bare, count))
        worker.send(signal.SIGCONT)
        asyncio.run(_settled(on))
        own.append(1000 * asyncio.run(_span(on)) / count)
    note = (
        "storage, SQL, position, commit and signals run beside the models on a second core: both figures grow "
        "when others use the machine, the worker's more"
    )
    what = "worker with a backlog: wall a check-in of one frame (ms) against bare ONNX runs and decoding"
    value, least = statistics.median(own), statistics.median(floor)
    return row("P6", what, value, floor=least, must=1.2, stretch=1.1, note=note)


async def _submit(on: Ground, agency: Agency, web: Process, count: int) -> None:
    await _execute(on, "TRUNCATE moment")
    turns = await prepare(on, agency, count, GRAPHQL, photograph=portrait(STEADY[0]))
    await drive(web.port, web.pid, turns, clients=4, expect=ACCEPTED)


@contextmanager
def _worker(on: Ground, pack: Path) -> Iterator[Child]:
    """`hadir worker`."""
    child = Child(
        "worker", [sys.executable, PROGRAM, "worker"], {**on.environment, "HADIR_FACE_PACK": str(pack)}
    )
    child.start()
    try:
        yield child
    finally:
        child.send(signal.SIGTERM)
        child.wait(10)


def _each(act: Callable[[], None], times: int) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    for _ in range(times):
        act()
    return 1000 * (time.perf_counter() - began) / times


async def _settled(on: Ground) -> None:
    """Asks every 5 ms until the outbox is empty."""
    connection = await asyncpg.connect(str(on.settings.database_url))
    try:
        async with asyncio.timeout(PATIENCE):
            while await connection.fetchval("SELECT EXISTS (SELECT FROM outbox)"):  # noqa: ASYNC110
                await asyncio.sleep(0.005)
    finally:
        await connection.close()


async def _waits(on: Ground, moment: str) -> list[float]:
    """Without the first, which waited for the worker to load its models."""
    connection = await asyncpg.connect(str(on.settings.database_url))
    try:
        found = await connection.fetch(f"{WAITS} ORDER BY min(first.at)", moment)
    finally:
        await connection.close()
    return [float(each["wait"]) for each in found][1:]


async def _span(on: Ground) -> float:
    connection = await asyncpg.connect(str(on.settings.database_url))
    try:
        return float(await connection.fetchval(SPAN))
    finally:
        await connection.close()


async def _execute(on: Ground, statements: str) -> None:
    connection = await asyncpg.connect(str(on.settings.database_url))
    try:
        await connection.execute(statements)
    finally:
        await connection.close()


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


if __name__ == "__main__":
    import json

    print(json.dumps(measure(quick="--quick" in sys.argv), indent=1, ensure_ascii=False))
