"""Duty locations as the API shows them."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

import strawberry

from api.sites import models

WorkMode = strawberry.enum(
    models.WorkMode, name="WorkMode", description="Whether duty is done at the office, at home, or elsewhere."
)


@strawberry.type(description="A circle within which a check-in counts.")
class DutyLocation:
    id: UUID = strawberry.field(description="Identifier.")
    name: str = strawberry.field(description="What people call the place.")
    kind: WorkMode = strawberry.field(description="What kind of place it is.")  # type: ignore[valid-type]
    latitude: float = strawberry.field(description="Degrees north, WGS 84.")
    longitude: float = strawberry.field(description="Degrees east, WGS 84.")
    radius_metres: int = strawberry.field(description="Radius of the circle in metres.")

    @classmethod
    def of(cls, row: models.DutyLocation) -> Self:
        return cls(
            id=row.id,
            name=row.name,
            kind=row.kind,
            latitude=row.latitude,
            longitude=row.longitude,
            radius_metres=row.radius_metres,
        )


@strawberry.type(
    description="A time in which many check-ins at a place failed by position together, so that flags are held back."
)
class SiteDisturbance:
    id: UUID = strawberry.field(description="Identifier.")
    location: DutyLocation = strawberry.field(description="The place.")
    since: datetime = strawberry.field(description="The first failure among them.")
    until: datetime = strawberry.field(
        description="When it ends by itself; moved on while check-ins go on failing."
    )

    @classmethod
    def of(cls, row: models.SiteDisturbance) -> Self:
        return cls(id=row.id, location=DutyLocation.of(row.location), since=row.since, until=row.until)


@strawberry.type(description="Where a person may check in, and when.")
class DutyAssignment:
    id: UUID = strawberry.field(description="Identifier.")
    location: DutyLocation = strawberry.field(description="The place.")
    valid_from: date = strawberry.field(description="First day.")
    valid_until: date | None = strawberry.field(description="Last day; open when null.")

    @classmethod
    def of(cls, row: models.DutyAssignment) -> Self:
        return cls(
            id=row.id,
            location=DutyLocation.of(row.location),
            valid_from=row.valid_from,
            valid_until=row.valid_until,
        )
