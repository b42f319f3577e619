"""Settling an enrolment: photographs that the worker measured become templates, or are sent back with reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from api.biometrics import access
from api.biometrics.models import Enrolment, EnrolmentState, FaceTemplate, Likeness, Purpose
from api.biometrics.rules import FaceThresholds, VouchingRule, needs_vouching, photo_usable
from api.biometrics.sealing import belongs_to
from api.biometrics.search import Likest, others_alike, write_missing, write_vectors
from api.biometrics.service import announce_change
from api.core import database, outbox
from api.core.identity import new_id
from api.core.runtime import Runtime
from api.core.verdict import Reason
from api.people import service as people
from api.people.models import RuleTopic
from api.people.time import today_in


@dataclass(frozen=True, slots=True)
class EnrolmentCase:
    """A pending enrolment, and the templates that hold until it is settled."""

    enrolment: Enrolment
    templates: list[FaceTemplate]
    thresholds: FaceThresholds
    vouching: VouchingRule


@dataclass(frozen=True, slots=True)
class PhotoFindings:
    """One photograph: its embedding (float32 little-endian bytes) unless a reason speaks against it."""

    reasons: tuple[Reason, ...]
    embedding: bytes | None


@dataclass(frozen=True, slots=True)
class Findings:
    """What the worker found; `compared`: usable photographs show the face of the templates in force."""

    photos: Sequence[PhotoFindings]
    model_id: str
    compared: bool = False


async def open_case(enrolment_id: UUID) -> EnrolmentCase | None:
    enrolment = await Enrolment.get_or_none(id=enrolment_id).select_related("employee__unit")
    if enrolment is None or enrolment.state != EnrolmentState.PENDING:
        return None
    employee = enrolment.employee
    day = today_in(employee.unit.time_zone, enrolment.created_at)
    face = await people.rule(employee.agency_id, RuleTopic.FACE, day)
    vouching = await people.rule(employee.agency_id, RuleTopic.VOUCHING, day)
    return EnrolmentCase(
        enrolment,
        list(await access.templates(employee.id)),
        FaceThresholds.from_mapping(face),
        VouchingRule.from_mapping(vouching),
    )


async def settle(
    runtime: Runtime,
    claim: outbox.Claim,
    case: EnrolmentCase,
    found: Findings,
    now: datetime,
) -> Enrolment | None:
    """All photographs usable: they replace the templates before, unless a later series has done so already, or
    wait for a person's word where nothing else says whose face it is.

    None when the lease was lost, or the enrolment was settled or withdrawn meanwhile: nothing was changed.
    """
    enrolment = case.enrolment
    await write_missing(runtime, enrolment.agency_id, OLD_AT_ONCE)
    async with database.transaction() as using:
        if not await outbox.finish(using, claim):
            return None
        consent = access.valid_consent(enrolment.employee_id, Purpose.FACE_RECOGNITION).using_db(using)
        # Locked, so that a withdrawal comes wholly before (no template) or wholly after (it deletes ours).
        agreed = await consent.select_for_update().first()
        pending = Enrolment.filter(id=enrolment.id, state=EnrolmentState.PENDING).using_db(using)
        if await pending.select_for_update().first() is None:
            return None
        made = _templates(runtime, case, found) if agreed is not None and _good(found) else []
        alike = await _others(using, runtime, case, made)
        enrolment.state = await _outcome(using, case, found, alike) if made else EnrolmentState.REFUSED
        enrolment.settled_at, enrolment.model_id = now, found.model_id
        enrolment.photos = _told(enrolment.photos, found.photos)
        if enrolment.state in DISPLACED:
            await displace(using, enrolment)
            await FaceTemplate.bulk_create([row for row, _ in made], using_db=using)
            await write_vectors(using, runtime, made)
            await Likeness.bulk_create(_likenesses(enrolment, alike), using_db=using)
        await enrolment.save(using_db=using)
    announce_change(runtime, enrolment.employee.unit.path, enrolment)
    return enrolment


#: What an enrolment takes the place of, by its own state: one that waits leaves the one in force as it is.
DISPLACED = {
    EnrolmentState.ACTIVE: (EnrolmentState.ACTIVE, EnrolmentState.AWAITING),
    EnrolmentState.AWAITING: (EnrolmentState.AWAITING,),
}
#: A person with one of these was enrolled, or withdrew.
ONCE_IN_FORCE = (EnrolmentState.ACTIVE, EnrolmentState.REPLACED)
#: Templates without a vector that one enrolment waits for; more of them are the hourly sweep's.
OLD_AT_ONCE = 1_000


async def displace(using: BaseDBAsyncClient, enrolment: Enrolment) -> None:
    """The person's others that this one takes the place of lose their templates."""
    others = Enrolment.filter(
        employee_id=enrolment.employee_id, state__in=DISPLACED[enrolment.state]
    ).exclude(id=enrolment.id)
    found = [other.id for other in await others.using_db(using)]
    await FaceTemplate.filter(enrolment_id__in=found).using_db(using).delete()
    await Enrolment.filter(id__in=found).using_db(using).update(state=EnrolmentState.REPLACED)


