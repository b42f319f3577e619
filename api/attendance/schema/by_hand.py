"""Who recorded a presence by hand."""

from typing import Self
from uuid import UUID

import strawberry

from api.attendance import models
from api.core.context import Context
from api.core.graphql import Info
from api.core.loaders import load
from api.people.models import Employee as EmployeeRow
from api.people.schema import Employee


@strawberry.type(description="A presence that a person recorded at the desk.")
class HandRecord:
    recorder: Employee = strawberry.field(description="Who recorded it.")
    reason: str = strawberry.field(description="Why not by face, in the recorder's words.")

    @classmethod
    async def of(cls, info: Info, row: models.CheckIn) -> Self | None:
        if row.recorder_id is None:
            return None
        recorder: EmployeeRow = await load(info.context, "recorder", row.recorder_id)
        return cls(recorder=Employee.of(recorder), reason=row.record_reason or "")


async def recorders(context: Context, employee_ids: list[UUID]) -> list[EmployeeRow]:
    """Named to whoever may see the check-in, as a reviewer is."""
    found = EmployeeRow.filter(agency_id=context.actor.agency_id, id__in=employee_ids)
    by_id = {row.id: row for row in await found.select_related("unit")}
    return [by_id[key] for key in employee_ids]
