"""Work recorded in the caller's transaction, claimed under a lease, done once.

Claiming and finishing live here, beside recording, because they are one protocol; only the worker calls them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
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
    failures: int = 0


async def record(
    using: BaseDBAsyncClient, job: str, subject_id: UUID, *, due_at: datetime | None = None
) -> None:
    """Note that `job` must run for the subject, at once or when it is due; recording it twice before it ran is
    recording it once, for the earlier time.

    While it runs, it is noted that it must run again: whoever holds the lease loses it.
    """
    await using.execute_query(
        "INSERT INTO outbox (id, job, subject_id, due_at, attempts, failures, created_at) "
        "VALUES ($1, $2, $3, coalesce($4, now()), 0, 0, now()) ON CONFLICT (job, subject_id) DO UPDATE SET "
        "due_at = least(outbox.due_at, excluded.due_at), "
        "attempts = outbox.attempts + (outbox.leased_until IS NOT NULL)::int, leased_until = NULL",
        [new_id(), job, subject_id, due_at],
    )


async def jobs_due(known: Collection[str]) -> list[str]:
    """Those of the known jobs for which something is due; what that costs does not grow with the backlog."""
    found = await database.rows(
        "SELECT job FROM unnest($1::text[]) AS known(job) WHERE EXISTS (SELECT FROM outbox "
        "WHERE outbox.job = known.job AND due_at <= now() AND (leased_until IS NULL OR leased_until < now()))",
        list(known),
    )
    return [row["job"] for row in found]


async def claim(job: str, *, most: int, lease_seconds: int) -> list[Claim]:
    """Up to `most` due entries, oldest first, that nobody holds; other claimants are passed by, not waited for."""
    found = await database.rows(
        "WITH due AS (SELECT id FROM outbox WHERE job = $1 AND due_at <= now() "
        "  AND (leased_until IS NULL OR leased_until < now()) ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED) "
        "UPDATE outbox SET leased_until = now() + make_interval(secs => $3), attempts = attempts + 1, "
        "  failures = failures + (leased_until IS NOT NULL)::int "  # a lease that ran out: its holder died
        "FROM due WHERE outbox.id = due.id RETURNING outbox.id, subject_id, attempts, failures",
        job,
        most,
        float(lease_seconds),
    )
    return [Claim(row["id"], row["subject_id"], row["attempts"], row["failures"]) for row in found]


async def finish(using: BaseDBAsyncClient, claim: Claim) -> bool:
    """Strike the entry out; False when the lease ran out and somebody else took it since: then undo your work."""
    gone = await using.execute_query_dict(
        "DELETE FROM outbox WHERE id = $1 AND attempts = $2 RETURNING id", [claim.entry_id, claim.attempt]
    )
    return bool(gone)


async def hold(using: BaseDBAsyncClient, claim: Claim) -> bool:
    """Keep the entry as it is until the end of the transaction; False when it is done, or another's by now."""
    held = await using.execute_query_dict(
        "SELECT id FROM outbox WHERE id = $1 AND attempts = $2 FOR UPDATE", [claim.entry_id, claim.attempt]
    )
    return bool(held)


async def strike_out(claims: Sequence[Claim]) -> None:
    """Strike out entries whose work left nothing to write; those whose lease somebody else took stay."""
    await database.rows(
        "DELETE FROM outbox USING unnest($1::uuid[], $2::int[]) AS done(id, attempt) "
        "WHERE outbox.id = done.id AND outbox.attempts = done.attempt",
        [held.entry_id for held in claims],
        [held.attempt for held in claims],
    )


async def renew(claims: Sequence[Claim], *, lease_seconds: int) -> None:
    """Hold on to leases while their work goes on; those already lost stay lost."""
    await database.rows(
        "UPDATE outbox SET leased_until = now() + make_interval(secs => $3) "
        "FROM unnest($1::uuid[], $2::int[]) AS held(id, attempt) "
        "WHERE outbox.id = held.id AND outbox.attempts = held.attempt",
        [held.entry_id for held in claims],
        [held.attempt for held in claims],
        float(lease_seconds),
    )


async def give_back(claims: Sequence[Claim], *, delay_seconds: float | None = None) -> None:
    """Return leases early: after a given pause where nobody failed, else after a growing one (2, 4, 8 … 60 s)."""
    failed = delay_seconds is None
    for held in claims:
        pause = (
            min(2.0 ** min(held.failures + 1, 10), LONGEST_BACKOFF)
            if delay_seconds is None
            else delay_seconds
        )
        await database.rows(
            "UPDATE outbox SET leased_until = NULL, due_at = now() + make_interval(secs => $3), "
            "failures = failures + $4::int WHERE id = $1 AND attempts = $2",
            held.entry_id,
            held.attempt,
            pause,
            int(failed),
        )


async def waiting() -> tuple[int, float]:
    """How many entries are not done, and for how many seconds the oldest of them has been due; 0 when none is."""
    (row,) = await database.rows(
        # What failed is put off for a minute at most; what is due later is no backlog, but an appointment.
        "SELECT count(*) AS n, extract(epoch FROM now() - min(due_at))::float8 AS oldest FROM outbox "
        "WHERE due_at <= now() + make_interval(secs => $1)",
        float(LONGEST_BACKOFF),
    )
    return row["n"], max(0.0, row["oldest"] or 0.0)


async def outstanding() -> int:
    return (await waiting())[0]
