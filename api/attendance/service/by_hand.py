"""A presence recorded by a person: for whoever cannot be matched, or does without face recognition."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import orjson
from tortoise.exceptions import IntegrityError

from api.attendance import access
from api.attendance.models import CheckIn, CheckInKind, CheckInState
from api.attendance.rules import DeskRule, local_day
from api.attendance.service.accept import announce_change
from api.attendance.service.days import refresh_day
from api.attendance.service.settle import new_receipt
from api.audit import service as audit
from api.core import database
from api.core.context import Actor, Context
from api.core.errors import IdempotencyConflict, InvalidInput, NotAllowed, NotFound, NotOneself, UploadMissing
from api.core.identity import new_id
from api.core.policy import Permission
from api.core.said import reason_of
from api.core.storage import UploadTarget
from api.core.verdict import Reason, ReasonLevel
from api.people import access as people
from api.people import service as people_service
from api.people.models import Employee, RuleTopic

UPLOAD_LIFETIME = timedelta(minutes=10)
#: What `start` names an upload below the folder of recorder and person: no store takes every text for a name.
UPLOAD = re.compile(r"[0-9a-f]{32}")
#: Uploads that nobody recorded go with the sweep; what was recorded lies among the frames.
UPLOADS = "desk"
#: Below the agency's frames, by person: where the sweep finds what a process that was killed has left.
RECORDED = "by-hand"
#: How a JPEG begins (ISO/IEC 10918-1).
JPEG = b"\xff\xd8\xff"
STARTS_PER_RECORDER = "60/minute"


@dataclass(frozen=True, slots=True)
class Presence:
    """What the recorder sends. `photograph` is the key of an upload, or None."""

    employee_id: UUID
    kind: CheckInKind
    reason: str
    photograph: str | None
    idempotency_key: str


async def start(context: Context, employee_id: UUID) -> UploadTarget:
    """Where the photograph of this person goes."""
    actor = context.actor
    person = await _concerned(actor, employee_id)
    await context.runtime.attempts.spend(STARTS_PER_RECORDER, "desk", str(actor.employee_id))
    key = f"{_folder(actor, person.id)}{secrets.token_hex(16)}"
    return await context.runtime.storage.upload_target(key, UPLOAD_LIFETIME)


async def record(context: Context, sent: Presence) -> tuple[CheckIn, bool]:
    """The settled record, and whether it existed before. Equal submissions get equal answers."""
    actor = context.actor
    person = await _concerned(actor, sent.employee_id)
    _check_form(actor, sent)
    if existing := await _existing(actor, sent):
        return existing, True
    try:
        frames = await _taken(context, sent)
    except UploadMissing:  # taken meanwhile by an equal submission, or never sent
        if existing := await _existing(actor, sent):
            return existing, True
        raise
    made = _made(context, person, sent, frames)
    try:
        async with database.transaction() as using:
            await made.save(using_db=using, force_create=True)
            await audit.note(
                actor, "presence.by_hand", subject_id=person.id, object_name=str(made.id), using=using
            )
            await refresh_day(using, made, person.unit.time_zone)
    except IntegrityError:
        await context.runtime.storage.delete(frames)
        repeated = await _existing(actor, sent)
        if repeated is None:
            raise
        return repeated, True
    if sent.photograph:
        await context.runtime.storage.delete([sent.photograph])
    announce_change(context.runtime, person.unit.path, made)
    return await access.check_in(actor, made.id), False


async def needs_photograph(context: Context) -> bool:
    """Whether the agency asks for one: unless its rule on the desk says that it may be left out."""
    actor = context.actor
    rule = await people_service.rule(
        actor.agency_id, RuleTopic.DESK, local_day(context.clock(), actor.time_zone)
    )
    return DeskRule.from_mapping(rule).photograph


async def _concerned(actor: Actor, employee_id: UUID) -> Employee:
    """The person, where the actor may record a presence; never himself, and nobody who has left."""
    person = await people.employee(actor, employee_id)
    if actor.owns(person.id) and actor.reach(Permission.RECORD_PRESENCE):
        raise NotOneself
    if not actor.may(Permission.RECORD_PRESENCE, person.unit.path):
        raise NotAllowed
    if not person.active:
        raise NotFound
    return person


def _check_form(actor: Actor, sent: Presence) -> None:
    reason_of(sent.reason)
    if not 16 <= len(sent.idempotency_key) <= 64:
        raise InvalidInput("idempotencyKey", "TEXT_LENGTH", least=16, most=64)
    own = _folder(actor, sent.employee_id)
    if sent.photograph and not (
        sent.photograph.startswith(own) and UPLOAD.fullmatch(sent.photograph.removeprefix(own))
    ):
        raise InvalidInput("photograph", "NOT_YOUR_UPLOAD")


async def _existing(actor: Actor, sent: Presence) -> CheckIn | None:
    """What this key made before; a conflict when it was made of something else, or by somebody else."""
    found = await access.check_ins(actor).get_or_none(
        employee_id=sent.employee_id, idempotency_key=sent.idempotency_key
    )
    if found and (found.recorder_id != actor.employee_id or bytes(found.content_digest) != _digest(sent)):
        raise IdempotencyConflict
    return found


async def _taken(context: Context, sent: Presence) -> list[str]:
    """The photograph, sealed under a name of its own: no address to send to was ever made for it, so it can be
    neither exchanged nor used for a second record."""
    if not sent.photograph:
        if await needs_photograph(context):
            raise InvalidInput("photograph", "PHOTOGRAPH_NEEDED")
        return []
    storage = context.runtime.storage
    try:
        data, _ = await storage.read(sent.photograph, context.runtime.settings.upload_max_bytes)
    except NotFound as error:
        raise UploadMissing from error
    if not data.startswith(JPEG):
        raise InvalidInput("photograph", "UPLOAD_NOT_JPEG")
    key = f"frames/{context.actor.agency_id}/{RECORDED}/{sent.employee_id}/{secrets.token_hex(16)}"
    await storage.put(key, data)
    return [key]


def _made(context: Context, person: Employee, sent: Presence, frames: list[str]) -> CheckIn:
    actor, now = context.actor, context.clock()
    return CheckIn(
        id=new_id(),
        agency_id=actor.agency_id,
        employee_id=person.id,
        unit_id=person.unit.id,
        kind=sent.kind,
        state=CheckInState.ACCEPTED,
        day=local_day(now, person.unit.time_zone),
        received_at=now,
        settled_at=now,
        idempotency_key=sent.idempotency_key,
        content_digest=_digest(sent),
        frames=frames,
        fixes=[],
        device_kind="DESKTOP",
        reasons=[Reason("RECORDED_BY_HAND", ReasonLevel.INFO).to_data()],
        receipt=new_receipt(),
        recorder_id=actor.employee_id,
        record_reason=sent.reason.strip(),
    )


def _folder(actor: Actor, employee_id: UUID) -> str:
    return f"{UPLOADS}/{actor.agency_id}/{actor.employee_id}/{employee_id}/"


def _digest(sent: Presence) -> bytes:
    content = [str(sent.employee_id), sent.kind.value, sent.reason.strip(), sent.photograph]
    return hashlib.sha256(orjson.dumps(content)).digest()
