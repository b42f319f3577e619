"""A settled check-in is looked at again, because of what became known since: the others, the device, the site.

Only these can change a verdict without a person, and never one that a person has given.
"""

from collections.abc import Sequence
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from api.attendance.models import CheckIn, CheckInState
from api.attendance.rules import settled_again
from api.attendance.service.accept import announce_change
from api.attendance.service.days import refresh_day
from api.attendance.service.gather import surroundings_of, thresholds_for
from api.audit import service as audit
from api.core import database, outbox
from api.core.clock import Clock
from api.core.runtime import Runtime
from api.core.verdict import Reason, ReasonLevel
from api.sites.rules import Code, PositionThresholds, Surroundings

JOB = "settle_again"
#: While the first verdict is still being written, seconds.
COME_BACK = 2.0
#: What the trail names as the cause.
CAUSES = (Code.SITE_DISTURBED, Code.COORDINATES_SHARED, Code.DEVICE_SHARED)


async def settle_again(runtime: Runtime, claim: outbox.Claim, clock: Clock) -> bool:
    """True when the entry was struck out here or is somebody else's by now; nothing is changed twice."""
    check_in = await CheckIn.get_or_none(id=claim.subject_id).select_related("employee__unit")
    if check_in is None:
        return False
    if check_in.state == CheckInState.PENDING:
        await outbox.give_back([claim], delay_seconds=COME_BACK)
        return True
    limits = await thresholds_for(check_in)
    around = await surroundings_of(check_in, limits)
    async with database.transaction() as using:
        if not await outbox.finish(using, claim):
            return True
        row = await CheckIn.filter(id=check_in.id).using_db(using).select_for_update().get()
        closed = row.review_decision is not None or row.state == CheckInState.SUPERSEDED
        if closed or not (causes := _look(row, around, limits)):
            return True
        row.settled_at = clock()
        await row.save(using_db=using, update_fields=["state", "reasons", "evidence", "settled_at"])
        await _note(using, row, causes)
        await refresh_day(using, row, check_in.employee.unit.time_zone)
    announce_change(runtime, check_in.employee.unit.path, row)
    return True


def _look(row: CheckIn, around: Surroundings, limits: PositionThresholds) -> list[str]:
    """Writes into the row what is found now; the codes that are new, none where nothing is."""
    before = [Reason.from_data(data) for data in row.reasons]
    verdict = settled_again(before, around, limits)
    known = {reason.code for reason in before}
    causes = [code for code in CAUSES if code not in known and any(r.code == code for r in verdict.reasons)]
    if not causes:
        return []
    row.reasons = [reason.to_data() for reason in verdict.reasons]
    position: Any = row.evidence["position"]
    level = max(verdict.level, ReasonLevel[position["level"]])
    row.evidence = {**row.evidence, "position": {**position, "score": verdict.score, "level": level.name}}
    found = CheckInState(verdict.state)
    if row.contested_at is None:
        row.state = found
    elif found in (CheckInState.REVIEW, CheckInState.REFUSED):
        row.state = CheckInState.REVIEW  # a person was asked, so no rule takes it back
    return [code.lower() for code in causes]


async def _note(using: BaseDBAsyncClient, row: CheckIn, causes: Sequence[str]) -> None:
    for cause in causes:
        await audit.append(using, row.agency_id, None, f"check_in.{cause}", row.employee_id, str(row.id))
