"""Consent and enrolment as the API shows them."""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

import strawberry

from api.biometrics import access, consent, models, objection, service
from api.biometrics import vouch as vouching
from api.biometrics.refusals import ConsentMissing, UploadMissing
from api.core import errors
from api.core.context import Actor, Context
from api.core.graphql import (
    AlreadyDecided,
    Info,
    InvalidInput,
    NotAllowed,
    NotFound,
    Reason,
    TooManyAttempts,
    expected,
)
from api.core.live import changes
from api.core.looks import Photo
from api.core.policy import Permission
from api.core.relay import Connection, as_uuid, connect, page_size, read_cursor
from api.core.subtree import reached
from api.core.uploads import UploadTarget
from api.people import access as people
from api.people.schema import Employee

Purpose = strawberry.enum(models.Purpose, name="Purpose", description="What personal data are processed for.")
VouchDecision = strawberry.enum(
    models.VouchDecision, name="VouchDecision", description="What a person says of an enrolment."
)
EnrolmentStateType = strawberry.enum(
    models.EnrolmentState, name="EnrolmentState", description="How far a face enrolment has come."
)


@strawberry.type(description="What a person agrees to, and since when.")
class Consent:
    purpose: Purpose = strawberry.field(description="What for.")  # type: ignore[valid-type]
    text: str = strawberry.field(description="The text in the reader's language.")
    version: str = strawberry.field(description="Version of the text; give it with `giveConsent`.")
    given_at: datetime | None = strawberry.field(
        description="When it was given; null when it is not in force."
    )
    current: bool = strawberry.field(
        description="Whether it was given to this text; if not, it is asked for anew before the next photograph."
    )

    @classmethod
    def of(cls, purpose: models.Purpose, locale: str, row: models.Consent | None) -> Self:
        return cls(
            purpose=purpose,
            text=consent.TEXTS[purpose][locale],
            version=consent.VERSION,
            given_at=row.given_at if row else None,
            current=row is not None and row.version == consent.VERSION,
        )


@strawberry.type(description="One photograph of an enrolment.")
class EnrolmentPhoto:
    position: int = strawberry.field(description="Its place in the series, from 0.")
    accepted: bool | None = strawberry.field(description="Null while it is still being checked.")
    reasons: list[Reason] = strawberry.field(description="Why it was not accepted, and what to do.")
    photo: Photo | None = strawberry.field(
        description="What it shows: to its owner, and to whoever may vouch while it waits for that."
    )


@strawberry.type(description="A person's word on whose face an enrolment shows.")
class Vouching:
    decision: VouchDecision = strawberry.field(description="Confirmed or refused.")  # type: ignore[valid-type]
    reason: str = strawberry.field(description="Why, in that person's words.")
    voucher: Employee = strawberry.field(description="Who said so.")
    at: datetime = strawberry.field(description="When.")

    @classmethod
    def of(cls, row: models.Enrolment) -> Self | None:
        if row.vouch_decision is None or row.voucher is None or row.vouched_at is None:
            return None
        return cls(
            decision=row.vouch_decision,
            reason=row.vouch_reason or "",
            voucher=Employee.of(row.voucher),
            at=row.vouched_at,
        )


@strawberry.type(description="Somebody else who is enrolled with the face of an enrolment.")
class Likeness:
    employee: Employee | None = strawberry.field(
        description="Who; null for somebody outside of your reach: please ask your agency's HR admin."
    )
    similarity: float = strawberry.field(description="Cosine of the two nearest photographs, −1 to 1.")

    @classmethod
    def of(cls, row: models.Likeness, actor: Actor) -> Self:
        """`row` with the person and the unit."""
        seen = actor.may(Permission.READ_PEOPLE, row.employee.unit.path)
        return cls(employee=Employee.of(row.employee) if seen else None, similarity=row.similarity)


@strawberry.type(description="Whether somebody else of the agency is enrolled with this face.")
class FaceSearch:
    threshold: float | None = strawberry.field(
        description="Cosine from which on somebody counts as found; null: not checked, somebody may be."
    )
    needs_hr: bool = strawberry.field(description="Somebody was found: an HR admin decides.")
    likenesses: list[Likeness] | None = strawberry.field(
        description="Who was found, nearest first; null for whoever may not know."
    )

    @classmethod
    def of(cls, row: models.Enrolment, actor: Actor) -> Self | None:
        """None for the person concerned, and for whoever may not vouch."""
        path = row.employee.unit.path
        if actor.owns(row.employee.id) or not actor.may(Permission.VOUCH_ENROLMENT, path):
            return None
        found = sorted(row.likenesses, key=lambda likeness: -likeness.similarity)
        hr = actor.may(Permission.SEE_LIKENESSES, path)
        return cls(
            threshold=row.search_threshold,
            needs_hr=bool(found),
            likenesses=[Likeness.of(likeness, actor) for likeness in found] if hr else None,
        )


