"""Check-ins and days."""

from datetime import UTC, date, datetime
from typing import Self
from uuid import UUID

import strawberry

from api.attendance import access, models
from api.attendance.schema.by_hand import HandRecord
from api.attendance.schema.evidence import Evidence
from api.attendance.service.doubt import can_challenge
from api.attendance.service.review import can_contest, can_review
from api.core import database
from api.core.errors import InvalidInput
from api.core.graphql import Info, Reason
from api.people.schema import Employee, Unit
from api.sites.schema import DutyLocation

CheckInKind = strawberry.enum(models.CheckInKind, name="CheckInKind", description="Coming or going.")
CheckInMethod = strawberry.enum(
    models.CheckInMethod, name="CheckInMethod", description="How it was found out that the person was there."
)
CheckInState = strawberry.enum(
    models.CheckInState,
    name="CheckInState",
    description="PENDING until the worker has judged; FLAGGED counts, and is marked; REVIEW waits for a person.",
)
Presence = strawberry.enum(
    models.Presence, name="Presence", description="PENDING: came, and a check-in is not decided yet."
)
ReviewDecision = strawberry.enum(
    models.ReviewDecision, name="ReviewDecision", description="What a person decides of a check-in."
)


@strawberry.type(description="A person's decision on a check-in.")
class Review:
    decision: ReviewDecision = strawberry.field(description="Confirmed or rejected.")  # type: ignore[valid-type]
    reason: str = strawberry.field(description="Why, in the reviewer's words.")
    reviewer: Employee = strawberry.field(description="Who decided.")
    at: datetime = strawberry.field(description="When.")


@strawberry.type(description="One submission: coming or going, with its verdict.")
class CheckIn:
    id: UUID = strawberry.field(description="Identifier.")
    kind: CheckInKind = strawberry.field(description="Coming or going.")  # type: ignore[valid-type]
    state: CheckInState = strawberry.field(description="Where it stands.")  # type: ignore[valid-type]
    day: date = strawberry.field(description="The local day it counts for.")
    received_at: datetime = strawberry.field(description="When the server took it: the time that counts.")
    settled_at: datetime | None = strawberry.field(description="When the verdict fell.")
    receipt: str | None = strawberry.field(description="Short code to quote it by, once settled.")
    contested_at: datetime | None = strawberry.field(description="When the person asked for a second look.")
    contest_reason: str | None = strawberry.field(description="What the person says to it.")
    superseded_by: UUID | None = strawberry.field(description="The later one with moves that took its place.")
    row: strawberry.Private[models.CheckIn]

    @classmethod
    def of(cls, row: models.CheckIn) -> Self:
        return cls(
            id=row.id,
            kind=row.kind,
            state=row.state,
            day=row.day,
            received_at=row.received_at,
            settled_at=row.settled_at,
            receipt=row.receipt,
            contested_at=row.contested_at,
            contest_reason=row.contest_reason,
            superseded_by=row.superseded_by_id,
            row=row,
        )

    async def whole(self, info: Info) -> models.CheckIn:
        """The row with its relations: a record just accepted has none yet, and most callers need none."""
        if not self.row._saved_in_db:
            self.row = await access.check_in(info.context.actor, self.row.id)
        return self.row

    @strawberry.field(description="The unit that the person belonged to then, also after a move.")
    async def unit(self, info: Info) -> Unit:
        return Unit.of((await self.whole(info)).unit)

    @strawberry.field(description="Whose it is.")
    async def employee(self, info: Info) -> Employee:
        return Employee.of((await self.whole(info)).employee)

    @strawberry.field(
        description="Why the verdict is as it is, gravest first; none without the permission to see evidence."
    )
    async def reasons(self, info: Info) -> list[Reason]:
        # Their sentences tell distances and scores.
        if not self.row.reasons or not access.sees_evidence(info.context.actor, await self.whole(info)):
            return []
        return [Reason.of(reason, info.context.locale) for reason in self.row.reasons]

    @strawberry.field(
        description="The duty location it was held against; a home only with the permission to see evidence."
    )
    async def location(self, info: Info) -> DutyLocation | None:
        row = await self.whole(info)
        if row.location is None or not access.sees_location(info.context.actor, row):
            return None
        return DutyLocation.of(row.location)

    @strawberry.field(description="Whether you may ask for a second look now.")
    async def can_contest(self, info: Info) -> bool:
        return can_contest(info.context, await self.whole(info))

    @strawberry.field(description="Whether you may make moves in its place now: `startCheckIn` with `after`.")
    def can_challenge(self, info: Info) -> bool:
        return can_challenge(info.context, self.row)

    @strawberry.field(description="Whether you may confirm or overrule it now.")
    async def can_review(self, info: Info) -> bool:
        return can_review(info.context, await self.whole(info))

    @strawberry.field(description="A person's decision, if there is one.")
    async def review(self, info: Info) -> Review | None:
        row = await self.whole(info)
        if row.review_decision is None or row.reviewer is None or row.reviewed_at is None:
            return None
        return Review(
            decision=row.review_decision,
            reason=row.review_reason or "",
            reviewer=Employee.of(row.reviewer),
            at=row.reviewed_at,
        )

    @strawberry.field(description="By face, or by a person at the desk.")
    async def method(self, info: Info) -> CheckInMethod:  # type: ignore[valid-type]
        return (await self.whole(info)).method

    @strawberry.field(description="Who recorded it and why; null for what was checked by face.")
    async def by_hand(self, info: Info) -> HandRecord | None:
        return await HandRecord.of(info, await self.whole(info))

    @strawberry.field(description="Scores and positions; null without the permission to see them.")
    async def evidence(self, info: Info) -> Evidence | None:
        row = await self.whole(info)
        return Evidence.of(row) if access.sees_evidence(info.context.actor, row) else None


