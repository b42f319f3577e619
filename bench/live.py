"""P8, P9: a change on the live wall told to thousands of readers, against bare sends of the same bytes.

Every reader has an account and a session of his own and watches the whole agency; every event is a row that
changed in the database and a signal over Redis, as the worker gives it. The floor is handed the finished message
over Redis and sends it.
"""

import asyncio
import itertools
import re
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import orjson
import redis.asyncio as redis
import uvloop

from api.core.events import CHANGED
from bench.agency import TIME_ZONE, Agency, populate
from bench.ground import Ground, Process, ground, product, serving
from bench.live_client import Client, Told, watch
from bench.live_floor import CHANNEL
from bench.proc import cpu_seconds, resident_mb
from bench.rows import Row, row

READERS, EVENTS, PEOPLE = 5_000, 50, 24_000
QUICK_READERS, QUICK_EVENTS, QUICK_PEOPLE = 500, 15, 2_400
#: Events a second.
RATE = 5.0
#: Connections before memory is first looked at.
WARM = 50
#: How long the last event may take to arrive.
PATIENCE = 30.0

#: What the page of the wall asks.
WALL = """subscription Changes($unit: UUID!) {
  attendanceChanged(unitId: $unit) {
    resync
    counts { total present: in gone: out notIn late pending flagged needsReview }
    changed {
      presence inAt outAt lateMinutes flagged needsReview lastChangeAt checkInId
      employee { id nip name unit { name timeZone zoneName } }
    }
  }
}"""
WATCHERS = """
INSERT INTO role_assignment (id, agency_id, employee_id, unit_id, role, valid_from)
SELECT gen_random_uuid(), agency_id, employee_id, $1, 'SUPERVISOR', '2020-01-01' FROM account
"""
CHANGE = """
INSERT INTO attendance_day (id, agency_id, employee_id, day, presence, in_at, late_minutes, flagged, needs_review,
                            last_change_at)
VALUES (gen_random_uuid(), $1, $2, (now() AT TIME ZONE $3)::date, 'IN', now(), $4, false, false, now())
ON CONFLICT (employee_id, day) DO UPDATE SET late_minutes = $4, last_change_at = now()
"""
#: An event is known by its number, which the changed row shows as minutes late.
FIRST_NUMBER = 100_000

Publish = Callable[[int], Awaitable[float]]


@dataclass(frozen=True, slots=True)
class Side:
    """What one server did."""

    kilobytes: float  #: of memory a reader
    cpu: float  #: seconds an answer to one reader
    p95: float  #: seconds from the signal to the reader
    lost: int  #: events that a reader did not hear of
    frame: bytes  #: one of its messages


def measure(quick: bool = False) -> list[Row]:
    """Takes about a minute and a half; `quick`, with a tenth of the readers, half a minute."""
    readers, events, people = (
        (QUICK_READERS, QUICK_EVENTS, QUICK_PEOPLE) if quick else (READERS, EVENTS, PEOPLE)
    )
    with ground() as on:
        agency = asyncio.run(populate(str(on.settings.database_url), people=people, days=1, members=readers))
        own, floor = uvloop.run(_both(on, agency, events))
    whom = f"{readers:,} readers, {RATE:g} events/s"
    return [
        row("P8", f"CPU of telling one of {readers:,} readers (µs)", own.cpu * 1e6, must=1.5, stretch=1.2,
            floor=floor.cpu * 1e6),
        row("P8", "memory of a reader (KB)", own.kilobytes, must=35, note=f"the floor's: {floor.kilobytes:.1f} KB"),
        row("P9", f"events not heard of by a reader; {whom}", own.lost, must=0),
        row("P9", f"p95 from change to reader (ms); {whom}", own.p95 * 1e3, floor=floor.p95 * 1e3, must=2),
    ]  # fmt: skip


