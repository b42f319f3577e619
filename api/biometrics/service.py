"""Use cases of consent and enrolment."""

import re
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from tortoise.exceptions import IntegrityError

from api.audit import service as audit
from api.biometrics import access, erasure
from api.biometrics.consent import VERSION
from api.biometrics.models import Consent, Enrolment, EnrolmentState, FaceTemplate, Purpose
from api.core import database, outbox
from api.core.context import Actor, Context
from api.core.errors import AskTheDesk, ConsentMissing, InvalidInput, NotEnrolled
from api.core.events import Changed
from api.core.runtime import Runtime
from api.core.storage import UploadTarget

MOST_PHOTOS = 5
UPLOAD_LIFETIME = timedelta(minutes=10)
#: What `start_enrolment` names an upload below the person's folder: no store takes every text for a name.
UPLOAD = re.compile(r"[0-9a-f]{32}/[0-9]")
STARTS_PER_PERSON = "20/hour"
#: What was found of this person's face in others' enrolments, and of others' in this person's.
FORGET_LIKENESSES = """
DELETE FROM likeness USING enrolment e
 WHERE e.id = likeness.enrolment_id AND (likeness.employee_id = $1 OR e.employee_id = $1)
"""
ENROL = "enrol_face"
PURGE = "purge_faces"


async def require_ready(employee_id: UUID) -> None:
    """AskTheDesk, ConsentMissing or NotEnrolled unless this person's face can be compared."""
    agreed, enrolled = await access.readiness(employee_id, VERSION)
    if not agreed and await access.objection_in_force(employee_id).exists():
        raise AskTheDesk(None, "FACE_OBJECTED")
    if not agreed:
        raise ConsentMissing
    if not enrolled:
        raise NotEnrolled


async def give_consent(context: Context, purpose: Purpose, version: str) -> Consent:
    actor = context.actor
    if version != VERSION:
        raise InvalidInput("version", "CONSENT_VERSION")
    existing = await access.valid_consent(actor.employee_id, purpose).first()
    if existing and existing.version == version:
        return existing
    try:
        return await _record_consent(actor, purpose, version, context.clock())
    except IntegrityError:  # the same, given twice at once: one of them stands
        return await access.valid_consent(actor.employee_id, purpose).get()


async def _record_consent(actor: Actor, purpose: Purpose, version: str, now: datetime) -> Consent:
    """In place of a consent to an older text, if there is one."""
    async with database.transaction() as using:
        await access.valid_consent(actor.employee_id, purpose).using_db(using).update(withdrawn_at=now)
        # Who agrees has changed his mind.
        await access.objection_in_force(actor.employee_id).using_db(using).update(taken_back_at=now)
        await audit.note(
            actor,
            "consent.given",
            subject_id=actor.employee_id,
            object_name=f"{purpose.value} {version}",
            using=using,
        )
        return await Consent.create(
            agency_id=actor.agency_id,
            employee_id=actor.employee_id,
            purpose=purpose,
            version=version,
            given_at=now,
            using_db=using,
        )


async def withdraw_consent(context: Context, purpose: Purpose) -> None:
    """Templates go with the withdrawal itself, so that no comparison follows; photographs by the worker."""
    actor, now = context.actor, context.clock()
    async with database.transaction() as using:
        # First, as the worker's last step does: two who wait for each other would both be undone.
        await outbox.record(using, PURGE, actor.employee_id)
        given = access.valid_consent(actor.employee_id, purpose).using_db(using)
        withdrawn = await given.update(withdrawn_at=now)
        templates = await FaceTemplate.filter(employee_id=actor.employee_id).using_db(using).delete()
        await using.execute_query(FORGET_LIKENESSES, [actor.employee_id])
        # Nothing names the photographs any more: what is sent late to an old address is nobody's and is swept.
        await access.own_enrolments(actor).using_db(using).update(state=EnrolmentState.REPLACED, photos=[])
        if withdrawn or templates:
            await erasure.ask(using, actor.agency_id, actor.employee_id, now, templates)
            await audit.note(
                actor,
                "consent.withdrawn",
                subject_id=actor.employee_id,
                object_name=purpose.value,
                using=using,
            )
    context.runtime.events.work(PURGE)


async def start_enrolment(context: Context, photos: int) -> list[UploadTarget]:
    actor = context.actor
    if not 1 <= photos <= MOST_PHOTOS:
        raise InvalidInput("photos", "COUNT_RANGE", least=1, most=MOST_PHOTOS)
    await context.runtime.attempts.spend(STARTS_PER_PERSON, "enrol", str(actor.employee_id))
    await _require_consent(actor)
    folder = f"{folder_of(actor.agency_id, actor.employee_id)}/{secrets.token_hex(16)}"
    storage = context.runtime.storage
    return [await storage.upload_target(f"{folder}/{number}", UPLOAD_LIFETIME) for number in range(photos)]


async def enrol_face(context: Context, uploads: list[str]) -> Enrolment:
    actor = context.actor
    if not 1 <= len(uploads) <= MOST_PHOTOS or len(set(uploads)) != len(uploads):
        raise InvalidInput("uploads", "COUNT_RANGE", least=1, most=MOST_PHOTOS)
    own = folder_of(actor.agency_id, actor.employee_id) + "/"
    if not all(key.startswith(own) and UPLOAD.fullmatch(key.removeprefix(own)) for key in uploads):
        raise InvalidInput("uploads", "NOT_YOUR_UPLOAD")
    await _require_consent(actor)
    keys = await context.runtime.storage.take(uploads, context.runtime.settings.upload_max_bytes)
    async with database.transaction() as using:
        enrolment = await Enrolment.create(
            agency_id=actor.agency_id,
            employee_id=actor.employee_id,
            created_at=context.clock(),
            photos=[{"key": key, "accepted": None, "reasons": []} for key in keys],
            using_db=using,
        )
        await outbox.record(using, ENROL, enrolment.id)
    context.runtime.events.work(ENROL)
    announce_change(context.runtime, actor.unit_path, enrolment)
    return enrolment


def announce_change(runtime: Runtime, unit_path: str, enrolment: Enrolment) -> None:
    runtime.events.changed(
        Changed("enrolment", enrolment.agency_id, unit_path, enrolment.employee_id, enrolment.id)
    )


def folder_of(agency_id: UUID, employee_id: UUID) -> str:
    return f"enrolments/{agency_id}/{employee_id}"


async def _require_consent(actor: Actor) -> None:
    given = access.valid_consent(actor.employee_id, Purpose.FACE_RECOGNITION)
    if not await given.filter(version=VERSION).exists():
        raise ConsentMissing
