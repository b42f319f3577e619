"""The desk: presences recorded by hand, and whom to ask for it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from api.attendance import desk
from api.attendance.schema.refusals import IdempotencyConflict
from api.attendance.schema.types import CheckIn, CheckInKind
from api.attendance.service import by_hand
from api.biometrics.refusals import UploadMissing
from api.core import errors
from api.core.graphql import (
    Info,
    InvalidInput,
    NotAllowed,
    NotFound,
    TooManyAttempts,
    expected,
)
from api.core.policy import Permission
from api.core.uploads import UploadTarget
from api.people import access as people
from api.people.schema import Unit
from api.people.time import today_in


@strawberry.type(description="Somebody who may record your presence by hand.")
class DeskContact:
    name: str = strawberry.field(description="Name with titles.")
    position: str = strawberry.field(description="Post held.")
    office: str = strawberry.field(description="Name of the unit where this person is found.")


@strawberry.type(description="What the desk works with.")
class Desk:
    units: list[Unit] = strawberry.field(description="Tops of the subtrees whose people you may record.")
    needs_photograph: bool = strawberry.field(description="Whether a record needs a photograph.")


@strawberry.type(description="Where the photograph of a record by hand goes.")
class HandRecordStart:
    upload: UploadTarget = strawberry.field(description="Its address.")
    expires_at: datetime = strawberry.field(description="Until when it holds.")


@strawberry.input(description="A presence that you vouch for.")
class RecordPresenceInput:
    employee_id: UUID = strawberry.field(description="Whose presence; never your own.")
    kind: CheckInKind = strawberry.field(description="Coming or going.")  # type: ignore[valid-type]
    reason: str = strawberry.field(
        description="Why not by face, 5 to 500 characters; the person concerned reads it."
    )
    photograph: str | None = strawberry.field(
        default=None,
        description="Key of the upload of `startHandRecord`; may be left out where the agency allows it.",
    )
    idempotency_key: str = strawberry.field(
        description="16 to 64 characters, made once a record: sending it again changes nothing."
    )


@strawberry.type(description="Recorded: it counts, and shows everywhere that a person recorded it.")
class PresenceRecorded:
    check_in: CheckIn = strawberry.field(description="The record.")
    repeated: bool = strawberry.field(description="Whether this key had been sent before.")


StartHandRecordResult = Annotated[
    HandRecordStart | NotAllowed | NotFound | TooManyAttempts, strawberry.union("StartHandRecordResult")
]
RecordPresenceResult = Annotated[
    PresenceRecorded | NotAllowed | NotFound | UploadMissing | InvalidInput | IdempotencyConflict,
    strawberry.union("RecordPresenceResult"),
]


@strawberry.type
class DeskMutation:
    @strawberry.mutation(description="Get an address for the photograph of somebody at the desk.")
    @expected(errors.NotAllowed, errors.NotFound, errors.TooManyAttempts)
    async def start_hand_record(self, info: Info, employee_id: UUID) -> StartHandRecordResult:
        target = await by_hand.start(info.context, employee_id)
        upload = UploadTarget.of(target, info.context.runtime.settings.upload_max_bytes)
        return HandRecordStart(upload=upload, expires_at=target.expires_at)

    @strawberry.mutation(
        description="Record by hand that somebody is there who cannot be matched, or does without face "
        "recognition. It counts at once, with your name and reason, and the person may contest it."
    )
    @expected(
        errors.NotAllowed,
        errors.NotFound,
        errors.UploadMissing,
        errors.InvalidInput,
        errors.IdempotencyConflict,
    )
    async def record_presence(self, info: Info, input: RecordPresenceInput) -> RecordPresenceResult:
        sent = by_hand.Presence(
            input.employee_id, input.kind, input.reason, input.photograph or None, input.idempotency_key
        )
        row, repeated = await by_hand.record(info.context, sent)
        return PresenceRecorded(check_in=CheckIn.of(row), repeated=repeated)


async def own_desk(info: Info) -> Desk | None:
    tops = await people.tops(info.context.actor, Permission.RECORD_PRESENCE)
    if not tops:
        return None
    needed = await by_hand.needs_photograph(info.context)
    return Desk(units=[Unit.of(row) for row in tops], needs_photograph=needed)


async def desk_contacts(info: Info) -> list[DeskContact]:
    actor = info.context.actor
    rows = await desk.contacts(actor, today_in(actor.time_zone, info.context.clock()))
    return [DeskContact(name=r["name"], position=r["position"], office=r["office"]) for r in rows]