async def _both(on: Ground, agency: Agency, events: int) -> tuple[Side, Side]:
    database = await asyncpg.connect(str(on.settings.database_url))
    doorbell = redis.Redis.from_url(str(on.settings.redis_url))
    try:
        await database.execute(WATCHERS, agency.root)
        await database.execute("DELETE FROM role_assignment WHERE unit_id IS NULL")
        await database.execute("VACUUM ANALYZE")
        tokens = [member.token for member in agency.members]
        with product(on) as process:
            publish = await _changes(database, doorbell, agency)
            own = await _side(process, tokens, publish, events, WALL, {"unit": str(agency.root)})
        with serving([sys.executable, "-m", "bench.live_floor"], on.environment) as process:
            floor = await _side(process, tokens, _bytes_like(own.frame, doorbell), events, "", {})
        return own, floor
    finally:
        await doorbell.aclose()
        await database.close()


async def _changes(database: asyncpg.Connection, doorbell: redis.Redis, agency: Agency) -> Publish:
    """A change of another person each time."""
    found = await database.fetch(
        "SELECT e.id, e.agency_id, u.path FROM employee e JOIN unit u ON u.id = e.unit_id ORDER BY e.nip LIMIT 1000"
    )
    people = itertools.cycle(found)

    async def publish(number: int) -> float:
        person = next(people)
        await database.execute(CHANGE, agency.id, person["id"], TIME_ZONE, number)
        signal = {
            "topic": "attendance",
            "agency_id": UUID(str(person["agency_id"])),
            "unit_path": person["path"],
            "employee_id": UUID(str(person["id"])),
            "subject_id": UUID(str(person["id"])),
        }
        began = time.perf_counter()
        await doorbell.publish(CHANGED, orjson.dumps(signal))
        return began

    return publish


def _bytes_like(frame: bytes, doorbell: redis.Redis) -> Publish:
    """The product's own message with another number in it."""

    async def publish(number: int) -> float:
        message = re.sub(rb'"lateMinutes":\d+', b'"lateMinutes":%d' % number, frame)
        began = time.perf_counter()
        await doorbell.publish(CHANNEL, message)
        return began

    return publish


async def _side(
    process: Process,
    tokens: Sequence[str],
    publish: Publish,
    events: int,
    query: str,
    variables: dict[str, object],
) -> Side:
    told = Told()
    warm = await watch(process.port, told, tokens[:WARM], query, variables)
    await asyncio.sleep(1)
    before = resident_mb(process.pid)
    readers = await watch(process.port, told, tokens, query, variables)
    await asyncio.sleep(1)
    memory = resident_mb(process.pid) - before
    _close(warm)
    await asyncio.sleep(1)
    told.forget()
    began = cpu_seconds(process.pid)
    sent = await _publish_all(publish, events)
    await _until_heard(told, max(sent), len(readers))
    cpu = cpu_seconds(process.pid) - began
    _close(readers)
    delays = [heard - sent[number] for number, times in told.heard.items() for heard in times]
    return Side(
        kilobytes=memory * 1024 / len(readers),
        cpu=cpu / told.frames,
        p95=statistics.quantiles(delays, n=100)[94],
        lost=len(sent) * len(readers) - len(delays),
        frame=told.sample,
    )


async def _publish_all(publish: Publish, events: int) -> dict[int, float]:
    """Number → when it was sent."""
    sent = {}
    began = time.perf_counter()
    for place in range(events):
        number = FIRST_NUMBER + place
        sent[number] = await publish(number)
        await asyncio.sleep(max(0.0, began + (place + 1) / RATE - time.perf_counter()))
    return sent


async def _until_heard(told: Told, number: int, readers: int) -> None:
    until = time.perf_counter() + PATIENCE
    while len(told.heard.get(number, ())) < readers and time.perf_counter() < until:  # noqa: ASYNC110
        await asyncio.sleep(0.05)


def _close(clients: Sequence[Client]) -> None:
    for client in clients:
        client.transport.close()
