"""Types of the attendance slice."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self
from uuid import UUID

import strawberry

from api.attendance import access, models
from api.attendance.service.review import can_contest, may_review
from api.biometrics import access as biometrics
from api.core import database
from api.core.context import Context
from api.core.errors import InvalidInput
from api.core.graphql import Info, Reason
from api.core.policy import Permission
from api.people.schema import Employee, Unit
from api.sites.models import WorkMode
from api.sites.rules import PositionResult as PositionResults
from api.sites.schema import DutyLocation

LOOK_LIFETIME = timedelta(minutes=5)

CheckInKind = strawberry.enum(models.CheckInKind, name="CheckInKind", description="Coming or going.")
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
PositionResult = strawberry.enum(
    PositionResults,
    name="PositionResult",
    description="Where the best fix lies as seen from the duty location.",
)


@strawberry.type(
    description="A photograph. The address holds for minutes, for one viewer; each look is logged."
)
class Photo:
    url: str = strawberry.field(description="Signed address of a JPEG.")
    expires_at: datetime = strawberry.field(description="Until when it holds.")

    @classmethod
    def of(cls, context: Context, name: str) -> Self:
        expires_at = context.clock() + LOOK_LIFETIME
        viewer = str(context.actor.credential_id)
        return cls(url=context.runtime.storage.look_url(name, viewer, expires_at), expires_at=expires_at)


@strawberry.type(description="What the face models found. Null means not checked.")
class FaceEvidence:
    similarity: float | None = strawberry.field(description="Cosine with the nearest template, −1 to 1.")
    threshold: float = strawberry.field(description="The least similarity that counted as a match.")
    matched: bool = strawberry.field(description="Whether it was found to be the same person.")
    liveness: float | None = strawberry.field(description="Probability of a living face, 0 to 1; a veto.")
    liveness_threshold: float = strawberry.field(description="The least liveness that was taken.")
    model_id: str | None = strawberry.field(description="The face model that judged.")
    liveness_model_id: str | None = strawberry.field(description="The liveness model that judged.")
    repeats: strawberry.Private[UUID | None]

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        return cls(
            similarity=data["similarity"],
            threshold=data["threshold"],
            matched=data["matched"],
            liveness=data["liveness"],
            liveness_threshold=data["livenessThreshold"],
            model_id=data["modelId"],
            liveness_model_id=data["livenessModelId"],
            # Verdicts from before photographs were compared have no such key.
            repeats=UUID(data["resembles"]) if data.get("resembles") else None,
        )

    @strawberry.field(
        description="An earlier check-in whose photograph this one repeats; null also where you may not see it."
    )
    async def resembles(self, info: Info) -> UUID | None:
        if self.repeats is None:
            return None
        seen = await access.check_ins(info.context.actor).filter(id=self.repeats).exists()
        return self.repeats if seen else None


@strawberry.type(description="A position as the phone reported it.")
class PositionFix:
    latitude: float = strawberry.field(description="Degrees north, WGS 84.")
    longitude: float = strawberry.field(description="Degrees east, WGS 84.")
    accuracy_metres: float | None = strawberry.field(description="Radius of 68 % confidence.")
    altitude_metres: float | None = strawberry.field(description="Metres above the ellipsoid.")
    speed_mps: float | None = strawberry.field(description="Metres a second.")
    heading_degrees: float | None = strawberry.field(description="Degrees from north.")
    time: datetime = strawberry.field(description="When the phone found it, in server time.")

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        return cls(
            latitude=row["latitude"],
            longitude=row["longitude"],
            accuracy_metres=row["accuracy"],
            altitude_metres=row["altitude"],
            speed_mps=row["speed"],
            heading_degrees=row["heading"],
            time=datetime.fromisoformat(row["time"]),
        )


@strawberry.type(description="What the position rules found.")
class PositionEvidence:
    result: PositionResult = strawberry.field(description="Inside, outside, or not certain.")  # type: ignore[valid-type]
    distance_metres: float | None = strawberry.field(description="From the best fix to the circle's centre.")
    accuracy_metres: float | None = strawberry.field(description="Of the best fix.")
    speed_kmh: float | None = strawberry.field(description="Needed since the last accepted check-in.")
    location: DutyLocation | None = strawberry.field(description="The duty location it was held against.")
    fixes: list[PositionFix] = strawberry.field(description="All positions that were sent.")


@strawberry.type(description="What a verdict stands on.")
class Evidence:
    face: FaceEvidence | None = strawberry.field(description="Null until settled.")
    position: PositionEvidence | None = strawberry.field(description="Null until settled.")
    row: strawberry.Private[models.CheckIn]

    @classmethod
    def of(cls, row: models.CheckIn) -> Self:
        face: Any = row.evidence.get("face")
        position: Any = row.evidence.get("position")
        return cls(
            face=FaceEvidence.of(face) if face else None,
            position=_position(row, position) if position else None,
            row=row,
        )

    @strawberry.field(
        description="The photographs of the check-in; empty without the permission to see faces."
    )
    def frames(self, info: Info) -> list[Photo]:
        if not _sees_faces(info.context, self.row):
            return []
        names = [f"frames/{self.row.id}/{number}" for number in range(len(self.row.frames))]
        return [Photo.of(info.context, name) for name in names]

    @strawberry.field(description="The enrolment photograph beside which it is held.")
    async def template(self, info: Info) -> Photo | None:
        if not _sees_faces(info.context, self.row):
            return None
        exists = await biometrics.templates(self.row.employee.id).exists()
        return Photo.of(info.context, f"templates/{self.row.id}/0") if exists else None


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
            row=row,
        )

    async def whole(self, info: Info) -> models.CheckIn:
        """The row with its relations: a record just accepted has none yet, and most callers need none."""
        if not self.row._saved_in_db:
            self.row = await access.check_in(info.context.actor, self.row.id)
        return self.row

    @strawberry.field(description="Whose it is.")
    async def employee(self, info: Info) -> Employee:
        return Employee.of((await self.whole(info)).employee)

    @strawberry.field(
        description="Why the verdict is as it is, gravest first; none without the permission to see evidence."
    )
    async def reasons(self, info: Info) -> list[Reason]:
        # Their sentences tell distances and scores.
        if not self.row.reasons or not _sees_evidence(info.context, await self.whole(info)):
            return []
        return [Reason.of(reason, info.context.locale) for reason in self.row.reasons]

    @strawberry.field(
        description="The duty location it was held against; a home only with the permission to see evidence."
    )
    async def location(self, info: Info) -> DutyLocation | None:
        row = await self.whole(info)
        if row.location is None:
            return None
        public = row.location.kind == WorkMode.OFFICE
        return DutyLocation.of(row.location) if public or _sees_evidence(info.context, row) else None

    @strawberry.field(description="Whether you may ask for a second look now.")
    async def can_contest(self, info: Info) -> bool:
        return can_contest(info.context, await self.whole(info))

    @strawberry.field(description="Whether you may confirm or overrule it now.")
    async def can_review(self, info: Info) -> bool:
        row = await self.whole(info)
        open_to_review = row.state != models.CheckInState.PENDING and row.review_decision is None
        return open_to_review and may_review(info.context, row)

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

    @strawberry.field(description="Scores and positions; null without the permission to see them.")
    async def evidence(self, info: Info) -> Evidence | None:
        row = await self.whole(info)
        return Evidence.of(row) if _sees_evidence(info.context, row) else None


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
    check_in_id: UUID | None = strawberry.field(
        description="The check-in to look at first: one that waits for a person, else the latest."
    )
    last_change_at: datetime | None = strawberry.field(description="When the day last changed.")

    @classmethod
    def of(cls, row: database.Row) -> Self:
        unit = Unit(
            id=row["unit_id"],
            code=row["unit_code"],
            name=row["unit_name"],
            time_zone=row["time_zone"],
            parent_id=row["parent_id"],
            path=row["unit_path"],
        )
        employee = Employee(
            id=row["employee_id"],
            nip=row["nip"],
            name=row["name"],
            position=row["position"],
            active=row["active"],
            unit=unit,
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

    @classmethod
    def of(cls, row: database.Row) -> Self:
        return cls(**{("in_" if name == "in" else name): value for name, value in row.items()})


def _position(row: models.CheckIn, data: Mapping[str, Any]) -> PositionEvidence:
    return PositionEvidence(
        result=PositionResults(data["result"]),
        distance_metres=data["distance"],
        accuracy_metres=data["accuracy"],
        speed_kmh=data["speed"],
        location=DutyLocation.of(row.location) if row.location else None,
        fixes=[PositionFix.of(fix) for fix in row.fixes],
    )


def _sees_evidence(context: Context, row: models.CheckIn) -> bool:
    own = context.actor.owns(row.employee.id)
    return own or access.may(context.actor, Permission.READ_EVIDENCE, row)


def _sees_faces(context: Context, row: models.CheckIn) -> bool:
    own = context.actor.owns(row.employee.id)
    return own or access.may(context.actor, Permission.READ_PHOTOGRAPHS, row)


def aware(moment: datetime, field: str) -> datetime:
    """In UTC. GraphQL's DateTime admits a time without a zone, which is taken for UTC, and one at the end of
    the calendar that is none there."""
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise InvalidInput(field) from None
