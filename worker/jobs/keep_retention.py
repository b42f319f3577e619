"""Once an hour: what has been kept for its time goes, by the periods that each agency has set."""

import time
from typing import Any

import structlog

from api.attendance.service import retention
from api.people.models import Agency
from worker.jobs.kind import Tools

log = structlog.get_logger()

#: Seconds for all agencies together; what is left waits for the next hour.
BUDGET = 40.0


async def keep(context: dict[Any, Any]) -> None:
    """arq's function. Safe to run twice, also at once. An agency whose rule cannot be read keeps everything, and
    it is said."""
    tools: Tools = context["tools"]
    until = time.monotonic() + BUDGET
    for agency in await Agency.all().order_by("id"):
        try:
            gone = await _keep(tools, agency, until)
        except ValueError as error:
            log.error("retention.rule_unreadable", agency=str(agency.id), reason=str(error))
            continue
        await retention.note(agency.id, gone)
        log.info("retention.kept", agency=str(agency.id), **gone)


async def _keep(tools: Tools, agency: Agency, until: float) -> dict[str, int]:
    """What went, and how many."""
    now = tools.clock()
    gone: dict[str, int] = {}
    periods = await retention.periods_of(agency.id, now)
    for name, (period, batch) in retention.parts(periods).items():
        gone[name] = 0
        while time.monotonic() < until:
            done = await batch(tools.runtime.storage, agency.id, now - period, now)
            gone[name] += done
            if done < retention.BATCH:
                break
    return gone
