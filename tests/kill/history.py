"""What was acknowledged, and whether the database keeps every word of it."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from api.attendance.service.accept import Submission, accept
from api.core import database, outbox
from api.core.errors import TooManyAttempts
from tests.worker.jobs.office import Office, Person
from worker.jobs.kind import AWAY

#: What a server that comes back must have caught up with, in seconds (R2).
RECOVERY_SECONDS = 30.0
#: Between two submissions of one client, in seconds.
PAUSE_SECONDS = 0.12


@dataclass
class History:
    """Ids by idempotency key, as the answers gave them."""

    acknowledged: dict[str, UUID] = field(default_factory=dict)
    turned_away: int = 0

    async def submit(self, person: Person, picture: bytes) -> None:
        """As a phone does: the same submission again until there is an answer."""
        sent = await self._until_answered(person, picture)
        if sent is None:
            return
        while True:
            try:
                record, _ = await accept(person.context, sent)
            except AWAY:
                self.turned_away += 1
                await asyncio.sleep(0.05)
                continue
            self.acknowledged[sent.idempotency_key] = record.id
            return

    async def _until_answered(self, person: Person, picture: bytes) -> Submission | None:
        while True:
            try:
                return await person.submission(picture)
            except TooManyAttempts:
                return None
            except AWAY:
                self.turned_away += 1
                await asyncio.sleep(0.05)

    async def check(self) -> None:
        """0 lost, 0 twice, 0 stuck."""
        records = await database.rows("SELECT id, idempotency_key, state, settled_at FROM check_in")
        by_key = {row["idempotency_key"]: row for row in records}
        assert len(by_key) == len(records)
        lost = {
            key for key, id_ in self.acknowledged.items() if key not in by_key or by_key[key]["id"] != id_
        }
        assert not lost, f"{len(lost)} of {len(self.acknowledged)} acknowledged are lost"
        stuck = [row["id"] for row in records if row["state"] == "PENDING"]
        assert not stuck, f"{len(stuck)} of {len(records)} wait for ever"
        settled = await database.rows(
            "SELECT check_in_id, count(*) AS n FROM settlement GROUP BY check_in_id"
        )
        twice = [row["check_in_id"] for row in settled if row["n"] != 1]
        assert not twice, f"{len(twice)} were settled more than once"
        assert len(settled) == len(records)


@asynccontextmanager
async def stream(
    history: History, people: Sequence[Person], pictures: Sequence[bytes], clients: int = 3
) -> AsyncIterator[None]:
    """Check-ins all the while, from several phones at once."""
    ending = asyncio.Event()

    async def client(seed: int) -> None:
        chance = random.Random(seed)
        while not ending.is_set():
            await history.submit(chance.choice(people), chance.choice(pictures))
            await asyncio.sleep(PAUSE_SECONDS * chance.random() * 2)

    async with asyncio.TaskGroup() as group:
        for seed in range(clients):
            group.create_task(client(seed))
        yield
        ending.set()


async def all_settled(seconds: float = RECOVERY_SECONDS) -> float:
    """Waits until nothing is outstanding; the seconds that took."""
    began = time.monotonic()
    async with asyncio.timeout(seconds):
        while True:
            try:
                if await outbox.outstanding() == 0:
                    return time.monotonic() - began
            except AWAY:
                pass  # the database is still starting
            await asyncio.sleep(0.05)


async def staff(office: Office, count: int) -> list[Person]:
    people = [await office.hire() for _ in range(count)]
    for person in people:
        await person.has_template(bytes(2048), "none")
    return people
