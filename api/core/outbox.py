"""Work recorded in the caller's transaction, claimed under a lease, done once.

Claiming and finishing live here, beside recording, because they are one protocol; only the worker calls them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from api.core import database
from api.core.identity import new_id

#: Longest pause between attempts, in seconds.
LONGEST_BACKOFF = 60


@dataclass(frozen=True, slots=True)
class Claim:
    """A lease on one entry; `attempt` is the fencing token: a later claimant has a higher one."""

    entry_id: UUID
    subject_id: UUID
    attempt: int


async def record(using: BaseDBAsyncClient, job: str, subject_id: UUID) -> None:
    """Note that `job` must run for the subject; recording it twice before it ran is recording it once."""
    await using.execute_query(
        "INSERT INTO outbox (id, job, subject_id, due_at, attempts, created_at) "
        "VALUES ($1, $2, $3, now(), 0, now()) ON CONFLICT (job, subject_id) DO NOTHING",
        [new_id(), job, subject_id],
    )


async def jobs_due() -> list[str]:
    found = await database.rows(
        "SELECT DISTINCT job FROM outbox "
        "WHERE due_at <= now() AND (leased_until IS NULL OR leased_until < now())"
    )
    return [row["job"] for row in found]


async def claim(job: str, *, most: int, lease_seconds: int) -> list[Claim]:
    """Up to `most` due entries, oldest first, that nobody holds; other claimants are passed by, not waited for."""
    found = await database.rows(
        "WITH due AS (SELECT id FROM outbox WHERE job = $1 AND due_at <= now() "
        "  AND (leased_until IS NULL OR leased_until < now()) ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED) "
        "UPDATE outbox SET leased_until = now() + make_interval(secs => $3), attempts = attempts + 1 "
        "FROM due WHERE outbox.id = due.id RETURNING outbox.id, subject_id, attempts",
        job,
        most,
        float(lease_seconds),
    )
    return [Claim(row["id"], row["subject_id"], row["attempts"]) for row in found]


async def finish(using: BaseDBAsyncClient, claim: Claim) -> bool:
    """Strike the entry out; False when the lease ran out and somebody else took it since: then undo your work."""
    gone = await using.execute_query_dict(
        "DELETE FROM outbox WHERE id = $1 AND attempts = $2 RETURNING id", [claim.entry_id, claim.attempt]
    )
    return bool(gone)


async def give_back(claims: Sequence[Claim], *, delay_seconds: float | None = None) -> None:
    """Return leases early: at once on shutdown, after a growing pause on failure (2, 4, 8 … 60 s)."""
    for held in claims:
        pause = delay_seconds if delay_seconds is not None else min(2.0**held.attempt, LONGEST_BACKOFF)
        await database.rows(
            "UPDATE outbox SET leased_until = NULL, due_at = now() + make_interval(secs => $3) "
            "WHERE id = $1 AND attempts = $2",
            held.entry_id,
            held.attempt,
            pause,
        )


async def outstanding() -> int:
    return int((await database.rows("SELECT count(*) AS n FROM outbox"))[0]["n"])
