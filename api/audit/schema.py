"""The trail as the API shows it."""

from datetime import datetime
from uuid import UUID

import strawberry
from tortoise.expressions import Q

from api.audit import models
from api.core.context import Actor
from api.core.graphql import Info
from api.core.policy import Permission
from api.core.relay import Connection, as_number, connect, page_size, read_cursor
from api.core.subtree import WHOLE_AGENCY
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


def own_trail(actor: Actor) -> Q:
    return Q(agency_id=actor.agency_id, subject_id=actor.employee_id)


@strawberry.type
class AuditQuery:
    @strawberry.field(
        description="Who did and saw what, newest first: what concerns you, and what your role lets you audit."
    )
    async def audit_trail(
        self, info: Info, first: int = 50, after: str | None = None, employee_id: UUID | None = None
    ) -> Connection[AuditEntry]:
        actor = info.context.actor
        # The trail is one chain an agency: it is audited whole, or one reads what concerns oneself.
        whole = actor.may(Permission.READ_AUDIT, WHOLE_AGENCY)
        seen = Q(agency_id=actor.agency_id) if whole else own_trail(actor)
        found = models.AuditEntry.filter(seen)
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
