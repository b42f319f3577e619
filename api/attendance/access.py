"""Which days and check-ins this actor may see: the only way to reach them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from api.attendance.models import CheckIn, CheckInState
from api.core import database
from api.core.context import Actor
from api.core.errors import NotFound
from api.core.policy import Permission
from api.core.subtree import WHOLE_AGENCY, reached
from api.sites.models import WorkMode


class AttendanceFilter(StrEnum):
    NOT_IN = "NOT_IN"
    PENDING = "PENDING"
    IN = "IN"
    OUT = "OUT"
    LATE = "LATE"
    FLAGGED = "FLAGGED"
    NEEDS_REVIEW = "NEEDS_REVIEW"
    BY_HAND = "BY_HAND"


#: Everyone under a path, each with the state of the day: given, or the local one of the person's unit. That is
#: within one day of UTC's wherever the unit lies, which is said too, so that past days are not read.
#: $1 agency, $2 path of the top, $3 day or null, $4 now.
_BOARD = """
  FROM (SELECT *, coalesce($3::date, ($4::timestamptz AT TIME ZONE time_zone)::date) AS today
          FROM unit WHERE agency_id = $1 AND path ^@ $2 {once}) u
  JOIN employee e ON e.unit_id = u.id
  LEFT JOIN attendance_day d ON d.agency_id = $1 AND d.employee_id = e.id AND d.day = u.today
        AND d.day BETWEEN coalesce($3::date, ($4::timestamptz AT TIME ZONE 'UTC')::date - 1)
                      AND coalesce($3::date, ($4::timestamptz AT TIME ZONE 'UTC')::date + 1)
"""
#: Of many people: the local day is found out once a unit and not once a person, which OFFSET 0 holds PostgreSQL to.
BOARD = _BOARD.format(once="OFFSET 0")
#: Of few, named people, who are found before their units.
FEW = _BOARD.format(once="")
#: Whoever left is on no board; the days before stay to be asked for by name.
ACTIVE = " WHERE e.active"

COLUMNS = """
SELECT e.id AS employee_id, e.nip, e.name, e.position, e.active, e.supervisor_id,
       u.id AS unit_id, u.code AS unit_code, u.name AS unit_name, u.path AS unit_path, u.time_zone, u.parent_id,
       u.today AS day, coalesce(d.presence, 'NOT_IN') AS presence, d.in_at, d.out_at,
       coalesce(d.late_minutes, 0) AS late_minutes, coalesce(d.flagged, false) AS flagged,
       coalesce(d.needs_review, false) AS needs_review, coalesce(d.by_hand, false) AS by_hand,
       d.check_in_id, d.last_change_at
"""

COUNTS = """
SELECT count(*) AS total,
       count(*) FILTER (WHERE d.presence = 'IN') AS "in",
       count(*) FILTER (WHERE d.presence = 'OUT') AS out,
       count(*) FILTER (WHERE coalesce(d.presence, 'NOT_IN') = 'NOT_IN') AS not_in,
       count(*) FILTER (WHERE d.late_minutes > 0) AS late,
       count(*) FILTER (WHERE d.presence = 'PENDING') AS pending,
       count(*) FILTER (WHERE d.flagged) AS flagged,
       count(*) FILTER (WHERE d.needs_review) AS needs_review,
       count(*) FILTER (WHERE d.by_hand) AS by_hand
