"""The trail as the API shows it."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry

from api.audit import access, models
from api.audit.looks import Look
from api.core.errors import InvalidInput
from api.core.graphql import Info
from api.core.relay import Connection, as_number, connect, page_size, read_cursor
from api.people.schema import Employee
from api.people.time import after_day, moment_of

#: As names are kept.
LONGEST_ACTION = 64


@strawberry.type(description="Somebody did or saw something.")
class AuditEntry:
    id: UUID = strawberry.field(description="Identifier.")
    at: datetime = strawberry.field(description="When.")
    action: str = strawberry.field(description="What was done, as a stable name.")
    object: str | None = strawberry.field(description="To what.")
    actor: Employee | None = strawberry.field(description="By whom.")
    subject: Employee | None = strawberry.field(description="Whose data it concerned.")

    @classmethod
    def of(cls, row: models.AuditEntry) -> "AuditEntry":
        return cls(
            id=row.id,
            at=row.at,
            action=row.action,
            object=row.object_name or None,
            actor=Employee.of(row.actor) if row.actor else None,
            subject=Employee.of(row.subject) if row.subject else None,
        )


@strawberry.type
class AuditQuery:
    @strawberry.field(
        description="Who did and saw what, newest first: what concerns you, and what your role lets you audit."
    )
    async def audit_trail(
        self,
        info: Info,
        first: int = 50,
        after: str | None = None,
        employee_id: UUID | None = None,
        actor_id: UUID | None = None,
        action: str | None = None,
        from_: Annotated[date | None, strawberry.argument(name="from")] = None,
        until: date | None = None,
    ) -> Connection[AuditEntry]:
        if action is not None and not 1 <= len(action) <= LONGEST_ACTION:
            raise InvalidInput("action", "TEXT_LENGTH", least=1, most=LONGEST_ACTION)
        found = access.entries(info.context.actor)
        if actor_id is not None:
            found = access.of_actor(info.context.actor, found, actor_id)
        start, end = (moment_of(day, info.context.actor.time_zone) for day in (from_, after_day(until)))
        asked = {"subject_id": employee_id, "action": action, "at__gte": start, "at__lt": end}
        found = found.filter(**{name: value for name, value in asked.items() if value is not None})
        whole_list = found
        if key := read_cursor(after, 1):
            found = found.filter(number__lt=as_number(key[0], "after"))
        rows = (
            await found.order_by("-number")
            .limit(page_size(first) + 1)
            .select_related("actor__unit", "subject__unit")
        )
        return connect(
            rows,
            first=first,
            after=after,
            total=whole_list.count,
            node=AuditEntry.of,
            key=lambda row: [row.number],
        )

    @strawberry.field(description="Who else looked at your data or decided about them, newest first.")
    async def looks(self, info: Info, first: int = 50, after: str | None = None) -> Connection[Look]:
        found = access.looks(info.context.actor)
        whole_list = found
        if key := read_cursor(after, 1):
            found = found.filter(number__lt=as_number(key[0], "after"))
        rows = await found.order_by("-number").limit(page_size(first) + 1).select_related("actor__unit")
        return connect(
            rows, first=first, after=after, total=whole_list.count, node=Look.of, key=lambda row: [row.number]
        )
