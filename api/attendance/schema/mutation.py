"""Checking in, reviewing and contesting."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

import strawberry

from api.attendance.schema.moves import ChallengeKind
from api.attendance.schema.refusals import (
    CaptureUnusable,
    IdempotencyConflict,
    NonceUnusable,
    PositionUnusable,
)
from api.attendance.schema.types import CheckIn, CheckInKind, ReviewDecision, aware
from api.attendance.service import accept as accepting
from api.attendance.service import review as reviewing
from api.attendance.service import start as starting
from api.biometrics.moves import Move
from api.biometrics.refusals import AskTheDesk, ConsentMissing, NotEnrolled, UploadMissing
from api.core import errors
from api.core.graphql import (
    AlreadyDecided,
    Info,
    InvalidInput,
    NotAllowed,
    NotFound,
    TooManyAttempts,
    expected,
)
from api.core.i18n import say
from api.core.uploads import UploadTarget
from api.sites.rules import Fix


@strawberry.enum(description="What kind of device sends; a desktop's cached position weighs less.")
class DeviceKind(StrEnum):
    PHONE = "PHONE"
    DESKTOP = "DESKTOP"


#: How each is asked for.
INSTRUCTIONS = {
    Move.LOOK: "CHALLENGE_LOOK",
    Move.TURN_LEFT: "CHALLENGE_TURN_LEFT",
    Move.TURN_RIGHT: "CHALLENGE_TURN_RIGHT",
    Move.BLINK: "CHALLENGE_BLINK",
    Move.COME_CLOSER: "CHALLENGE_COME_CLOSER",
}


@strawberry.type(description="What the person is asked to do before the camera.")
class Challenge:
    kind: ChallengeKind = strawberry.field(description="Which move.")  # type: ignore[valid-type]
    instruction: str = strawberry.field(description="The request in the reader's language.")

    @classmethod
    def of(cls, move: Move, locale: str) -> Self:
        return cls(kind=move, instruction=say(INSTRUCTIONS[move], locale).message)


@strawberry.type(description="Permission for one check-in.")
class CheckInStart:
    nonce: str = strawberry.field(description="Send it back with `checkIn`. It is good for one submission.")
    kind: CheckInKind = strawberry.field(description="Coming or going.")  # type: ignore[valid-type]
    server_time: datetime = strawberry.field(
        description="The server's clock. Give fixes their time by it: serverTime + time since this answer."
    )
    expires_at: datetime = strawberry.field(description="Until when nonce and addresses hold.")
    challenge: list[Challenge] = strawberry.field(
        description="What to do, in this order. A look alone needs one photograph; with moves, one of the look, then "
        "for each move one at its height and one back from it, and more where there is doubt; with `capturedAt`."
    )
    uploads: list[UploadTarget] = strawberry.field(description="One address a photograph, at most so many.")


@strawberry.input(description="Asking for permission to check in.")
class StartCheckInInput:
    kind: CheckInKind = strawberry.field(description="Coming or going.")  # type: ignore[valid-type]
    frames: int = strawberry.field(
        default=1, description="How many photographs will follow where no moves are asked for, 1 to 8."
    )
    device_id: str = strawberry.field(
        default="",
        description="The name that will come with `checkIn`. An unknown device may be asked for moves.",
    )
    after: UUID | None = strawberry.field(
        default=None,
        description="A check-in of yours with `canChallenge`, in whose place moves are made; its kind is taken over.",
    )


@strawberry.input(description="A position as the phone reports it.")
class PositionFixInput:
    latitude: float = strawberry.field(description="Degrees north, WGS 84.")
    longitude: float = strawberry.field(description="Degrees east, WGS 84.")
    time: datetime = strawberry.field(description="When it was found, in server time.")
    accuracy_metres: float | None = strawberry.field(default=None, description="Radius of 68 % confidence.")
    altitude_metres: float | None = strawberry.field(default=None, description="Metres above the ellipsoid.")
    speed_mps: float | None = strawberry.field(default=None, description="Metres a second.")
    heading_degrees: float | None = strawberry.field(default=None, description="Degrees from north.")

    def fix(self) -> Fix:
        return Fix(
            latitude=self.latitude,
            longitude=self.longitude,
            accuracy=self.accuracy_metres,
            time=aware(self.time, "time"),
            altitude=self.altitude_metres,
            speed=self.speed_mps,
            heading=self.heading_degrees,
        )


@strawberry.input(description="One check-in. All of it is a claim; the server judges.")
class CheckInInput:
    nonce: str = strawberry.field(description="From `startCheckIn`.")
    frames: list[str] = strawberry.field(description="Keys of the uploaded photographs, 1 to 8.")
    fixes: list[PositionFixInput] = strawberry.field(description="Positions, 1 to 10, oldest first.")
    idempotency_key: str = strawberry.field(
        description="16 to 64 characters, made once a submission: sending it again changes nothing."
    )
    device_id: str = strawberry.field(default="", description="A random name that the device keeps.")
    device_kind: DeviceKind = strawberry.field(default=DeviceKind.PHONE, description="Phone or desktop.")
    device_time: datetime | None = strawberry.field(default=None, description="The device's own clock.")
    captured_at: list[datetime] = strawberry.field(
        default_factory=list,
        description="When each of `frames` was taken, in that order and in server time; needed where moves are asked.",
    )


@strawberry.input(description="A person's decision on a check-in.")
class ReviewCheckInInput:
    id: UUID = strawberry.field(description="Which check-in.")
    decision: ReviewDecision = strawberry.field(description="Confirm or reject.")  # type: ignore[valid-type]
    reason: str = strawberry.field(description="Why, 5 to 500 characters; the person concerned reads it.")


@strawberry.input(description="Asking for a second look.")
class ContestCheckInInput:
    id: UUID = strawberry.field(description="Which check-in of yours.")
    reason: str = strawberry.field(description="What should be known, 5 to 500 characters.")


@strawberry.type(description="Taken and safe. The verdict follows; watch `checkInChanged`.")
class CheckInAccepted:
    check_in: CheckIn = strawberry.field(description="The record.")
    repeated: bool = strawberry.field(description="Whether this key had been sent before.")


@strawberry.type(description="The decision stands.")
class CheckInReviewed:
    check_in: CheckIn = strawberry.field(description="The record as it is now.")


@strawberry.type(description="A person will look at it.")
class CheckInContested:
    check_in: CheckIn = strawberry.field(description="The record as it is now.")


StartCheckInResult = Annotated[
    CheckInStart
    | NotEnrolled
    | ConsentMissing
    | AskTheDesk
    | NotFound
    | AlreadyDecided
    | InvalidInput
    | TooManyAttempts,
    strawberry.union("StartCheckInResult"),
]
CheckInResult = Annotated[
    CheckInAccepted
    | NonceUnusable
    | CaptureUnusable
    | UploadMissing
    | PositionUnusable
    | InvalidInput
    | IdempotencyConflict,
    strawberry.union("CheckInResult"),
]
ReviewCheckInResult = Annotated[
    CheckInReviewed | NotAllowed | NotFound | AlreadyDecided | InvalidInput,
    strawberry.union("ReviewCheckInResult"),
]
ContestCheckInResult = Annotated[
    CheckInContested | NotAllowed | NotFound | AlreadyDecided | InvalidInput,
    strawberry.union("ContestCheckInResult"),
]


@strawberry.type
class AttendanceMutation:
    @strawberry.mutation(description="Ask for permission to check in: a nonce, and where photographs go.")
    @expected(
        errors.NotEnrolled,
        errors.ConsentMissing,
        errors.AskTheDesk,
        errors.NotFound,
        errors.AlreadyDecided,
        errors.InvalidInput,
        errors.TooManyAttempts,
    )
    async def start_check_in(self, info: Info, input: StartCheckInInput) -> StartCheckInResult:
        wish = starting.Wish(input.kind, input.frames, input.device_id, input.after)
        started = await starting.start_check_in(info.context, wish)
        limit = info.context.runtime.settings.upload_max_bytes
        return CheckInStart(
            nonce=started.nonce,
            kind=started.kind,
            server_time=started.server_time,
            expires_at=started.expires_at,
            challenge=[Challenge.of(move, info.context.locale) for move in (Move.LOOK, *started.moves)],
            uploads=[UploadTarget.of(target, limit) for target in started.uploads],
        )

    @strawberry.mutation(description="Check in or out. Answers at once with a PENDING record.")
    @expected(
        errors.NonceUnusable,
        errors.CaptureUnusable,
        errors.UploadMissing,
        errors.PositionUnusable,
        errors.InvalidInput,
        errors.IdempotencyConflict,
    )
    async def check_in(self, info: Info, input: CheckInInput) -> CheckInResult:
        sent = accepting.Submission(
            nonce=input.nonce,
            frames=input.frames,
            fixes=[fix.fix() for fix in input.fixes],
            idempotency_key=input.idempotency_key,
            device_id=input.device_id,
            device_kind=input.device_kind.value,
            device_time=aware(input.device_time, "deviceTime") if input.device_time else None,
            captured=[aware(time, "capturedAt") for time in input.captured_at],
        )
        record, repeated = await accepting.accept(info.context, sent)
        return CheckInAccepted(check_in=CheckIn.of(record), repeated=repeated)

    @strawberry.mutation(description="Confirm or overrule a verdict. The reason is shown to the person.")
    @expected(errors.NotAllowed, errors.NotFound, errors.AlreadyDecided, errors.InvalidInput)
    async def review_check_in(self, info: Info, input: ReviewCheckInInput) -> ReviewCheckInResult:
        row = await reviewing.review(info.context, input.id, input.decision, input.reason)
        return CheckInReviewed(check_in=CheckIn.of(row))

    @strawberry.mutation(description="Ask a person to look at a verdict again.")
    @expected(errors.NotAllowed, errors.NotFound, errors.AlreadyDecided, errors.InvalidInput)
    async def contest_check_in(self, info: Info, input: ContestCheckInInput) -> ContestCheckInResult:
        row = await reviewing.contest(info.context, input.id, input.reason)
        return CheckInContested(check_in=CheckIn.of(row))
