"""What clients sent and were told, and whether what was kept agrees with every word of it."""

import asyncio
import hashlib
import os
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import orjson

from api.attendance.models import CheckIn
from api.attendance.service.days import refresh_day
from api.core import database
from api.core.errors import NotFound
from api.core.events import CHANGED, read_changed
from api.core.runtime import Runtime
from api.core.storage import Storage
from tests.worker.jobs.office import eyes_of
from worker.jobs.kind import AWAY, Tools
from worker.jobs.sweep import sweep

#: What was accepted is verified so many seconds after everything is up again at the latest.
RECOVERY_SECONDS = 30.0
#: The signals of one check-in: that it was accepted, and that it was settled.
MOST_SIGNALS = 2
#: What libraries log by themselves of a server that is away: asyncpg of its pool, asyncio of what arq still
#: wanted to tell Redis of a ring when its worker was ended.
OF_LIBRARIES = ("Failed to restore the pool connection floor", "coro=<Worker.finish_job()")


@dataclass
class History:
    """By idempotency key. What is neither acknowledged nor refused is unknown: it may be there, once."""

    #: Names of the photographs that the submission named.
    invoked: dict[str, list[str]] = field(default_factory=dict)
    acknowledged: dict[str, UUID] = field(default_factory=dict)
    #: The moments of the first acknowledgements, by `time.monotonic`.
    moments: list[float] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    #: Answers that no client should ever get, and answers that contradict earlier ones.
    surprises: list[str] = field(default_factory=list)
    #: Signals heard, by the check-in they are about.
    signals: Counter[UUID] = field(default_factory=Counter)
    #: Requests that got no answer, or "later", by why.
    unanswered: Counter[str] = field(default_factory=Counter)

    @property
    def summary(self) -> str:
        unknown = len(self.invoked) - len(self.acknowledged) - len(self.refused)
        return (
            f"{len(self.acknowledged)} acknowledged, {unknown} unknown, unanswered: {dict(self.unanswered)}"
        )

    def acknowledge(self, key: str, check_in_id: UUID) -> None:
        known = self.acknowledged.setdefault(key, check_in_id)
        if known != check_in_id:
            self.surprises.append(f"{key} was told to be {known}, and then {check_in_id}")
        self.moments.append(time.monotonic())

    def took(self, record: CheckIn) -> None:
        """What was accepted within this process."""
        self.invoked[record.idempotency_key] = record.frames
        self.acknowledge(record.idempotency_key, record.id)

    async def check(self, runtime: Runtime) -> None:
        found = await self.violations(runtime)
        assert not found, {kind: (len(said), said[:5]) for kind, said in found.items()}

    async def violations(self, runtime: Runtime) -> dict[str, list[str]]:
        """What is wrong, by kind; empty where every word was kept. Ages what nobody needs, and sweeps it."""
        rows = await _records()
        found = {
            "surprise": [*self.surprises, *_tracebacks(runtime.settings.data_dir)],
            "lost": self._lost(rows),
            "twice": [*self._twice(rows), *await _settled_twice(), *self._signalled_twice()],
            "unasked": self._unasked(rows),
            "stuck": [*_stuck(rows), *await _left_in_outbox()],
            "day": await _wrong_days(),
            "photograph": await _wrong_photographs(runtime.storage),
            "orphan": await _orphans(runtime, rows),
        }
        return {kind: said for kind, said in found.items() if said}

    def _lost(self, rows: list[database.Row]) -> list[str]:
        ids = {row["key"]: row["id"] for row in rows}
        return [key for key, check_in_id in self.acknowledged.items() if ids.get(key) != check_in_id]

    def _twice(self, rows: list[database.Row]) -> Iterable[str]:
        """One submission is one record, and so is one photograph."""
        yield from _repeated(row["key"] for row in rows)
        yield from _repeated(frame for row in rows for frame in row["frames"])

    def _signalled_twice(self) -> list[str]:
        return [f"signals of {one}" for one, count in self.signals.items() if count > MOST_SIGNALS]

    def _unasked(self, rows: list[database.Row]) -> list[str]:
        """Records of what nobody sent, or what was refused."""
        return [
            _name(row)
            for row in rows
            if row["key"] in self.refused or self.invoked.get(row["key"]) != row["frames"]
        ]


def _tracebacks(logs: Path) -> Iterable[str]:
    """What the processes did not expect: nothing else is logged with one, but by libraries."""
    for log in logs.glob("*.log"):
        parts = log.read_text(errors="replace").split("\nTraceback (most recent call last):\n")
        for before, after in pairwise(parts):
            said = before.rpartition("\n")[2]
            # One without a line of its own before it is a cause of the last.
            if said and not any(known in said for known in OF_LIBRARIES):
                yield f"{log.name}: {said}\n{after}"


