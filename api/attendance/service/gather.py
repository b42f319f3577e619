"""The facts that the position rules ask for: this person's past, the people around, the site."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import orjson
from tortoise.backends.base.client import BaseDBAsyncClient

from api.attendance.models import CheckIn
from api.attendance.service.accept import fix_from_row
from api.core import database
from api.people import service as people
from api.people.models import RuleTopic
from api.sites import access as sites
from api.sites.rules import (
    Circle,
    Fix,
    History,
    PositionThresholds,
    PositionVerdict,
    Surroundings,
    assess,
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

#: Of other people, those whose verdict does not say yet that they share a point or a device with this one.
SHARING = """
SELECT id FROM check_in
 WHERE agency_id = $1 AND employee_id <> $2 AND received_at BETWEEN $3 AND $4
   AND (latitude, longitude) IN (SELECT * FROM unnest($5::float8[], $6::float8[]))
   AND review_decision IS NULL AND NOT reasons @> '[{"code": "COORDINATES_SHARED"}]'
UNION
SELECT id FROM check_in
 WHERE agency_id = $1 AND employee_id <> $2 AND device_id = $7 AND day = $8 AND device_id <> ''
   AND review_decision IS NULL AND NOT reasons @> '[{"code": "DEVICE_SHARED"}]'
"""


async def thresholds_for(check_in: CheckIn, using: BaseDBAsyncClient | None = None) -> PositionThresholds:
    parameters = await people.rule(check_in.agency_id, RuleTopic.POSITION, check_in.day, using)
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
    if not await sites.is_disturbed(verdict.circle_id, at):
        return verdict
    return assess(fixes, circles, at, limits, history, replace(around, disturbed=True))


async def surroundings_of(check_in: CheckIn, limits: PositionThresholds) -> Surroundings:
    """As they are known by now, of a check-in that was judged."""
    fixes = [fix_from_row(row) for row in check_in.fixes]
    around = await _surroundings(check_in, fixes, limits)
    return replace(around, disturbed=await sites.is_disturbed(check_in.location_id, check_in.received_at))


async def sharing(using: BaseDBAsyncClient, check_in: CheckIn, limits: PositionThresholds) -> list[UUID]:
    """Others' check-ins that are no longer what they seemed, now that this one has come."""
    fixes = [fix_from_row(row) for row in check_in.fixes]
    found = await using.execute_query_dict(SHARING, _around(check_in, fixes, limits))
    return [row["id"] for row in found]


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


def _around(check_in: CheckIn, fixes: list[Fix], limits: PositionThresholds) -> list[object]:
    window = timedelta(seconds=limits.neighbour_window_s)
    return [
        check_in.agency_id,
        check_in.employee_id,
        check_in.received_at - window,
        check_in.received_at + window,
        [fix.latitude for fix in fixes],
        [fix.longitude for fix in fixes],
        check_in.device_id,
        check_in.day,
    ]


async def _surroundings(check_in: CheckIn, fixes: list[Fix], limits: PositionThresholds) -> Surroundings:
    found = await database.rows(SURROUNDINGS, *_around(check_in, fixes, limits))
    return Surroundings(
        others_at_point=found[0]["others"],
        accounts_on_device=found[0]["accounts"],
        desktop=check_in.device_kind == "DESKTOP",
    )
