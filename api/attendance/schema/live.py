"""Subscriptions: the wall and a single check-in. Signals say "changed"; what is told is read then, by right."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from uuid import UUID

import strawberry

from api.attendance import access
from api.attendance.schema.types import AttendanceCounts, AttendanceDay, CheckIn
from api.core.context import Context
from api.core.graphql import Info
from api.core.live import changes
from api.core.policy import Permission
from api.core.subtree import lies_in
from api.people import access as people
from api.sites import access as sites
from api.sites.schema import SiteDisturbance


@strawberry.type(description="What changed in a unit's day.")
class AttendanceChange:
    resync: bool = strawberry.field(description="True first and after a gap: read the list again.")
    counts: AttendanceCounts = strawberry.field(description="The unit's counts now.")
    changed: list[AttendanceDay] = strawberry.field(description="The people whose day changed, at most 50.")
    disturbances: list[SiteDisturbance] = strawberry.field(
        description="Offices of the unit's people where flags are held back now."
    )


@strawberry.type
class AttendanceSubscription:
    @strawberry.subscription(description="Changes of a unit and everything under it, from now on.")
    async def attendance_changed(self, info: Info, unit_id: UUID) -> AsyncGenerator[AttendanceChange, None]:
        context = info.context
        unit = await people.unit_for(context.actor, unit_id, Permission.WATCH_ATTENDANCE)
        async with aclosing(changes(context, "attendance", path=unit.path)) as news:
            async for names in news:
                yield await attendance_change(context, unit_id, names)

    @strawberry.subscription(description="A check-in as it is now, and again at each change.")
    async def check_in_changed(self, info: Info, id: UUID) -> AsyncGenerator[CheckIn, None]:
        async with aclosing(changes(info.context, "attendance", subject_id=id)) as news:
            async for _ in news:
                yield CheckIn.of(await access.check_in(info.context.actor, id))


async def attendance_change(
    context: Context, unit_id: UUID, names: frozenset[UUID] | None
) -> AttendanceChange:
    """The unit's counts and the named people's days as they are now; without names, the word to read all.

    Raises NotFound when the reader may not watch the unit (any more).
    """
    actor, now = context.actor, context.clock()
    unit = await people.unit_for(actor, unit_id, Permission.WATCH_ATTENDANCE)
    counts = await access.board_counts(actor.agency_id, unit.path, None, now)
    disturbed = await sites.disturbances(actor.agency_id, unit.path, now)
    rows = await access.board_of(actor.agency_id, list(names), None, now) if names else []
    return AttendanceChange(
        resync=names is None,
        counts=AttendanceCounts.of(counts),
        # Whoever was moved to another unit since the signal is no longer this reader's to see.
        changed=[AttendanceDay.of(row) for row in rows if lies_in(row["unit_path"], unit.path)],
        disturbances=[SiteDisturbance.of(row) for row in disturbed],
    )
