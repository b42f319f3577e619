"""Which duty locations concern whom, and which are disturbed."""

from datetime import date, datetime
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from api.core import database
from api.sites.models import DutyAssignment, SiteDisturbance


def duties(employee_id: UUID, day: date) -> QuerySet[DutyAssignment]:
    """Assignments of a person in force on a day. Whoever calls has made sure that the person may be seen."""
    return DutyAssignment.filter(
        Q(employee_id=employee_id, valid_from__lte=day)
        & (Q(valid_until__isnull=True) | Q(valid_until__gte=day))
    ).select_related("location")


#: Offices that serve a unit of a subtree, or to which somebody of it is assigned. A home is on nobody's wall.
DISTURBED = """
SELECT d.id FROM site_disturbance d JOIN duty_location l ON l.id = d.location_id
 WHERE d.agency_id = $1 AND d.until > $3 AND l.kind = 'OFFICE' AND (
       EXISTS (SELECT FROM unit u WHERE u.id = l.unit_id AND u.path ^@ $2)
       OR EXISTS (SELECT FROM duty_assignment a JOIN employee e ON e.id = a.employee_id
                    JOIN unit u ON u.id = e.unit_id
                   WHERE a.location_id = l.id AND u.path ^@ $2 AND a.valid_from <= $3::timestamptz::date
                     AND (a.valid_until IS NULL OR a.valid_until >= $3::timestamptz::date)))
 ORDER BY d.since LIMIT 20
"""


async def disturbances(agency_id: UUID, path: str, now: datetime) -> list[SiteDisturbance]:
    """Those of now, oldest first, at most 20. Whoever calls has made sure that the actor may watch the path."""
    found = await database.rows(DISTURBED, agency_id, path, now)
    if not found:
        return []
    marks = SiteDisturbance.filter(id__in=[row["id"] for row in found]).select_related("location")
    return await marks.order_by("since")


def disturbance(location_id: UUID, at: datetime) -> QuerySet[SiteDisturbance]:
    """The one in which a moment lies. Whoever calls has made sure that the place may be seen."""
    return SiteDisturbance.filter(location_id=location_id, since__lte=at, until__gt=at)


async def is_disturbed(location_id: UUID | None, at: datetime) -> bool:
    return location_id is not None and await disturbance(location_id, at).exists()
