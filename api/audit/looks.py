"""Who looked at one's data, as the API shows it to everybody."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

import strawberry

from api.audit import models
from api.core.storage import ENLARGED
from api.people.schema import Employee

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class LookKinds(StrEnum):
    PHOTOGRAPH = "PHOTOGRAPH"
    REGISTERED_PHOTOGRAPH = "REGISTERED_PHOTOGRAPH"
    DECISION = "DECISION"
    OTHER = "OTHER"


LookKind = strawberry.enum(LookKinds, name="LookKind", description="What somebody did with one's data.")

#: How the name of what was looked at begins, in entries of `photograph.look`.
PHOTOGRAPHS = {
    "frames": LookKinds.PHOTOGRAPH,
    "templates": LookKinds.REGISTERED_PHOTOGRAPH,
    "enrolments": LookKinds.REGISTERED_PHOTOGRAPH,
}
DECISIONS = ("check_in.", "presence.", "enrolment.")


@strawberry.type(description="Somebody looked at your data, or decided about them.")
class Look:
    id: UUID = strawberry.field(description="Identifier.")
    at: datetime = strawberry.field(description="When.")
    by: Employee = strawberry.field(description="Who.")
    kind: LookKind = strawberry.field(description="What it was.")  # type: ignore[valid-type]
    enlarged: bool = strawberry.field(description="Whether a photograph was opened large.")
    action: str = strawberry.field(description="The same as a stable name.")
    subject_record: UUID | None = strawberry.field(
        description="The check-in or enrolment that it concerned, where it was one."
    )

    @classmethod
    def of(cls, row: models.AuditEntry) -> Self:
        assert row.actor is not None  # access asks for entries with one
        named = _UUID.search(row.object_name)
        return cls(
            id=row.id,
            at=row.at,
            by=Employee.of(row.actor),
            kind=kind_of(row.action, row.object_name),
            enlarged=row.object_name.startswith(ENLARGED),
            action=row.action,
            subject_record=UUID(named[0]) if named else None,
        )


def kind_of(action: str, object_name: str) -> LookKinds:
    if action == "photograph.look":
        return PHOTOGRAPHS.get(object_name.removeprefix(ENLARGED).partition("/")[0], LookKinds.OTHER)
    return LookKinds.DECISION if action.startswith(DECISIONS) else LookKinds.OTHER
