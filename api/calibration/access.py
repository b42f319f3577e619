"""Which proposals this actor may see."""

from datetime import datetime
from uuid import UUID

from tortoise.queryset import QuerySet

from api.calibration.models import Calibration
from api.core import database
from api.core.context import Actor
from api.core.policy import Permission
from api.core.subtree import WHOLE_AGENCY

PRACTICE = """
SELECT count(*) AS accepted, count(*) FILTER (WHERE similarity < $4) AS below
  FROM (SELECT (evidence #>> '{face,similarity}')::float AS similarity FROM check_in
         WHERE agency_id = $1 AND received_at >= $2 AND state IN ('ACCEPTED', 'FLAGGED')
           AND evidence #>> '{face,modelId}' = $3) c
 WHERE similarity IS NOT NULL
"""


def calibrations(actor: Actor) -> QuerySet[Calibration]:
    """A threshold holds for the whole agency, so it is shown to those who set it for the whole of it."""
    if not actor.may(Permission.CALIBRATE, WHOLE_AGENCY):
        return Calibration.filter(id__in=[])
    return Calibration.filter(agency_id=actor.agency_id).select_related("decided_by__unit")


async def in_practice(agency_id: UUID, since: datetime, model_id: str, threshold: float) -> tuple[int, int]:
    """How many check-ins were accepted by this model, and how many of them lie below a threshold."""
    found = (await database.rows(PRACTICE, agency_id, since, model_id, threshold))[0]
    return found["accepted"], found["below"]
