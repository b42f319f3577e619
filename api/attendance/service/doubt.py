"""What leaves a doubt that a few moves can settle, and putting a check-in with moves in the place of one without."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from api.attendance.challenge import MENDED_BY_MOVES, OFFERS, ChallengePolicy, Doubt
from api.attendance.models import CheckIn, CheckInState
from api.attendance.rules import local_day
from api.biometrics.moves import Findings
from api.core import database
from api.core.context import Context
from api.core.verdict import ReasonLevel

KNOWN = """
SELECT EXISTS (SELECT FROM check_in WHERE agency_id = $1 AND device_id = $2 AND employee_id = $3
                  AND state IN ('ACCEPTED', 'FLAGGED') AND received_at >= $4) AS known
"""
#: Each was made in place of the one before it. What a person has decided is in review no more.
SUPERSEDE = """
WITH RECURSIVE earlier AS (
    SELECT id, supersedes_id FROM check_in WHERE id = $1 AND employee_id = $2
    UNION
    SELECT c.id, c.supersedes_id FROM check_in c JOIN earlier e ON c.id = e.supersedes_id AND c.employee_id = $2
)
UPDATE check_in c SET state = 'SUPERSEDED', superseded_by_id = $3 FROM earlier
 WHERE c.id = earlier.id AND c.state = 'REVIEW'
RETURNING c.id, c.agency_id, c.employee_id
"""


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose submission, from which device, and when."""

    agency_id: UUID
    employee_id: UUID
    device_id: str
    at: datetime


async def new_device(sender: Sender, policy: ChallengePolicy) -> bool:
    """Whether nothing of this person's was accepted from the device lately; true for one without a name. What a
    device calls itself is a claim: it can raise a doubt, and prove nothing."""
    if not policy.minds(Doubt.DEVICE):
        return False
    if not sender.device_id:
        return True
    since = sender.at - timedelta(days=policy.device_days)
    found = await database.rows(KNOWN, sender.agency_id, sender.device_id, sender.employee_id, since)
    return not found[0]["known"]


def can_challenge(context: Context, check_in: CheckIn) -> bool:
    """Whether the person may make moves in its place: today, while nobody has decided, and where they would do."""
    grave = {
        str(reason["code"])
        for reason in check_in.reasons
        if ReasonLevel[str(reason["level"])] >= ReasonLevel.REVIEW
    }
    return (
        context.actor.owns(check_in.employee_id)
        and check_in.state == CheckInState.REVIEW
        and check_in.review_decision is None
        and check_in.day == local_day(context.clock(), context.actor.time_zone)
        and bool(grave & OFFERS)
        and grave <= MENDED_BY_MOVES
    )


async def supersede(using: BaseDBAsyncClient, check_in: CheckIn, moves: Findings | None) -> list[CheckIn]:
    """Closes the check-ins in whose place this one was made, if it counts and its moves were seen."""
    counts = check_in.state in (CheckInState.ACCEPTED, CheckInState.FLAGGED)
    if not (counts and check_in.supersedes_id and moves and moves.passed):
        return []
    values = [check_in.supersedes_id, check_in.employee_id, check_in.id]
    return [CheckIn.construct(**row) for row in await using.execute_query_dict(SUPERSEDE, values)]