@strawberry.type(description="A person's day as it stands.")
class AttendanceDay:
    id: strawberry.ID = strawberry.field(description="Person and day.")
    employee: Employee = strawberry.field(description="Whose day.")
    day: date = strawberry.field(description="The local day of the person's unit.")
    presence: Presence = strawberry.field(description="In, out, undecided, or not seen yet.")  # type: ignore[valid-type]
    in_at: datetime | None = strawberry.field(description="First check-in that counts.")
    out_at: datetime | None = strawberry.field(description="Last check-out that counts.")
    late_minutes: int = strawberry.field(description="Whole minutes after the start of duty.")
    flagged: bool = strawberry.field(description="A check-in counts, but is marked.")
    needs_review: bool = strawberry.field(description="A check-in waits for a person's decision.")
    by_hand: bool = strawberry.field(description="A check-in that counts was recorded by hand.")
    check_in_id: UUID | None = strawberry.field(
        description="The check-in to look at first: one that waits for a person, else the latest."
    )
    last_change_at: datetime | None = strawberry.field(description="When the day last changed.")

    @classmethod
    def of(cls, row: database.Row) -> Self:
        employee = Employee(
            id=row["employee_id"],
            nip=row["nip"],
            name=row["name"],
            position=row["position"],
            active=row["active"],
            unit=Unit.of_row(row),
            supervisor_id=row["supervisor_id"],
        )
        return cls(
            id=strawberry.ID(f"{row['employee_id']}:{row['day']}"),
            employee=employee,
            day=row["day"],
            presence=models.Presence(row["presence"]),
            in_at=row["in_at"],
            out_at=row["out_at"],
            late_minutes=row["late_minutes"],
            flagged=row["flagged"],
            needs_review=row["needs_review"],
            by_hand=row["by_hand"],
            check_in_id=row["check_in_id"],
            last_change_at=row["last_change_at"],
        )

    @strawberry.field(description="The submissions of the day, newest first, at most 20.")
    async def check_ins(self, info: Info) -> list[CheckIn]:
        own = access.check_ins(info.context.actor).filter(employee_id=self.employee.id, day=self.day)
        return [CheckIn.of(row) for row in await own.order_by("-received_at").limit(20)]


@strawberry.type(description="How many of a unit's people are in which state.")
class AttendanceCounts:
    total: int = strawberry.field(description="Active people.")
    in_: int = strawberry.field(name="in", description="Checked in, and not out.")
    out: int = strawberry.field(description="Checked out.")
    not_in: int = strawberry.field(description="Not seen yet.")
    late: int = strawberry.field(description="Came after the start of duty.")
    pending: int = strawberry.field(description="Came, not decided yet.")
    flagged: int = strawberry.field(description="With a check-in that counts but is marked.")
    needs_review: int = strawberry.field(description="With a check-in that waits for a person.")
    by_hand: int = strawberry.field(description="With a check-in that counts and was recorded by hand.")

    @classmethod
    def of(cls, row: database.Row) -> Self:
        return cls(**{("in_" if name == "in" else name): value for name, value in row.items()})


def aware(moment: datetime, field: str) -> datetime:
    """In UTC. GraphQL's DateTime admits a time without a zone, which is taken for UTC, and one at the end of
    the calendar that is none there."""
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise InvalidInput(field) from None