"""

FILTERS = {
    None: "",
    AttendanceFilter.NOT_IN: " AND coalesce(d.presence, 'NOT_IN') = 'NOT_IN'",
    AttendanceFilter.PENDING: " AND d.presence = 'PENDING'",
    AttendanceFilter.IN: " AND d.presence = 'IN'",
    AttendanceFilter.OUT: " AND d.presence = 'OUT'",
    AttendanceFilter.LATE: " AND d.late_minutes > 0",
    AttendanceFilter.FLAGGED: " AND d.flagged",
    AttendanceFilter.NEEDS_REVIEW: " AND d.needs_review",
    AttendanceFilter.BY_HAND: " AND d.by_hand",
}
SEARCH = " AND ($5::text IS NULL OR e.name ILIKE $5 OR e.nip LIKE $5)"

#: Newest change first; people without one follow by name.
ORDER = " ORDER BY coalesce(d.last_change_at, 'epoch') DESC, e.name, e.id LIMIT $6"
AFTER = (
    " AND (coalesce(d.last_change_at, 'epoch') < $7"
    " OR (coalesce(d.last_change_at, 'epoch') = $7 AND (e.name, e.id) > ($8, $9)))"
)


async def board(
    agency_id: UUID,
    path: str,
    day: date | None,
    now: datetime,
    *,
    limit: int,
    search: str | None = None,
    only: AttendanceFilter | None = None,
    after: tuple[datetime | None, str, UUID] | None = None,
) -> list[database.Row]:
    """Rows of the live wall. Whoever calls has made sure that the actor may watch the path."""
    values: list[object] = [agency_id, path, day, now, _containing(search), limit]
    sql = COLUMNS + BOARD + ACTIVE + FILTERS[only] + SEARCH
    if after:
        sql += AFTER
        values += [after[0] or _NEVER, after[1], after[2]]
    return await _planned(sql + ORDER, *values)


async def board_total(
    agency_id: UUID,
    path: str,
    day: date | None,
    now: datetime,
    search: str | None,
    only: AttendanceFilter | None,
) -> int:
    found = await _planned(
        "SELECT count(*) AS n" + BOARD + ACTIVE + FILTERS[only] + SEARCH,
        agency_id,
        path,
        day,
        now,
        _containing(search),
    )
    return int(found[0]["n"])


async def board_counts(agency_id: UUID, path: str, day: date | None, now: datetime) -> database.Row:
    return (await _planned(COUNTS + BOARD + ACTIVE, agency_id, path, day, now))[0]


async def board_of(
    agency_id: UUID, employee_ids: Sequence[UUID], day: date | None, now: datetime
) -> list[database.Row]:
    """The same rows for named people, in service or not."""
    return await database.rows(
        COLUMNS + FEW + " WHERE e.id = ANY($5)", agency_id, WHOLE_AGENCY, day, now, list(employee_ids)
    )


#: What a person has yet to decide.
WAITING = Q(state=CheckInState.REVIEW) | (
    Q(contested_at__isnull=False, review_decision__isnull=True) & ~Q(state=CheckInState.SUPERSEDED)
)


def of_others(actor: Actor) -> Q:
    """Neither the actor's own nor what he recorded: others decide about these."""
    recorded_by_another = Q(recorder_id__isnull=True) | ~Q(recorder_id=actor.employee_id)
    return ~Q(employee_id=actor.employee_id) & recorded_by_another


def check_ins(actor: Actor, permission: Permission = Permission.READ_ATTENDANCE) -> QuerySet[CheckIn]:
    """One's own, and those of people in the subtrees where the permission is held."""
    granted = reached(actor.reach(permission), "employee__unit__")
    own = Q(employee_id=actor.employee_id)
    return CheckIn.filter(Q(agency_id=actor.agency_id) & (own | granted)).select_related(
        "employee__unit", "unit", "location", "reviewer__unit"
    )


async def check_in(
    actor: Actor, check_in_id: UUID, permission: Permission = Permission.READ_ATTENDANCE
) -> CheckIn:
    found = await check_ins(actor, permission).get_or_none(id=check_in_id)
    if found is None:
        raise NotFound
    return found


async def newest(employee_id: UUID) -> UUID | None:
    """The person's last submission."""
    found = await CheckIn.filter(employee_id=employee_id).order_by("-received_at").first().values("id")
    return found["id"] if found else None


def may(actor: Actor, permission: Permission, row: CheckIn) -> bool:
    return actor.agency_id == row.agency_id and actor.may(permission, row.employee.unit.path)


def sees_evidence(actor: Actor, row: CheckIn) -> bool:
    """Scores, distances and positions."""
    return actor.owns(row.employee.id) or may(actor, Permission.READ_EVIDENCE, row)


def sees_faces(actor: Actor, row: CheckIn) -> bool:
    return actor.owns(row.employee.id) or may(actor, Permission.READ_PHOTOGRAPHS, row)


def sees_location(actor: Actor, row: CheckIn) -> bool:
    """Offices are no secret; where somebody lives is evidence."""
    public = row.location is None or row.location.kind == WorkMode.OFFICE
    return public or sees_evidence(actor, row)


def _containing(search: str | None) -> str | None:
    return database.containing(search) if search else None


async def _planned(sql: str, *values: object) -> list[database.Row]:
    """As `database.rows`, with a plan for these very values: a path may hold twenty people or a ministry, and
    the plan that PostgreSQL would keep for both takes four times as long for the ministry."""
    async with database.connection().acquire_connection() as connection:
        statement = await connection.prepare(sql)
        return [dict(row) for row in await statement.fetch(*values)]


_NEVER = datetime.fromtimestamp(0, UTC)
