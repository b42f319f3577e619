"""Settling a check-in: the worker's findings become a verdict, once."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from api.attendance.challenge import ChallengePolicy, one_more_step
from api.attendance.models import CheckIn, CheckInState
from api.attendance.rules import Verdict, judge
from api.attendance.service import again, disturbance
from api.attendance.service.accept import announce_change
from api.attendance.service.case import Case, FaceFindings
from api.attendance.service.days import refresh_day
from api.attendance.service.doubt import Sender, new_device, supersede
from api.attendance.service.evidence import evidence_of
from api.attendance.service.gather import judge_position, sharing, thresholds_for
from api.biometrics import access as biometrics
from api.biometrics.moves import Findings, Move, MoveThresholds, judge_moves
from api.biometrics.rules import FaceThresholds, FrameFacts, framing
from api.core import database, outbox
from api.core.runtime import Runtime
from api.core.verdict import ReasonLevel, worst
from api.people import service as people
from api.people.models import RuleTopic
from api.sites.rules import Code, PositionVerdict

#: Without 0, 1, I, L, O, U: read aloud and typed without doubt.
RECEIPT_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
RECEIPT_LENGTH = 8
#: Findings that concern somebody else's check-in as much.
SHARED = {Code.COORDINATES_SHARED, Code.DEVICE_SHARED}


async def open_case(check_in_id: UUID) -> Case | None:
    """None when there is nothing left to settle: the job is safe to run twice."""
    check_in = await CheckIn.get_or_none(id=check_in_id).select_related("employee__unit", "agency")
    if check_in is None or check_in.state != CheckInState.PENDING:
        return None
    parameters = await people.rule(check_in.agency_id, RuleTopic.FACE, check_in.day)
    templates = list(await biometrics.templates(check_in.employee_id))
    awaiting = not templates and await biometrics.awaiting(check_in.employee_id).exists()
    return Case(check_in, templates, FaceThresholds.from_mapping(parameters), awaiting, parameters)


async def settle(
    runtime: Runtime, claim: outbox.Claim, case: Case, face: FaceFindings, now: datetime
) -> CheckIn | None:
    """Write the verdict. None when the lease was lost or somebody settled it before: nothing was changed."""
    check_in = case.check_in
    position = await judge_position(check_in)
    moves = await _moves(check_in, face)
    frames = _straight(face.frames, moves, case.thresholds)
    verdict = judge(
        frames,
        position,
        case.thresholds,
        face.ran,
        face.unreadable,
        face.past,
        moves,
        awaiting=case.awaiting,
    )
    if moves is None:
        verdict = await _with_doubts(check_in, verdict, position)
    _write(case, verdict, position, now)
    check_in.evidence = await evidence_of(case, verdict, position, face, moves)
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
        closed = await supersede(using, check_in, moves)
        await refresh_day(using, check_in, check_in.employee.unit.time_zone)
        concerns_others = await _follow(using, check_in, position)
    for changed in (check_in, *closed):
        announce_change(runtime, check_in.employee.unit.path, changed)
    if concerns_others:
        runtime.events.work(disturbance.JOB)
        runtime.events.work(again.JOB)
    return check_in


WRITTEN = ("state", "settled_at", "reasons", "evidence", "location_id", "receipt")


async def _moves(check_in: CheckIn, face: FaceFindings) -> Findings | None:
    """None where no moves were asked for."""
    if not check_in.moves:
        return None
    parameters = await people.rule(check_in.agency_id, RuleTopic.MOVES, check_in.day)
    asked = [Move(move) for move in check_in.moves]
    return judge_moves(asked, face.burst, MoveThresholds.from_mapping(parameters))


def _straight(
    frames: Sequence[FrameFacts], moves: Findings | None, limits: FaceThresholds
) -> Sequence[FrameFacts]:
    """Of a burst's first and last frame, those to judge. All moves are held against the first, so that no other
    can stand in for it; a last one in which a move is still going on says nothing against the person."""
    if moves is None:
        return frames
    ended = not moves.shown or moves.shown[-1] == Move.LOOK
    return frames if ended and frames and not framing(frames[0], limits) else frames[:1]


async def _with_doubts(check_in: CheckIn, verdict: Verdict, position: PositionVerdict) -> Verdict:
    parameters = await people.rule(check_in.agency_id, RuleTopic.CHALLENGE, check_in.day)
    policy = ChallengePolicy.from_mapping(parameters)
    sender = Sender(check_in.agency_id, check_in.employee_id, check_in.device_id, check_in.received_at)
    marked = worst(position.reasons) == ReasonLevel.FLAG
    return one_more_step(verdict, marked, await new_device(sender, policy), policy)


def _write(case: Case, verdict: Verdict, position: PositionVerdict, now: datetime) -> None:
    check_in = case.check_in
    check_in.state = CheckInState(verdict.state)
    check_in.settled_at = now
    check_in.reasons = [reason.to_data() for reason in verdict.reasons]
    check_in.location_id = position.circle_id
    check_in.receipt = new_receipt()


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