@strawberry.type(description="A series of photographs from which a person's templates are made.")
class Enrolment:
    id: UUID = strawberry.field(description="Identifier.")
    state: EnrolmentStateType = strawberry.field(description="How far it has come.")  # type: ignore[valid-type]
    employee: Employee = strawberry.field(description="Whose it is said to be.")
    created_at: datetime = strawberry.field(description="When it was sent.")
    model_id: str | None = strawberry.field(description="The face model that made the templates.")
    photos: list[EnrolmentPhoto] = strawberry.field(description="The photographs with their verdicts.")
    vouching: Vouching | None = strawberry.field(description="Null until a person has said whose face it is.")
    search: FaceSearch | None = strawberry.field(
        description="Whether somebody else is enrolled with this face: for whoever may vouch, never for its owner."
    )

    @classmethod
    def of(cls, row: models.Enrolment, context: Context) -> Self:
        """`row` with the person and the voucher, and their units."""
        shown = context.actor.owns(row.employee.id) or row.state == models.EnrolmentState.AWAITING
        photos = [
            EnrolmentPhoto(
                position=number,
                accepted=photo["accepted"],
                reasons=[Reason.of(reason, context.locale) for reason in photo["reasons"]],
                photo=Photo.of(context, f"enrolments/{row.id}/{number}") if shown else None,
            )
            for number, photo in enumerate(row.photos)
        ]
        return cls(
            id=row.id,
            state=row.state,
            employee=Employee.of(row.employee),
            created_at=row.created_at,
            model_id=row.model_id,
            photos=photos,
            vouching=Vouching.of(row),
            search=FaceSearch.of(row, context.actor),
        )


@strawberry.type(description="Where to send the photographs of an enrolment.")
class EnrolmentStart:
    expires_at: datetime = strawberry.field(description="Until when the addresses hold.")
    uploads: list[UploadTarget] = strawberry.field(description="One address a photograph.")


@strawberry.type(description="The photographs have arrived and are being checked.")
class EnrolmentAccepted:
    enrolment: Enrolment = strawberry.field(description="Follow it with `enrolmentChanged`.")


@strawberry.type(description="The consent as it stands now.")
class ConsentRecorded:
    consent: Consent = strawberry.field(description="With its date, or without when it is withdrawn.")


@strawberry.input(description="The photographs of an enrolment.")
class EnrolFaceInput:
    uploads: list[str] = strawberry.field(description="Keys of one to five uploads of `startEnrolment`.")


@strawberry.input(description="A person's word on an enrolment.")
class VouchEnrolmentInput:
    id: UUID = strawberry.field(description="Which enrolment.")
    decision: VouchDecision = strawberry.field(description="Confirm or refuse.")  # type: ignore[valid-type]
    reason: str = strawberry.field(
        description="What it was held against, or why not, 5 to 500 characters; the person concerned reads it."
    )


@strawberry.type(description="The word stands.")
class EnrolmentVouched:
    enrolment: Enrolment = strawberry.field(description="The enrolment as it is now.")


StartEnrolmentResult = Annotated[
    EnrolmentStart | ConsentMissing | InvalidInput | TooManyAttempts, strawberry.union("StartEnrolmentResult")
]
EnrolFaceResult = Annotated[
    EnrolmentAccepted | ConsentMissing | UploadMissing | InvalidInput, strawberry.union("EnrolFaceResult")
]
VouchEnrolmentResult = Annotated[
    EnrolmentVouched | NotAllowed | NotFound | AlreadyDecided | InvalidInput,
    strawberry.union("VouchEnrolmentResult"),
]
GiveConsentResult = Annotated[ConsentRecorded | InvalidInput, strawberry.union("GiveConsentResult")]


@strawberry.type
class BiometricsQuery:
    @strawberry.field(description="The text of a consent, with the date of yours.")
    async def consent_text(self, info: Info, purpose: Purpose) -> Consent:  # type: ignore[valid-type]
        return await own_consent(info, purpose)

    @strawberry.field(description="One of your enrolments.")
    async def enrolment(self, info: Info, id: UUID) -> Enrolment | None:
        return await own_enrolment(info.context, id)

    @strawberry.field(
        description="Enrolments that wait for somebody with your rights to say whose face they show, longest "
        "waiting first; never your own."
    )
    async def enrolments(
        self, info: Info, first: int = 50, after: str | None = None, unit_id: UUID | None = None
    ) -> Connection[Enrolment]:
        actor = info.context.actor
        found = access.to_vouch(actor)
        if unit_id is not None:
            unit = await people.unit_for(actor, unit_id, Permission.VOUCH_ENROLMENT)
            found = found.filter(reached([unit.path], "employee__unit__"))
        whole_list = found
        if key := read_cursor(after, 1):
            found = found.filter(id__gt=as_uuid(key[0], "after"))
        rows = await found.order_by("id").limit(page_size(first) + 1)
        return connect(
            rows,
            first=first,
            after=after,
            total=whole_list.count,
            node=lambda row: Enrolment.of(row, info.context),
            key=lambda row: [row.id],
        )


