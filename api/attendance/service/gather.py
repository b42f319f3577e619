"""The facts that the position rules ask for: this person's past, the people around, the site."""

from dataclasses import replace
from datetime import datetime, timedelta

import orjson

from api.attendance.models import CheckIn
from api.attendance.service.accept import fix_from_row
from api.core import database
from api.people import service as people
from api.sites import access as sites
from api.sites.models import DutyLocation
from api.sites.rules import (
    Circle,
    Fix,
    History,
    PositionThresholds,
    PositionVerdict,
    Surroundings,
    assess,
    is_disturbed,
)

HISTORY = """
SELECT (SELECT count(*) FROM check_in WHERE employee_id = $1 AND id <> $2 AND received_at < $3
           AND received_at >= $4 AND fixes @> ANY ($5::jsonb[])) AS identical,
       (SELECT fixes -> (evidence #>> '{position,bestFix}')::int FROM check_in
         WHERE employee_id = $1 AND state IN ('ACCEPTED', 'FLAGGED') AND received_at < $3
           AND evidence #>> '{position,bestFix}' IS NOT NULL
         ORDER BY received_at DESC LIMIT 1)::text AS last_fix
"""

SURROUNDINGS = """
SELECT (SELECT count(DISTINCT employee_id) FROM check_in
         WHERE agency_id = $1 AND employee_id <> $2 AND received_at BETWEEN $3 AND $4
           AND (latitude, longitude) IN (SELECT * FROM unnest($5::float8[], $6::float8[]))) AS others,
       (SELECT count(DISTINCT employee_id) FROM check_in
         WHERE agency_id = $1 AND device_id = $7 AND day = $8 AND device_id <> '') AS accounts
"""

AT_SITE = """
SELECT count(DISTINCT employee_id) AS total,
       count(DISTINCT employee_id) FILTER (WHERE evidence #>> '{position,level}' <> 'INFO') AS failures
  FROM check_in WHERE location_id = $1 AND received_at BETWEEN $2 AND $3 AND state <> 'PENDING'
"""


async def thresholds_for(check_in: CheckIn) -> PositionThresholds:
    parameters = await people.rule(check_in.agency_id, "position", check_in.day)
    return PositionThresholds.from_mapping(parameters)


async def judge_position(check_in: CheckIn) -> PositionVerdict:
    """What this check-in's fixes are worth against today's duty locations."""
    limits = await thresholds_for(check_in)
    fixes = [fix_from_row(row) for row in check_in.fixes]
    duties = await sites.duties(check_in.employee_id, check_in.day)
    places = {duty.location.id: duty.location for duty in duties}
    circles = [
        Circle(place.id, place.latitude, place.longitude, float(place.radius_metres))
        for place in places.values()
    ]
    history = await _history(check_in, fixes, limits)
    around = await _surroundings(check_in, fixes, limits)
    at = check_in.received_at
    verdict = assess(fixes, circles, at, limits, history, around)
    judged = places.get(verdict.circle_id) if verdict.circle_id else None
    if judged is None or judged.disturbed_until is None or judged.disturbed_until <= at:
        return verdict
    return assess(fixes, circles, at, limits, history, replace(around, disturbed=True))


async def watch_site(location: DutyLocation, now: datetime, limits: PositionThresholds) -> bool:
    """Mark a site disturbed while many fail there together; True when it has just become so."""
    window = timedelta(seconds=limits.disturbed_window_s)
    found = await database.rows(AT_SITE, location.id, now - window, now)
    if not is_disturbed(found[0]["failures"], found[0]["total"], limits):
        return False
    fresh = location.disturbed_until is None or location.disturbed_until <= now
    await DutyLocation.filter(id=location.id).update(disturbed_until=now + window)
    return fresh


async def _history(check_in: CheckIn, fixes: list[Fix], limits: PositionThresholds) -> History:
    points = [orjson.dumps([{"latitude": f.latitude, "longitude": f.longitude}]).decode() for f in fixes]
    found = await database.rows(
        HISTORY,
        check_in.employee_id,
        check_in.id,
        check_in.received_at,
        check_in.received_at - timedelta(days=limits.repeated_window_days),
        points,
    )
    last = found[0]["last_fix"]
    return History(fix_from_row(orjson.loads(last)) if last else None, found[0]["identical"])


async def _surroundings(check_in: CheckIn, fixes: list[Fix], limits: PositionThresholds) -> Surroundings:
    window = timedelta(seconds=limits.neighbour_window_s)
    found = await database.rows(
        SURROUNDINGS,
        check_in.agency_id,
        check_in.employee_id,
        check_in.received_at - window,
        check_in.received_at + window,
        [fix.latitude for fix in fixes],
        [fix.longitude for fix in fixes],
        check_in.device_id,
        check_in.day,
    )
    return Surroundings(
        others_at_point=found[0]["others"],
        accounts_on_device=found[0]["accounts"],
        desktop=check_in.device_kind == "DESKTOP",
    )
