"""The trail as the API shows it."""

from datetime import datetime
from uuid import UUID

import strawberry

from api.audit import access, models
from api.audit.looks import Look
from api.core.graphql import Info
from api.core.relay import Connection, as_number, connect, page_size, read_cursor
from api.people.schema import Employee


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
        self, info: Info, first: int = 50, after: str | None = None, employee_id: UUID | None = None
    ) -> Connection[AuditEntry]:
        found = access.entries(info.context.actor)
        if employee_id is not None:
            found = found.filter(subject_id=employee_id)
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