async def _records() -> list[database.Row]:
    found = await database.rows(
        "SELECT id, idempotency_key AS key, state, frames, receipt, "
        "extract(epoch FROM settled_at - received_at)::float AS seconds FROM check_in"
    )
    return [{**row, "frames": orjson.loads(row["frames"])} for row in found]


def _repeated(values: Iterable[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]


def _name(row: database.Row) -> str:
    return f"{row['id']} ({row['state']}, {row['seconds']} s)"


def _stuck(rows: list[database.Row]) -> list[str]:
    return [_name(row) for row in rows if row["state"] == "PENDING" or row["receipt"] is None]


async def _left_in_outbox() -> list[str]:
    return [f"{row['job']} of {row['subject_id']}" for row in await database.rows("SELECT * FROM outbox")]


async def _settled_twice() -> list[str]:
    found = await database.rows(
        "SELECT check_in_id, count(*) AS n FROM settlement GROUP BY 1 HAVING count(*) > 1"
    )
    return [f"{row['check_in_id']} was settled {row['n']} times" for row in found]


async def _wrong_days() -> list[str]:
    """A day is one row, and what its check-ins make of it when asked again."""
    before = await _days()
    for check_in in await CheckIn.all().select_related("employee__unit"):
        async with database.transaction() as using:
            await refresh_day(using, check_in, check_in.employee.unit.time_zone)
    after = await _days()
    return [
        f"{whose}: {before.get(whose)} for {after[whose]}"
        for whose in after
        if before.get(whose) != after[whose]
    ]


async def _days() -> dict[tuple[UUID, str], list[str]]:
    days: defaultdict[tuple[UUID, str], list[str]] = defaultdict(list)
    for row in await database.rows("SELECT * FROM attendance_day"):
        days[row["employee_id"], str(row["day"])].append(repr(sorted(row.items())))
    return dict(days)


async def _wrong_photographs(storage: Storage) -> list[str]:
    """Each is there, opens, and is the one that was looked at, once."""
    found = await database.rows(
        "SELECT c.id, frame.key, array_agg(p.digest) AS digests FROM check_in c "
        "CROSS JOIN LATERAL jsonb_array_elements_text(c.frames) WITH ORDINALITY AS frame(key, number) "
        "LEFT JOIN frame_print p ON p.check_in_id = c.id AND p.frame = frame.number - 1 GROUP BY 1, 2"
    )
    return [row["key"] for row in found if row["digests"] != [await _digest(storage, row["key"])]]


async def _digest(storage: Storage, key: str) -> bytes:
    try:
        return hashlib.sha256(await storage.get(key)).digest()
    except NotFound:
        return b"there is none"


async def _orphans(runtime: Runtime, rows: list[database.Row]) -> list[str]:
    """What lies in the store, named by nobody, when the sweep has been over all that is old enough for it."""
    await database.rows("UPDATE check_in_nonce SET expires_at = expires_at - interval '2 days' RETURNING id")
    store = runtime.settings.data_dir / "store"
    for path in _files(store):
        os.utime(path, (0, 0))
    await sweep({"tools": Tools(runtime, eyes_of(None))})
    named = {frame for row in rows for frame in row["frames"]}
    return [name for path in _files(store) if (name := str(path.relative_to(store))) not in named]


def _files(store: Path) -> list[Path]:
    return [path for path in (store / "frames").rglob("*") if path.is_file()]


@asynccontextmanager
async def heard(history: History, runtime: Runtime) -> AsyncIterator[None]:
    """Counts the signals of each check-in."""

    async def listen() -> None:
        async for payload in runtime.events.listen(CHANGED):
            if payload is not None:
                history.signals[read_changed(payload).subject_id] += 1

    listening = asyncio.create_task(listen())
    try:
        yield
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def all_settled(seconds: float = RECOVERY_SECONDS) -> float:
    """Waits until nothing is outstanding that is so by now; the seconds that took."""
    began, since = time.monotonic(), datetime.now(UTC)
    async with asyncio.timeout(seconds):
        while True:
            try:
                left = await database.rows("SELECT id FROM outbox WHERE created_at < $1 LIMIT 1", since)
                if not left:
                    return time.monotonic() - began
            except AWAY:
                pass  # the database is still starting
            await asyncio.sleep(0.05)
