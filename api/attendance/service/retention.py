"""What has been kept for its time goes, a batch at a time. Safe to run twice, also at once."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from tortoise.backends.base.client import BaseDBAsyncClient

from api.attendance.models import GoneReason
from api.attendance.retention import RetentionPeriods
from api.audit import service as audit
from api.core import database
from api.core.storage import Storage
from api.people import service as people
from api.people.models import RuleTopic

BATCH = 200
ACTION = "retention.kept"

_DECIDED = """
state NOT IN ('PENDING', 'REVIEW') AND (contested_at IS NULL OR review_decision IS NOT NULL)
"""
#: One that an undecided check-in repeats is evidence in that case too.
_PHOTOGRAPHS = """
SELECT id, frames AS names FROM check_in
 WHERE agency_id = $1 AND received_at < $2 AND frames <> '[]' AND coalesce(reviewed_at, received_at) < $2
   AND {decided} AND NOT EXISTS (
       SELECT FROM check_in other WHERE other.agency_id = $1 AND other.state IN ('REVIEW', 'PENDING')
          AND other.evidence #>> '{{face,resembles}}' = check_in.id::text)
 ORDER BY received_at LIMIT $3 FOR UPDATE SKIP LOCKED
"""
PHOTOGRAPHS = _PHOTOGRAPHS.format(decided=_DECIDED)
LET_PHOTOGRAPHS_GO = """
UPDATE check_in SET frames = '[]', frames_gone_at = $2, frames_gone_why = $3 WHERE id = ANY($1::uuid[]) RETURNING id
"""
#: There is nothing left that a photograph could be compared with.
LET_PRINTS_GO = """
UPDATE frame_print SET print = NULL WHERE {of} = ANY($1::uuid[]) AND print IS NOT NULL RETURNING id
"""
_POSITIONS = """
WITH old AS (
    SELECT id FROM check_in WHERE agency_id = $1 AND received_at < $2 AND fixes <> '[]'
       AND coalesce(reviewed_at, received_at) < $2 AND {decided}
     ORDER BY received_at LIMIT $3 FOR UPDATE SKIP LOCKED
)
UPDATE check_in SET fixes = '[]', latitude = NULL, longitude = NULL, positions_gone_at = $4
  FROM old WHERE check_in.id = old.id RETURNING check_in.id
"""
POSITIONS = _POSITIONS.format(decided=_DECIDED)
ENROLMENTS = """
SELECT id, (SELECT jsonb_agg(photo -> 'key') FROM jsonb_array_elements(photos) photo) AS names FROM enrolment
 WHERE agency_id = $1 AND photos <> '[]' AND created_at < $2 AND state IN ('REPLACED', 'REFUSED')
   AND coalesce((SELECT max(later.settled_at) FROM enrolment later
                  WHERE later.employee_id = enrolment.employee_id AND later.state = 'ACTIVE'
                    AND enrolment.state = 'REPLACED'), settled_at, created_at) < $2
 ORDER BY created_at LIMIT $3 FOR UPDATE SKIP LOCKED
"""
LET_ENROLMENTS_GO = "UPDATE enrolment SET photos = '[]' WHERE id = ANY($1::uuid[]) RETURNING id"

#: Does one batch of what was kept until a moment; how many rows there were.
Part = Callable[[Storage, UUID, datetime, datetime], Awaitable[int]]


async def periods_of(agency_id: UUID, now: datetime) -> RetentionPeriods:
    """ValueError where the agency's rule cannot be read: then nothing may go."""
    return RetentionPeriods.from_mapping(await people.rule(agency_id, RuleTopic.RETENTION, now.date()))


async def photographs(storage: Storage, agency_id: UUID, until: datetime, now: datetime) -> int:
    """The rows are held while the objects go, so that nobody contests meanwhile what is just being deleted; and
    they name the objects until these are gone, so that an attempt that breaks off is made again."""
    async with database.transaction() as using:
        ids = await _deleted(using, storage, PHOTOGRAPHS, agency_id, until)
        await using.execute_query_dict(LET_PHOTOGRAPHS_GO, [ids, now, GoneReason.RETENTION.value])
        await using.execute_query_dict(LET_PRINTS_GO.format(of="check_in_id"), [ids])
    return len(ids)


async def enrolments(storage: Storage, agency_id: UUID, until: datetime, now: datetime) -> int:
    """As `photographs`."""
    async with database.transaction() as using:
        ids = await _deleted(using, storage, ENROLMENTS, agency_id, until)
        await using.execute_query_dict(LET_ENROLMENTS_GO, [ids])
        await using.execute_query_dict(LET_PRINTS_GO.format(of="enrolment_id"), [ids])
    return len(ids)


async def positions(storage: Storage, agency_id: UUID, until: datetime, now: datetime) -> int:
    return len(await database.rows(POSITIONS, agency_id, until, BATCH, now))


def parts(periods: RetentionPeriods) -> dict[str, tuple[timedelta, Part]]:
    """What goes by a job → after how long, and how."""
    return {
        "check_in_photographs": (timedelta(days=periods.check_in_photographs), photographs),
        "replaced_enrolments": (timedelta(days=periods.replaced_enrolments), enrolments),
        "positions": (timedelta(days=periods.positions), positions),
    }


async def note(agency_id: UUID, gone: dict[str, int]) -> None:
    """One entry a run, and none where nothing went."""
    told = " ".join(f"{name}={count}" for name, count in gone.items() if count)
    if told:
        async with database.transaction() as using:
            await audit.append(using, agency_id, None, ACTION, None, told)


async def _deleted(
    using: BaseDBAsyncClient, storage: Storage, statement: str, agency_id: UUID, until: datetime
) -> list[UUID]:
    rows = await using.execute_query_dict(statement, [agency_id, until, BATCH])
    await storage.delete([name for row in rows for name in orjson.loads(row["names"] or "[]")])
    return [row["id"] for row in rows]
