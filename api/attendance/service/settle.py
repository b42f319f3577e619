"""Settling a check-in: the worker's findings become a verdict, once."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from api.attendance.models import CheckIn, CheckInState
from api.attendance.rules import Past, Verdict, judge
from api.attendance.service import again, disturbance
from api.attendance.service.accept import announce_change
from api.attendance.service.days import refresh_day
from api.attendance.service.gather import judge_position, sharing, thresholds_for
from api.biometrics import access as biometrics
from api.biometrics.models import FaceTemplate
from api.biometrics.rules import FaceThresholds, FrameFacts
from api.core import database, outbox
from api.core.runtime import Runtime
from api.core.verdict import ReasonLevel
from api.people import service as people
from api.people.models import RuleTopic
from api.sites.rules import Code, PositionVerdict

#: Without 0, 1, I, L, O, U: read aloud and typed without doubt.
RECEIPT_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
RECEIPT_LENGTH = 8
#: Findings that concern somebody else's check-in as much.
SHARED = {Code.COORDINATES_SHARED, Code.DEVICE_SHARED}


@dataclass(frozen=True, slots=True)
class Case:
    """A pending check-in and what its frames are to be compared with."""

    check_in: CheckIn
    templates: list[FaceTemplate]
    thresholds: FaceThresholds
    #: The agency's own numbers among them.
    face_rule: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FaceFindings:
    """What vision found. `ran` is False when there was no model: then nothing was checked."""

    ran: bool
    frames: Sequence[FrameFacts] = ()
    unreadable: int = 0
    model_id: str | None = None
    liveness_model_id: str | None = None
    #: None where the photographs were not compared with earlier ones.
    past: Past | None = None


async def open_case(check_in_id: UUID) -> Case | None:
    """None when there is nothing left to settle: the job is safe to run twice."""
    check_in = await CheckIn.get_or_none(id=check_in_id).select_related("employee__unit", "agency")
    if check_in is None or check_in.state != CheckInState.PENDING:
        return None
    parameters = await people.rule(check_in.agency_id, RuleTopic.FACE, check_in.day)
    templates = await biometrics.templates(check_in.employee_id)
    return Case(check_in, list(templates), FaceThresholds.from_mapping(parameters), parameters)


async def settle(
    runtime: Runtime, claim: outbox.Claim, case: Case, face: FaceFindings, now: datetime
) -> CheckIn | None:
    """Write the verdict. None when the lease was lost or somebody settled it before: nothing was changed."""
    check_in = case.check_in
    position = await judge_position(check_in)
    verdict = judge(face.frames, position, case.thresholds, face.ran, face.unreadable, face.past)
    position_rule = await people.rule(check_in.agency_id, RuleTopic.POSITION, check_in.day)
    _write(case, verdict, position, position_rule, face, now)
    async with database.transaction() as using:
        if not await outbox.finish(using, claim):
            return None
        settled = (
            await CheckIn.filter(id=check_in.id, state=CheckInState.PENDING)
            .using_db(using)
            .update(**{name: getattr(check_in, name) for name in WRITTEN})
        )
        if not settled:
            return None
        await refresh_day(using, check_in, check_in.employee.unit.time_zone)
        concerns_others = await _follow(using, check_in, position)
    announce_change(runtime, check_in.employee.unit.path, check_in)
    if concerns_others:
        runtime.events.work(disturbance.JOB)
        runtime.events.work(again.JOB)
    return check_in


WRITTEN = ("state", "settled_at", "reasons", "evidence", "location_id", "receipt")


def _write(
    case: Case,
    verdict: Verdict,
    position: PositionVerdict,
    position_rule: Mapping[str, object],
    face: FaceFindings,
    now: datetime,
) -> None:
    check_in, thresholds = case.check_in, case.thresholds
    check_in.state = CheckInState(verdict.state)
    check_in.settled_at = now
    check_in.reasons = [reason.to_data() for reason in verdict.reasons]
    check_in.location_id = position.circle_id
    check_in.receipt = new_receipt()
    check_in.evidence = {
        "face": {
            "similarity": verdict.similarity,
            "threshold": thresholds.match,
            "matched": verdict.matched,
            "liveness": verdict.liveness,
            "livenessThreshold": thresholds.liveness_review,  # what is taken without a person
            "modelId": face.model_id,
            "livenessModelId": face.liveness_model_id,
            "likeness": face.past.likeness if face.past else None,
            "likenessThreshold": thresholds.replay,
            "resembles": str(verdict.repeats) if verdict.repeats else None,
        },
        "position": {
            "result": position.result.value,
            "distance": position.distance_m,
            "accuracy": position.accuracy_m,
            "speed": position.speed_kmh,
            "bestFix": position.best_fix,
            "score": position.score,
            "level": position.level_found.name,
        },
        # What the agency had set otherwise than the program's defaults when this was judged.
        "rules": {"face": dict(case.face_rule), "position": dict(position_rule)},
    }


async def _follow(using: BaseDBAsyncClient, check_in: CheckIn, position: PositionVerdict) -> bool:
    """What this verdict means for others is looked at by jobs, each of which holds one row at a time: two people
    whose verdicts concern each other would otherwise wait for each other."""
    failed = position.circle_id is not None and position.level_found > ReasonLevel.INFO
    if failed and position.circle_id is not None:
        await outbox.record(using, disturbance.JOB, position.circle_id)
    shared = bool(SHARED & {reason.code for reason in position.reasons})
    if shared:
        limits = await thresholds_for(check_in, using)
        for other in await sharing(using, check_in, limits):
            await outbox.record(using, again.JOB, other)
    return failed or shared


def new_receipt() -> str:
    return "".join(secrets.choice(RECEIPT_LETTERS) for _ in range(RECEIPT_LENGTH))
