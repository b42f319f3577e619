"""Subscriptions: the wall and a single check-in. Signals say "changed"; what is told is read then, by right."""

from collections.abc import AsyncGenerator
from uuid import UUID

import strawberry

from api.attendance import access
from api.attendance.schema.types import AttendanceCounts, AttendanceDay, CheckIn
from api.core.errors import NotFound
from api.core.graphql import Info
from api.core.live import changes
from api.core.policy import Permission
from api.people import access as people


@strawberry.type(description="What changed in a unit's day.")
class AttendanceChange:
    resync: bool = strawberry.field(description="True first and after a gap: read the list again.")
    counts: AttendanceCounts = strawberry.field(description="The unit's counts now.")
    changed: list[AttendanceDay] = strawberry.field(description="The people whose day changed, at most 50.")


@strawberry.type
class AttendanceSubscription:
    @strawberry.subscription(description="Changes of a unit and everything under it, from now on.")
    async def attendance_changed(self, info: Info, unit_id: UUID) -> AsyncGenerator[AttendanceChange, None]:
        unit = await people.unit_for(info.context.actor, unit_id, Permission.WATCH_ATTENDANCE)
        async for names in changes(info.context, "attendance", path=unit.path):
            yield await attendance_change(info, unit_id, names)

    @strawberry.subscription(description="A check-in as it is now, and again at each change.")
    async def check_in_changed(self, info: Info, id: UUID) -> AsyncGenerator[CheckIn, None]:
        async for _ in changes(info.context, "attendance", subject_id=id):
            yield CheckIn.of(await access.check_in(info.context.actor, id))


async def attendance_change(info: Info, unit_id: UUID, names: frozenset[UUID] | None) -> AttendanceChange:
    raise NotFound
