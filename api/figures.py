"""What the web process tells Prometheus beside its requests: what waits, what was decided, who watches.

The figures count; they name no person. Those that are read from the database are NaN while it is away: the rest
is wanted most just then.
"""

import asyncio
import math

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from api.attendance.models import CheckInState
from api.biometrics import erasure
from api.core import database, outbox
from api.core.clock import utc_now
from api.core.live import Hub

log = structlog.get_logger()

OUTSTANDING = Gauge("hadir_outbox_outstanding", "Entries of the outbox that are not done")
OLDEST = Gauge("hadir_outbox_oldest_seconds", "Seconds for which the oldest of them has been due")
CHECK_INS = Gauge("hadir_check_ins_last_day", "Check-ins received in 24 hours by their state now", ["state"])
OVERDUE = Gauge(
    "hadir_erasures_overdue",
    "Withdrawals of consent of more than an hour ago whose photographs are not all gone",
)
READERS = Gauge("hadir_live_readers", "Pages and programs that this process tells of changes")
SCOPES = Gauge("hadir_live_scopes", "Groups of readers for whom a change is worked out once")

#: A local day is within one of UTC's; by it the index of an agency's days is found.
STATES = """
SELECT state, count(*) AS n FROM agency JOIN check_in ON check_in.agency_id = agency.id
   AND day >= (now() AT TIME ZONE 'UTC')::date - 2 AND received_at > now() - interval '1 day'
 GROUP BY state
"""
#: Prometheus asks again; a database that hangs counts as away.
PATIENCE_SECONDS = 2


async def answer(hub: Hub, _: Request) -> Response:
    _count_readers(hub)
    outstanding, oldest, overdue = math.nan, math.nan, math.nan
    states = dict.fromkeys(CheckInState, math.nan)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            outstanding, oldest = await outbox.waiting()
            overdue = await erasure.overdue(utc_now())
            found = {row["state"]: row["n"] for row in await database.rows(STATES)}
            states = {state: found.get(state, 0) for state in CheckInState}
    except Exception as error:
        log.warning("figures.database_away", error=repr(error))
    OUTSTANDING.set(outstanding)
    OLDEST.set(oldest)
    OVERDUE.set(overdue)
    for state, number in states.items():
        CHECK_INS.labels(state.value).set(number)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _count_readers(hub: Hub) -> None:
    """A group is one listener for all its readers; whoever is in none has a listener of his own."""
    groups = list(hub.shared.values())
    SCOPES.set(len(groups))
    READERS.set(hub.listeners - len(groups) + sum(group.size for group in groups))
