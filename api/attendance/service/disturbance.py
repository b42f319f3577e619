"""Whether a site is disturbed: looked at after each failure there, and once more when the mark has ended."""

from datetime import datetime, timedelta

from tortoise.backends.base.client import BaseDBAsyncClient

from api.attendance.service import again
from api.core import database, outbox
from api.core.events import Changed
from api.core.identity import new_id
from api.core.runtime import Runtime
from api.people import service as people
from api.people.models import RuleTopic
from api.sites.models import DutyLocation, SiteDisturbance
from api.sites.rules import Passage, PositionThresholds, Span, disturbed_spans

JOB = "watch_site"
#: How old a check-in may be that was judged late, after a worker's long absence.
LOOK_BACK = timedelta(days=1)

PASSAGES = """
SELECT received_at AS at, employee_id AS person,
       coalesce(evidence #>> '{position,level}', 'INFO') <> 'INFO' AS failed
  FROM check_in WHERE location_id = $1 AND received_at >= $2 AND state <> 'PENDING' ORDER BY received_at
"""
#: Verdicts from before the mark that it holds something back of; not those that a person has given.
MARKED_BEFORE = """
SELECT id FROM check_in
 WHERE location_id = $1 AND received_at >= $2 AND received_at < $3 AND state IN ('FLAGGED', 'REVIEW', 'REFUSED')
   AND review_decision IS NULL AND reasons @> '[{"level": "FLAG"}]' AND NOT reasons @> '[{"code": "SITE_DISTURBED"}]'
"""
#: Where walls show the site: at the unit that it serves, and where those belong who are assigned there.
PATHS = """
SELECT path FROM unit WHERE id = $2 OR id IN (
       SELECT e.unit_id FROM duty_assignment a JOIN employee e ON e.id = a.employee_id
        WHERE a.location_id = $1 AND a.valid_from <= $3 AND (a.valid_until IS NULL OR a.valid_until >= $3))
"""


async def watch_site(runtime: Runtime, claim: outbox.Claim, now: datetime) -> bool:
    """True when the entry was struck out here or is somebody else's by now.

    A site has one entry, and only who strikes it out marks: failures that come together make one mark.
    """
    location = await DutyLocation.get_or_none(id=claim.subject_id)
    if location is None:
        return False
    rule = await people.rule(location.agency_id, RuleTopic.POSITION, now.date())
    limits = PositionThresholds.from_mapping(rule)
    async with database.transaction() as using:
        if not await outbox.finish(using, claim):
            return True
        found = await using.execute_query_dict(PASSAGES, [location.id, now - LOOK_BACK])
        spans = disturbed_spans([Passage(**row) for row in found], limits)
        for span in spans:
            await _mark(using, location, span)
        if spans and spans[-1].until > now:
            await outbox.record(using, JOB, location.id, due_at=spans[-1].until)
    if spans:
        runtime.events.work(again.JOB)
        await _tell(runtime, location, now)
    return True


async def _mark(using: BaseDBAsyncClient, location: DutyLocation, span: Span) -> None:
    """One mark for what hangs together; what was marked stays so, whoever passed there since."""
    touching = await (
        SiteDisturbance.filter(location_id=location.id, since__lte=span.until, until__gte=span.since)
        .using_db(using)
        .order_by("since")
    )
    since = min([span.since, *(mark.since for mark in touching)])
    until = max([span.until, *(mark.until for mark in touching)])
    mark_id = touching[0].id if touching else new_id()
    mark = SiteDisturbance(
        id=mark_id, agency_id=location.agency_id, location_id=location.id, since=since, until=until
    )
    await SiteDisturbance.filter(id__in=[mark.id for mark in touching[1:]]).using_db(using).delete()
    await mark.save(using_db=using, force_create=not touching, force_update=bool(touching))
    for row in await using.execute_query_dict(MARKED_BEFORE, [location.id, since, until]):
        await outbox.record(using, again.JOB, row["id"])


async def _tell(runtime: Runtime, location: DutyLocation, now: datetime) -> None:
    """That something changed on the walls, and nobody in particular."""
    for row in await database.rows(PATHS, location.id, location.unit_id, now.date()):
        runtime.events.changed(
            Changed("attendance", location.agency_id, row["path"], location.id, location.id)
        )
