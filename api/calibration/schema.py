"""Proposals of match thresholds as the API shows them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from api.calibration import access, models, service
from api.core import errors
from api.core.graphql import AlreadyDecided, Info, NotFound, expected
from api.core.relay import Connection, as_uuid, connect, page_size, read_cursor
from api.people.schema import Employee

CalibrationState = strawberry.enum(
    models.CalibrationState, name="CalibrationState", description="Whether a proposal was decided, and how."
)


@strawberry.type(description="A share of trials with its 95 % interval; empty without trials.")
class ErrorRate:
    value: float | None = strawberry.field(description="0 to 1.")
    low: float | None = strawberry.field(description="The interval's lower end.")
    high: float | None = strawberry.field(description="The interval's upper end.")
    trials: int = strawberry.field(description="Comparisons made.")

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "ErrorRate":
        return cls(value=data["value"], low=data["low"], high=data["high"], trials=data["trials"])


@strawberry.type(description="A match threshold proposed from the agency's own enrolments.")
class Calibration:
    id: UUID = strawberry.field(description="Identifier.")
    made_at: datetime = strawberry.field(description="When it was computed.")
    model_id: str = strawberry.field(description="The face model it holds for.")
    people: int = strawberry.field(description="How many people's templates were compared.")
    target: float = strawberry.field(description="The false match rate aimed at, 0 to 1.")
    threshold: float = strawberry.field(description="The cosine proposed, from which on a face matches.")
    in_use: float = strawberry.field(description="The cosine in use when it was made.")
    fmr: ErrorRate = strawberry.field(description="Strangers who would match at the proposed threshold.")
    fnmr: ErrorRate = strawberry.field(
        description="Photographs of one sitting that would not; other days do worse."
    )
    provable: bool = strawberry.field(description="Whether there were comparisons enough to show the target.")
    accepted: int = strawberry.field(description="Check-ins accepted in the ninety days before.")
    accepted_below: int = strawberry.field(description="How many of these lie below the proposed threshold.")
    curve: str = strawberry.field(description="The detection error trade-off, as SVG.")
    scores: str = strawberry.field(description="How often each cosine came out, as SVG.")
    state: CalibrationState = strawberry.field(description="Whether it was decided.")  # type: ignore[valid-type]
    decided_at: datetime | None = strawberry.field(description="When.")
    decided_by: Employee | None = strawberry.field(
        description="By whom; nobody where a newer proposal took its place."
    )

    @classmethod
    def of(cls, row: models.Calibration) -> "Calibration":
        return cls(
            id=row.id,
            made_at=row.made_at,
            model_id=row.model_id,
            people=row.people,
            target=row.target,
            threshold=row.threshold,
            in_use=row.in_use,
            fmr=ErrorRate.of(row.fmr),
            fnmr=ErrorRate.of(row.fnmr),
            provable=row.provable,
            accepted=row.accepted,
            accepted_below=row.accepted_below,
            curve=row.curve,
            scores=row.scores,
            state=row.state,
            decided_at=row.decided_at,
            decided_by=Employee.of(row.decided_by) if row.decided_by else None,
        )


@strawberry.type(description="The proposal as it stands now.")
class CalibrationDecided:
    calibration: Calibration = strawberry.field(description="With who decided, and when.")


DecideCalibrationResult = Annotated[
    CalibrationDecided | AlreadyDecided | NotFound, strawberry.union("DecideCalibrationResult")
]


@strawberry.type
class CalibrationQuery:
    @strawberry.field(description="Match thresholds proposed for your agency, newest first.")
    async def calibrations(
        self, info: Info, first: int = 50, after: str | None = None
    ) -> Connection[Calibration]:
        found = access.calibrations(info.context.actor)
        rows = found
        if key := read_cursor(after, 1):
            rows = rows.filter(id__lt=as_uuid(key[0], "after"))  # ids grow with time
        return connect(
            await rows.order_by("-id").limit(page_size(first) + 1),
            first=first,
            after=after,
            total=found.count,
            node=Calibration.of,
            key=lambda row: [row.id],
        )


@strawberry.type
class CalibrationMutation:
    @strawberry.mutation(
        description="Take a proposed threshold into use from tomorrow on, or put the proposal aside."
    )
    @expected(errors.NotFound, errors.AlreadyDecided)
    async def decide_calibration(self, info: Info, id: UUID, accept: bool) -> DecideCalibrationResult:
        row = await service.decide(info.context, id, accept=accept)
        return CalibrationDecided(calibration=Calibration.of(row))
