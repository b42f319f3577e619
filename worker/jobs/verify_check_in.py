"""A submission becomes a verdict."""

import asyncio
from collections.abc import Coroutine

import structlog

from api.attendance.models import CheckIn
from api.attendance.service import settle
from api.attendance.service.accept import JOB
from api.attendance.service.case import Case, FaceFindings
from api.biometrics.models import FaceTemplate
from api.biometrics.sealing import open_template
from api.core.crypto import BoxBroken
from api.core.outbox import Claim
from worker import figures
from worker.faces import Seen, embedding_from, facts_of
from worker.jobs.burst import burst_of
from worker.jobs.kind import Kind, Tools
from worker.jobs.photographs import look
from worker.jobs.replays import compare
from worker.vision.measures import FloatArray

log = structlog.get_logger()


async def verify(tools: Tools, claim: Claim) -> bool:
    case = await settle.open_case(claim.subject_id)
    if case is None:
        return False
    return await _settle(tools, claim, case, await _findings(tools, case))


async def leave_to_people(tools: Tools, claim: Claim) -> bool:
    case = await settle.open_case(claim.subject_id)
    if case is None:
        return False
    return await _settle(tools, claim, case, FaceFindings(ran=False))


async def _settle(tools: Tools, claim: Claim, case: Case, face: FaceFindings) -> bool:
    settled = await settle.settle(tools.runtime, claim, case, face, tools.clock())
    if settled is None:
        log.info("check_in.settled_elsewhere", check_in=str(claim.subject_id), attempt=claim.attempt)
    else:
        figures.VERDICTS.labels(settled.state.value).inc()
        log.info("check_in.settled", check_in=str(settled.id), state=settled.state)
    return True


async def _findings(tools: Tools, case: Case) -> FaceFindings:
    check_in = case.check_in
    seen = await asyncio.gather(*_looks(tools, check_in))
    past = await compare(tools, case, seen)
    engine = tools.eyes.engine
    if engine is None:
        return FaceFindings(ran=False, past=past)
    templates = open_templates(tools, case.templates, engine.model_id)
    return FaceFindings(
        ran=True,
        frames=[
            facts_of(frame.report, templates)
            for number, frame in enumerate(seen)
            if frame and frame.report and _is_straight(check_in, number)
        ],
        unreadable=seen.count(None),
        model_id=engine.model_id,
        liveness_model_id=engine.liveness_model_id,
        past=past,
        burst=await burst_of(tools, check_in, seen),
    )


def _looks(tools: Tools, check_in: CheckIn) -> list[Coroutine[None, None, Seen | None]]:
    moves = bool(check_in.moves)
    return [
        look(tools, key, liveness=_is_straight(check_in, number), pose=moves)
        for number, key in enumerate(check_in.frames)
    ]


def _is_straight(check_in: CheckIn, number: int) -> bool:
    """Whether a frame is one to look at for likeness and liveness: between the first and the last of a burst the
    head is turned, or too near."""
    return not check_in.moves or number in (0, len(check_in.frames) - 1)


def open_templates(tools: Tools, rows: list[FaceTemplate], model_id: str) -> list[FloatArray]:
    """Those of the same model, as no others can be compared. One that does not open for its person is left out,
    and said: with none left, the match is not checked."""
    opened = []
    for row in rows:
        if row.model_id != model_id:
            continue
        try:
            opened.append(embedding_from(open_template(tools.runtime, row)))
        except (BoxBroken, ValueError):
            log.error("template.does_not_open", template=str(row.id), employee=str(row.employee_id))
    return opened


KIND = Kind(JOB, verify, leave_to_people)
