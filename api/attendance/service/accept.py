"""Accepting a submission: checked, recorded with its outbox entry in one statement, answered at once."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from math import inf

import orjson

from api.attendance import access
from api.attendance.models import CheckIn, CheckInKind, CheckInState
from api.attendance.rules import local_day
from api.attendance.service.capture import check_times, earliest_nonce, nonce_problem
from api.attendance.service.start import MOST_FRAMES, digest_of, frame_folder
from api.core import database
from api.core.context import Actor, Context
from api.core.errors import (
    FrameTwice,
    HadirError,
    IdempotencyConflict,
    InvalidInput,
    PositionUnusable,
    UploadMissing,
)
from api.core.events import Changed
from api.core.identity import new_id
from api.core.runtime import Runtime
from api.people import service as people
from api.people.models import RuleTopic
from api.sites.rules import Fix, PositionThresholds, check_input, freshness

JOB = "verify_check_in"
MOST_FIXES = 10
DEFAULTS = PositionThresholds()

#: Spend the nonce, record the submission, its work and the day's new state: all of it or nothing, one round trip.
ACCEPT = """
WITH nonce AS (
    UPDATE check_in_nonce SET spent_at = $3
     WHERE digest = $1 AND employee_id = $2 AND spent_at IS NULL AND expires_at > $3 AND frames >= $18
       AND (moves = '[]' OR issued_at <= $20)
    RETURNING kind, moves, supersedes_id
), recorded AS (
    INSERT INTO check_in (id, agency_id, employee_id, unit_id, kind, state, day, received_at, idempotency_key,
                          content_digest, frames, fixes, latitude, longitude, device_id, device_kind, device_time,
                          reasons, evidence, moves, supersedes_id, captured)
    SELECT $4, $5, $2, $6, kind, 'PENDING', $7, $3, $8, $9, $10::jsonb, $11::jsonb, $12, $13, $14, $15, $16,
           '[]'::jsonb, '{}'::jsonb, moves, supersedes_id, $19::jsonb FROM nonce
    ON CONFLICT (employee_id, idempotency_key) DO NOTHING
    RETURNING id, kind
), work AS (
    INSERT INTO outbox (id, job, subject_id, due_at, attempts, failures, created_at)
    SELECT $17, 'verify_check_in', id, now(), 0, 0, now() FROM recorded
), day AS (
    INSERT INTO attendance_day (id, agency_id, employee_id, day, presence, late_minutes, flagged, needs_review,
                                check_in_id, last_change_at)
    SELECT $17, $5, $2, $7, 'PENDING', 0, false, false, id, $3 FROM recorded
    ON CONFLICT (employee_id, day) DO UPDATE SET last_change_at = excluded.last_change_at,
        presence = CASE attendance_day.presence WHEN 'NOT_IN' THEN 'PENDING' ELSE attendance_day.presence END
)
SELECT kind FROM recorded
"""


@dataclass(frozen=True, slots=True)
class Submission:
    """What the phone sends; every value a claim."""

    nonce: str
    frames: list[str]
    fixes: list[Fix]
    idempotency_key: str
    device_id: str
    device_kind: str
    device_time: datetime | None
    #: When each frame was taken, in server time; empty where the client does not say.
    captured: list[datetime] = field(default_factory=list)


async def accept(context: Context, sent: Submission) -> tuple[CheckIn, bool]:
    """The pending record, and whether it existed before. Five equal submissions get five equal answers."""
    actor, now = context.actor, context.clock()
    _check_form(actor, sent)
    check_times(sent, now)
    if unusable := await _position_problem(actor, sent, now):
        return await _repeated_or(unusable, actor, sent)
    storage, most_bytes = context.runtime.storage, context.runtime.settings.upload_max_bytes
    try:
        frames = await storage.take(sent.frames, most_bytes)
    except UploadMissing as missing:
        return await _repeated_or(missing, actor, sent)
    record = _record(actor, sent, frames, now)
    kind = await _insert(actor, sent, record, now)
    if kind is None:
        await storage.untake(frames)
        return await _repeated_or(await nonce_problem(actor, digest_of(sent.nonce), sent, now), actor, sent)
    record.kind = CheckInKind(kind)
    announce_change(context.runtime, actor.unit_path, record)
    context.runtime.events.work(JOB)
    return record, False


def announce_change(runtime: Runtime, unit_path: str, record: CheckIn) -> None:
    """Tell whoever watches; `record` carries its own ids."""
    runtime.events.changed(Changed("attendance", record.agency_id, unit_path, record.employee_id, record.id))


def _check_form(actor: Actor, sent: Submission) -> None:
    if not 1 <= len(sent.frames) <= MOST_FRAMES:
        raise InvalidInput("frames", "COUNT_RANGE", least=1, most=MOST_FRAMES)
    if len(set(sent.frames)) != len(sent.frames):
        raise FrameTwice
    if not 1 <= len(sent.fixes) <= MOST_FIXES:
        raise InvalidInput("fixes", "COUNT_RANGE", least=1, most=MOST_FIXES)
    if not 16 <= len(sent.idempotency_key) <= 64:
        raise InvalidInput("idempotencyKey", "TEXT_LENGTH", least=16, most=64)
    if len(sent.device_id) > 64:
        raise InvalidInput("deviceId", "TEXT_LENGTH", least=0, most=64)
    if len(sent.nonce) > 100:
        raise InvalidInput("nonce", "TEXT_LENGTH", least=1, most=100)
    folder = frame_folder(actor.agency_id, digest_of(sent.nonce))
    if any(key not in {f"{folder}/{n}" for n in range(MOST_FRAMES)} for key in sent.frames):
        raise InvalidInput("frames", "NOT_YOUR_UPLOAD")
    for fix in sent.fixes:
        if wrong := check_input(fix):
            raise InvalidInput(str(wrong.params["field"]), wrong.code)


async def _position_problem(actor: Actor, sent: Submission, now: datetime) -> PositionUnusable | None:
    parameters = await people.rule(actor.agency_id, RuleTopic.POSITION, local_day(now, actor.time_zone))
    thresholds = PositionThresholds.from_mapping(parameters) if parameters else DEFAULTS
    stale = freshness(sent.fixes, now, thresholds)
    return PositionUnusable(stale.code, **dict(stale.params)) if stale else None


def _record(actor: Actor, sent: Submission, frames: list[str], now: datetime) -> CheckIn:
    # The point by which neighbours are found is the one that will be judged.
    judged = min(sent.fixes, key=lambda fix: fix.accuracy if fix.accuracy and fix.accuracy > 0 else inf)
    return CheckIn.construct(  # of values that are right already, and in a third of the time
        id=new_id(),
        agency_id=actor.agency_id,
        employee_id=actor.employee_id,
        unit_id=actor.unit_id,
        kind=CheckInKind.IN,
        state=CheckInState.PENDING,
        day=local_day(now, actor.time_zone),
        received_at=now,
        idempotency_key=sent.idempotency_key,
        content_digest=_content_digest(sent),
        frames=frames,
        fixes=[fix_as_row(fix) for fix in sent.fixes],
        latitude=judged.latitude,
        longitude=judged.longitude,
        device_id=sent.device_id,
        device_kind=sent.device_kind,
        device_time=sent.device_time,
        captured=[time.isoformat() for time in sent.captured],
    )


async def _insert(actor: Actor, sent: Submission, record: CheckIn, now: datetime) -> str | None:
    found = await database.rows(
        ACCEPT,
        digest_of(sent.nonce),
        actor.employee_id,
        now,
        record.id,
        actor.agency_id,
        actor.unit_id,
        record.day,
        record.idempotency_key,
        record.content_digest,
        orjson.dumps(record.frames).decode(),
        orjson.dumps(record.fixes).decode(),
        record.latitude,
        record.longitude,
        record.device_id,
        record.device_kind,
        record.device_time,
        new_id(),
        len(sent.frames),
        orjson.dumps(record.captured).decode(),
        earliest_nonce(sent),
    )
    return found[0]["kind"] if found else None


async def _repeated_or(error: HadirError, actor: Actor, sent: Submission) -> tuple[CheckIn, bool]:
    """The record that this key made before, else the error; a conflict when it was made of something else."""
    existing = await access.check_ins(actor).get_or_none(
        employee_id=actor.employee_id, idempotency_key=sent.idempotency_key
    )
    if existing is None:
        raise error
    if bytes(existing.content_digest) != _content_digest(sent):
        raise IdempotencyConflict
    return existing, True


def _content_digest(sent: Submission) -> bytes:
    fixes = [fix_as_row(fix) for fix in sent.fixes]
    # What is no text is the database's to refuse.
    device = sent.device_id.encode("utf-8", "surrogatepass").hex()
    content = [sent.nonce, sent.frames, fixes, device, sent.device_kind, sent.device_time, sent.captured]
    return hashlib.sha256(orjson.dumps(content)).digest()


def fix_as_row(fix: Fix) -> dict[str, object]:
    return {
        "latitude": fix.latitude,
        "longitude": fix.longitude,
        "accuracy": fix.accuracy,
        "altitude": fix.altitude,
        "speed": fix.speed,
        "heading": fix.heading,
        "time": fix.time.isoformat(),
    }


def fix_from_row(row: dict[str, object]) -> Fix:
    return Fix(**{**row, "time": datetime.fromisoformat(str(row["time"]))})  # type: ignore[arg-type]
