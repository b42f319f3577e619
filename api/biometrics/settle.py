"""Settling an enrolment: photographs that the worker measured become templates, or are sent back with reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from api.biometrics import access
from api.biometrics.models import Enrolment, EnrolmentState, FaceTemplate, Purpose
from api.biometrics.rules import FaceThresholds, VouchingRule, needs_vouching, photo_usable
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
    employee_id = enrolment.employee.id
    good = all(photo.embedding is not None and photo_usable(photo.reasons) for photo in found.photos)
    async with database.transaction() as using:
        if not await outbox.finish(using, claim):
            return None
        consent = access.valid_consent(employee_id, Purpose.FACE_RECOGNITION).using_db(using)
        # Locked, so that a withdrawal comes wholly before (no template) or wholly after (it deletes ours).
        agreed = await consent.select_for_update().first()
        own = Enrolment.filter(employee_id=employee_id).using_db(using)
        if (
            await own.filter(id=enrolment.id, state=EnrolmentState.PENDING).select_for_update().first()
            is None
        ):
            return None
        later = own.filter(state__in=DISPLACED[EnrolmentState.ACTIVE], created_at__gt=enrolment.created_at)
        before = own.filter(state__in=ONCE_IN_FORCE).exclude(id=enrolment.id)
        waits = enrolment.vouch_decision is None and needs_vouching(
            case.vouching, compared=found.compared, before=await before.exists()
        )
        enrolment.state = _outcome(good=good and agreed is not None, later=await later.exists(), waits=waits)
        enrolment.settled_at, enrolment.model_id = now, found.model_id
        enrolment.photos = _told(enrolment.photos, found.photos)
        if enrolment.state in DISPLACED:
            await displace(using, enrolment)
            await FaceTemplate.bulk_create(_templates(runtime, case, found), using_db=using)
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


async def displace(using: BaseDBAsyncClient, enrolment: Enrolment) -> None:
    """The person's others that this one takes the place of lose their templates."""
    others = Enrolment.filter(
        employee_id=enrolment.employee_id, state__in=DISPLACED[enrolment.state]
    ).exclude(id=enrolment.id)
    found = [other.id for other in await others.using_db(using)]
    await FaceTemplate.filter(enrolment_id__in=found).using_db(using).delete()
    await Enrolment.filter(id__in=found).using_db(using).update(state=EnrolmentState.REPLACED)


def _outcome(*, good: bool, later: bool, waits: bool) -> EnrolmentState:
    if not good:
        return EnrolmentState.REFUSED
    if later:
        return EnrolmentState.REPLACED
    return EnrolmentState.AWAITING if waits else EnrolmentState.ACTIVE


def _told(rows: list[dict[str, Any]], photos: Sequence[PhotoFindings]) -> list[dict[str, Any]]:
    return [
        {
            **row,
            "accepted": photo_usable(photo.reasons) and photo.embedding is not None,
            "reasons": [reason.to_data() for reason in photo.reasons],
        }
        for row, photo in zip(rows, photos, strict=True)
    ]


def belongs_to(template_id: UUID, employee_id: UUID) -> str:
    """What a sealed template is bound to: it opens for no other row and no other person."""
    return f"template/{employee_id}/{template_id}"


def open_template(runtime: Runtime, row: FaceTemplate) -> bytes:
    return runtime.keyring.open(
        bytes(row.sealed),
        belongs_to=belongs_to(row.id, row.employee_id),
    )


def _templates(runtime: Runtime, case: EnrolmentCase, found: Findings) -> list[FaceTemplate]:
    employee = case.enrolment.employee
    made = []
    for row, photo in zip(case.enrolment.photos, found.photos, strict=True):
        template_id = new_id()
        sealed = runtime.keyring.seal(photo.embedding or b"", belongs_to=belongs_to(template_id, employee.id))
        made.append(
            FaceTemplate(
                id=template_id,
                agency_id=employee.agency_id,
                employee_id=employee.id,
                enrolment_id=case.enrolment.id,
                model_id=found.model_id,
                sealed=sealed,
                photo_key=str(row["key"]),
            )
        )
    return made