def _good(found: Findings) -> bool:
    return all(photo.embedding is not None and photo_usable(photo.reasons) for photo in found.photos)


async def _others(
    using: BaseDBAsyncClient,
    runtime: Runtime,
    case: EnrolmentCase,
    made: Sequence[tuple[FaceTemplate, bytes]],
) -> list[Likest] | None:
    """Who else is enrolled with this face; None: not checked, and so not known to be nobody."""
    if not made:
        return None
    threshold = case.thresholds.already_enrolled
    faces = [embedding for _, embedding in made]
    alike = await others_alike(using, runtime, made[0][0], faces, threshold)
    case.enrolment.search_threshold = None if alike is None else threshold
    return alike


async def _outcome(
    using: BaseDBAsyncClient, case: EnrolmentCase, found: Findings, alike: list[Likest] | None
) -> EnrolmentState:
    """Of one whose photographs are all usable."""
    enrolment = case.enrolment
    others = Enrolment.filter(employee_id=enrolment.employee_id).exclude(id=enrolment.id).using_db(using)
    later = others.filter(state__in=DISPLACED[EnrolmentState.ACTIVE], created_at__gt=enrolment.created_at)
    if await later.exists():
        return EnrolmentState.REPLACED
    before = await others.filter(state__in=ONCE_IN_FORCE).exists()
    waits = enrolment.vouch_decision is None and needs_vouching(
        case.vouching, compared=found.compared, before=before, alone=alike == []
    )
    return EnrolmentState.AWAITING if waits else EnrolmentState.ACTIVE


def _likenesses(enrolment: Enrolment, alike: list[Likest] | None) -> list[Likeness]:
    return [
        Likeness(
            agency_id=enrolment.agency_id,
            enrolment_id=enrolment.id,
            employee_id=other.employee_id,
            similarity=other.cosine,
        )
        for other in alike or ()
    ]


def _told(rows: list[dict[str, Any]], photos: Sequence[PhotoFindings]) -> list[dict[str, Any]]:
    return [
        {
            **row,
            "accepted": photo_usable(photo.reasons) and photo.embedding is not None,
            "reasons": [reason.to_data() for reason in photo.reasons],
        }
        for row, photo in zip(rows, photos, strict=True)
    ]


def _templates(runtime: Runtime, case: EnrolmentCase, found: Findings) -> list[tuple[FaceTemplate, bytes]]:
    """Each with what it seals."""
    enrolment = case.enrolment
    made = []
    for row, photo in zip(enrolment.photos, found.photos, strict=True):
        template_id, embedding = new_id(), photo.embedding or b""
        template = FaceTemplate(
            id=template_id,
            agency_id=enrolment.agency_id,
            employee_id=enrolment.employee_id,
            enrolment_id=enrolment.id,
            model_id=found.model_id,
            sealed=runtime.keyring.seal(embedding, belongs_to=belongs_to(template_id, enrolment.employee_id)),
            photo_key=str(row["key"]),
        )
        made.append((template, embedding))
    return made
