"""Reading attendance."""

from datetime import UTC, date, datetime
from functools import partial
from typing import Annotated
from uuid import UUID

import strawberry
from tortoise.expressions import Q

from api.attendance import access
from api.attendance.schema.types import AttendanceCounts, AttendanceDay, CheckIn, CheckInState
from api.core.errors import InvalidInput
from api.core.graphql import Info
from api.core.policy import Permission
from api.core.relay import Connection, as_uuid, connect, page_size, read_cursor
from api.core.subtree import reached
from api.people import access as people
from api.sites import access as sites
from api.sites.schema import SiteDisturbance

AttendanceFilter = strawberry.enum(
    access.AttendanceFilter, name="AttendanceFilter", description="Narrows the live wall to one state."
)


@strawberry.type
class AttendanceQuery:
    @strawberry.field(
        description="Everyone in a unit and under it on a day: newest change first, then the rest by name. "
        "Without `day`, each person's own today."
    )
    async def attendance(
        self,
        info: Info,
        unit_id: UUID,
        first: int = 50,
        after: str | None = None,
        day: date | None = None,
        search: str | None = None,
        filter: AttendanceFilter | None = None,  # type: ignore[valid-type]
    ) -> Connection[AttendanceDay]:
        actor, now = info.context.actor, info.context.clock()
        unit = await people.unit_for(actor, unit_id, Permission.READ_ATTENDANCE)
        key = read_cursor(after, 3)
        since = (
            _moment(key[0]) if key and key[0] is not None else None
        )  # null: the person's day never changed
        rows = await access.board(
            actor.agency_id,
            unit.path,
            day,
            now,
            limit=page_size(first) + 1,
            search=search,
            only=filter,
            after=(since, str(key[1]), as_uuid(key[2], "after")) if key else None,
        )
        total = partial(access.board_total, actor.agency_id, unit.path, day, now, search, filter)
        return connect(
            rows,
            first=first,
            after=after,
            total=total,
            node=AttendanceDay.of,
            key=lambda row: [row["last_change_at"], row["name"], row["employee_id"]],
        )

    @strawberry.field(description="A person's day; null when you may not see that person.")
    async def attendance_day(
        self, info: Info, employee_id: UUID, day: date | None = None
    ) -> AttendanceDay | None:
        return await day_of(info, employee_id, day)

    @strawberry.field(description="How many people of a unit and under it are in which state.")
    async def attendance_counts(self, info: Info, unit_id: UUID, day: date | None = None) -> AttendanceCounts:
        actor = info.context.actor
        unit = await people.unit_for(actor, unit_id, Permission.READ_ATTENDANCE)
        return AttendanceCounts.of(
            await access.board_counts(actor.agency_id, unit.path, day, info.context.clock())
        )

    @strawberry.field(
        description="Offices of a unit's people, and of those under it, where flags are held back now, because many "
        "check-ins fail there together."
    )
    async def site_disturbances(self, info: Info, unit_id: UUID) -> list[SiteDisturbance]:
        actor = info.context.actor
        unit = await people.unit_for(actor, unit_id, Permission.READ_ATTENDANCE)
        found = await sites.disturbances(actor.agency_id, unit.path, info.context.clock())
        return [SiteDisturbance.of(row) for row in found]

    @strawberry.field(description="One check-in; null when there is none that you may see.")
    async def check_in(self, info: Info, id: UUID) -> CheckIn | None:
        found = await access.check_ins(info.context.actor).get_or_none(id=id)
        return CheckIn.of(found) if found else None

    @strawberry.field(
        description="Check-ins that you may see, newest first; `waiting`: only those that wait for a person, "
        "in review, or contested and not decided; never your own, nor what you recorded."
    )
    async def check_ins(
        self,
        info: Info,
        first: int = 50,
        after: str | None = None,
        employee_id: UUID | None = None,
        unit_id: UUID | None = None,
        state: CheckInState | None = None,  # type: ignore[valid-type]
        from_: Annotated[date | None, strawberry.argument(name="from")] = None,
        until: date | None = None,
        waiting: Annotated[
            bool, strawberry.argument(description="Only those that a person has to decide.")
        ] = False,
        by_hand: Annotated[
            bool, strawberry.argument(description="Only those that a person recorded by hand.")
        ] = False,
    ) -> Connection[CheckIn]:
        actor = info.context.actor
        found = access.check_ins(actor)
        if unit_id is not None:
            unit = await people.unit_for(actor, unit_id, Permission.READ_ATTENDANCE)
            found = found.filter(reached([unit.path], "employee__unit__"))
        asked = {"employee_id": employee_id, "state": state, "day__gte": from_, "day__lte": until}
        found = found.filter(**{name: value for name, value in asked.items() if value is not None})
        if by_hand:
            found = found.filter(recorder_id__isnull=False)
        whole_list = found = found.filter(access.WAITING, access.of_others(actor)) if waiting else found
        if key := read_cursor(after, 2):
            moment, last = _moment(key[0]), as_uuid(key[1], "after")
            found = found.filter(Q(received_at__lt=moment) | Q(received_at=moment, id__lt=last))
        rows = await found.order_by("-received_at", "-id").limit(page_size(first) + 1)
        return connect(
            rows,
            first=first,
            after=after,
            total=whole_list.count,
            node=CheckIn.of,
            key=lambda row: [row.received_at, row.id],
        )


async def day_of(info: Info, employee_id: UUID, day: date | None) -> AttendanceDay | None:
    actor = info.context.actor
    visible = await people.employees(actor, Permission.READ_ATTENDANCE).get_or_none(id=employee_id)
    if visible is None:
        return None
    rows = await access.board_of(actor.agency_id, [employee_id], day, info.context.clock())
    return AttendanceDay.of(rows[0]) if rows else None


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise InvalidInput("after", "CURSOR_UNREADABLE")
