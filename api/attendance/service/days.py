"""A person's day, made anew from its check-ins whenever one of them changes."""

from datetime import date
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from api.attendance.models import CheckIn
from api.attendance.rules import PERPRES_21_2023, WorkingHours, late_minutes
from api.core.identity import new_id
from api.people import service as people
from api.people.models import RuleTopic

#: The day's row is locked first, so that two verdicts of one day are counted one after the other.
LOCK = "SELECT id FROM attendance_day WHERE employee_id = $1 AND day = $2 FOR UPDATE"
FACTS = """
SELECT min(received_at) FILTER (WHERE kind = 'IN' AND state IN ('ACCEPTED', 'FLAGGED')) AS in_at,
       max(received_at) FILTER (WHERE kind = 'OUT' AND state IN ('ACCEPTED', 'FLAGGED')) AS out_at,
       coalesce(bool_or(state IN ('PENDING', 'REVIEW')), false) AS open,
       coalesce(bool_or(state = 'FLAGGED'), false) AS flagged,
       coalesce(bool_or(recorder_id IS NOT NULL AND state IN ('ACCEPTED', 'FLAGGED')), false) AS by_hand,
       coalesce(bool_or(state = 'REVIEW' OR (contested_at IS NOT NULL AND review_decision IS NULL
           AND state <> 'SUPERSEDED')), false) AS needs_review,
       (array_agg(id ORDER BY state = 'REVIEW' DESC, state = 'FLAGGED' DESC, received_at DESC))[1] AS check_in_id,
       max(greatest(received_at, settled_at, reviewed_at, contested_at)) AS last_change_at
  FROM check_in WHERE employee_id = $1 AND day = $2
"""
UPSERT = """
INSERT INTO attendance_day (id, agency_id, employee_id, day, presence, in_at, out_at, late_minutes, flagged,
                            needs_review, by_hand, check_in_id, last_change_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (employee_id, day) DO UPDATE SET presence = excluded.presence, in_at = excluded.in_at,
       out_at = excluded.out_at, late_minutes = excluded.late_minutes, flagged = excluded.flagged,
       needs_review = excluded.needs_review, by_hand = excluded.by_hand,
       check_in_id = excluded.check_in_id, last_change_at = excluded.last_change_at
"""


async def refresh_day(using: BaseDBAsyncClient, check_in: CheckIn, time_zone: str) -> None:
    """Within the transaction that changed the check-in."""
    employee_id: UUID = check_in.employee_id
    await using.execute_query_dict(LOCK, [employee_id, check_in.day])
    facts = (await using.execute_query_dict(FACTS, [employee_id, check_in.day]))[0]
    late = await _late(using, check_in.agency_id, check_in.day, facts["in_at"], time_zone)
    await using.execute_query(
        UPSERT,
        [
            new_id(),
            check_in.agency_id,
            employee_id,
            check_in.day,
            _presence(facts),
            facts["in_at"],
            facts["out_at"],
            late,
            facts["flagged"],
            facts["needs_review"],
            facts["by_hand"],
            facts["check_in_id"],
            facts["last_change_at"],
        ],
    )


def _presence(facts: dict[str, object]) -> str:
    in_at, out_at = facts["in_at"], facts["out_at"]
    if out_at is not None and (in_at is None or out_at > in_at):  # type: ignore[operator]
        return "OUT"
    if in_at is not None:
        return "IN"
    return "PENDING" if facts["open"] else "NOT_IN"


async def _late(using: BaseDBAsyncClient, agency_id: UUID, day: date, in_at: object, time_zone: str) -> int:
    if in_at is None:
        return 0
    parameters = await people.rule(agency_id, RuleTopic.WORKING_HOURS, day, using)
    hours = WorkingHours.from_mapping(parameters) if parameters else PERPRES_21_2023
    return late_minutes(in_at, hours, time_zone)  # type: ignore[arg-type]