@strawberry.type
class BiometricsMutation:
    @strawberry.mutation(description="Agree to a text that you were shown.")
    @expected(errors.InvalidInput)
    async def give_consent(
        self,
        info: Info,
        purpose: Purpose,  # type: ignore[valid-type]
        version: str,
    ) -> GiveConsentResult:
        row = await service.give_consent(info.context, purpose, version)
        return ConsentRecorded(consent=Consent.of(purpose, info.context.locale, row))

    @strawberry.mutation(
        description="Withdraw a consent. Templates and photographs, those of check-ins too, are deleted within the hour."
    )
    async def withdraw_consent(self, info: Info, purpose: Purpose) -> ConsentRecorded:  # type: ignore[valid-type]
        await service.withdraw_consent(info.context, purpose)
        return ConsentRecorded(consent=Consent.of(purpose, info.context.locale, None))

    @strawberry.mutation(description="Get addresses for one to five photographs of your face.")
    @expected(errors.ConsentMissing, errors.InvalidInput, errors.TooManyAttempts)
    async def start_enrolment(self, info: Info, photos: int = 3) -> StartEnrolmentResult:
        targets = await service.start_enrolment(info.context, photos)
        limit = info.context.runtime.settings.upload_max_bytes
        return EnrolmentStart(
            expires_at=targets[0].expires_at, uploads=[UploadTarget.of(target, limit) for target in targets]
        )

    @strawberry.mutation(description="Have the uploaded photographs checked and made into templates.")
    @expected(errors.ConsentMissing, errors.UploadMissing, errors.InvalidInput)
    async def enrol_face(self, info: Info, input: EnrolFaceInput) -> EnrolFaceResult:
        row = await service.enrol_face(info.context, input.uploads)
        return EnrolmentAccepted(
            enrolment=Enrolment.of(await access.enrolment(info.context.actor, row.id), info.context)
        )

    @strawberry.mutation(
        description="Say whose face an enrolment shows. Until then nothing is compared with it; refused, its "
        "templates are deleted. The reason is shown to the person."
    )
    @expected(errors.NotAllowed, errors.NotFound, errors.AlreadyDecided, errors.InvalidInput)
    async def vouch_enrolment(self, info: Info, input: VouchEnrolmentInput) -> VouchEnrolmentResult:
        row = await vouching.vouch(info.context, input.id, input.decision, input.reason)
        return EnrolmentVouched(enrolment=Enrolment.of(row, info.context))


@strawberry.type(description="You do without face recognition: the desk records your presence.")
class ObjectionRaised:
    since: datetime = strawberry.field(description="Since when.")


@strawberry.type(description="Your face may be recognised again, once you agree and register it.")
class ObjectionTakenBack:
    at: datetime = strawberry.field(description="Since when.")


@strawberry.type
class ObjectionMutation:
    @strawberry.mutation(
        description="Choose to do without face recognition. Consent ends, templates and enrolment photographs "
        "are deleted, and your presence is recorded at the desk from now on."
    )
    async def object_to_biometrics(self, info: Info) -> ObjectionRaised:
        return ObjectionRaised(since=await objection.raise_objection(info.context))

    @strawberry.mutation(description="Take that choice back.")
    async def take_back_objection(self, info: Info) -> ObjectionTakenBack:
        await objection.take_back(info.context)
        return ObjectionTakenBack(at=info.context.clock())


@strawberry.type
class BiometricsSubscription:
    @strawberry.subscription(description="One of your enrolments as it is now, and again at each change.")
    async def enrolment_changed(self, info: Info, id: UUID) -> AsyncGenerator[Enrolment, None]:
        async for _ in changes(info.context, "enrolment", subject_id=id):
            current = await own_enrolment(info.context, id)
            if current is None:
                raise errors.NotFound
            yield current


async def own_consent(info: Info, purpose: models.Purpose) -> Consent:
    row = await access.valid_consent(info.context.actor.employee_id, purpose).first()
    return Consent.of(purpose, info.context.locale, row)


async def own_enrolment(context: Context, enrolment_id: UUID) -> Enrolment | None:
    row = await access.own_enrolments(context.actor).get_or_none(id=enrolment_id)
    return Enrolment.of(row, context) if row else None


async def current_enrolment(info: Info) -> Enrolment | None:
    own = access.own_enrolments(info.context.actor).exclude(state=models.EnrolmentState.REPLACED)
    rows = await own.limit(20)
    foremost = (models.EnrolmentState.AWAITING, models.EnrolmentState.ACTIVE)
    chosen = next((row for state in foremost for row in rows if row.state == state), None)
    current = chosen or next(iter(rows), None)
    return Enrolment.of(current, info.context) if current else None


async def enrolment_states(context: Context, employee_ids: list[UUID]) -> list[models.EnrolmentState]:
    found = await access.latest_states(context.actor, employee_ids)
    return [models.EnrolmentState(found.get(key, models.EnrolmentState.NONE)) for key in employee_ids]


async def objected_since(context: Context, employee_ids: list[UUID]) -> list[datetime | None]:
    found = await objection.objections(context.actor, employee_ids)
    return [found.get(key) for key in employee_ids]
