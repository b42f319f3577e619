"""What a verdict stands on, as the API shows it to whoever may see it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import strawberry

from api.attendance import access, models
from api.attendance.schema.moves import MovesEvidence
from api.biometrics import access as biometrics
from api.core.context import Context
from api.core.graphql import Info
from api.core.looks import Photo
from api.sites import access as sites
from api.sites.rules import PositionResult as PositionResults
from api.sites.schema import DutyLocation, SiteDisturbance

PositionResult = strawberry.enum(
    PositionResults,
    name="PositionResult",
    description="Where the best fix lies as seen from the duty location.",
)


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
        earlier = await self._earlier(info)
        return earlier.id if earlier else None

    @strawberry.field(
        description="That earlier check-in's photographs, to be held beside these; empty where you may not see them."
    )
    async def resembles_frames(self, info: Info) -> list[Photo]:
        earlier = await self._earlier(info)
        if earlier is None or not access.sees_faces(info.context.actor, earlier):
            return []
        return photos_of(info.context, earlier)

    @strawberry.field(description="When that earlier check-in was received; null where you may not see it.")
    async def resembles_received_at(self, info: Info) -> datetime | None:
        earlier = await self._earlier(info)
        return earlier.received_at if earlier else None

    @strawberry.field(description="Whether it repeats a photograph of somebody's whom you may not see.")
    async def resembles_hidden(self, info: Info) -> bool:
        return self.repeats is not None and await self._earlier(info) is None

    async def _earlier(self, info: Info) -> models.CheckIn | None:
        if self.repeats is None:
            return None
        return await access.check_ins(info.context.actor).get_or_none(id=self.repeats)


def photos_of(context: Context, row: models.CheckIn) -> list[Photo]:
    return [Photo.of(context, f"frames/{row.id}/{number}") for number in range(len(row.frames))]


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
    fixes: list[PositionFix] = strawberry.field(
        description="All positions that were sent, while they are kept."
    )
    fixes_gone_at: datetime | None = strawberry.field(
        description="When they were deleted, as the time for which they are kept had ended."
    )
    row: strawberry.Private[models.CheckIn]

    @strawberry.field(
        description="The disturbance of the location in which the check-in fell, if there was one."
    )
    async def disturbance(self) -> SiteDisturbance | None:
        if self.row.location_id is None:
            return None
        found = sites.disturbance(self.row.location_id, self.row.received_at).select_related("location")
        mark = await found.first()
        return SiteDisturbance.of(mark) if mark else None


GoneReason = strawberry.enum(
    models.GoneReason, name="GoneReason", description="Why something is kept no longer."
)


@strawberry.type(description="Something that was kept and is no longer.")
class Gone:
    at: datetime = strawberry.field(description="When it was deleted.")
    reason: GoneReason = strawberry.field(description="Why.")  # type: ignore[valid-type]


@strawberry.type(description="What a verdict stands on.")
class Evidence:
    face: FaceEvidence | None = strawberry.field(
        description="Null until settled, and for what was recorded by hand."
    )
    position: PositionEvidence | None = strawberry.field(
        description="Null until settled, and for what was recorded by hand."
    )
    moves: MovesEvidence | None = strawberry.field(description="Null where none were asked for.")
    row: strawberry.Private[models.CheckIn]

    @classmethod
    def of(cls, row: models.CheckIn) -> Self:
        face: Any = row.evidence.get("face")
        position: Any = row.evidence.get("position")
        moves: Any = row.evidence.get("moves")
        return cls(
            face=FaceEvidence.of(face) if face else None,
            position=_position(row, position) if position else None,
            moves=MovesEvidence.of(moves) if moves else None,
            row=row,
        )

    @strawberry.field(
        description="The photographs of the check-in; empty without the permission to see faces."
    )
    def frames(self, info: Info) -> list[Photo]:
        if not access.sees_faces(info.context.actor, self.row):
            return []
        return photos_of(info.context, self.row)

    @strawberry.field(description="When and why the photographs were deleted; null while they are kept.")
    def frames_gone(self) -> Gone | None:
        at, reason = self.row.frames_gone_at, self.row.frames_gone_why
        return Gone(at=at, reason=reason) if at and reason else None

    @strawberry.field(description="The enrolment photograph beside which it is held.")
    async def template(self, info: Info) -> Photo | None:
        if not access.sees_faces(info.context.actor, self.row):
            return None
        exists = await biometrics.templates(self.row.employee.id).exists()
        return Photo.of(info.context, f"templates/{self.row.id}/0") if exists else None


def _position(row: models.CheckIn, data: Mapping[str, Any]) -> PositionEvidence:
    return PositionEvidence(
        result=PositionResults(data["result"]),
        distance_metres=data["distance"],
        accuracy_metres=data["accuracy"],
        speed_kmh=data["speed"],
        location=DutyLocation.of(row.location) if row.location else None,
        fixes=[PositionFix.of(fix) for fix in row.fixes],
        fixes_gone_at=row.positions_gone_at,
        row=row,
    )
