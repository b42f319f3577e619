"""A submission becomes a verdict."""

import asyncio

import structlog

from api.attendance.service import settle
from api.attendance.service.accept import JOB
from api.biometrics.models import FaceTemplate
from api.biometrics.settle import open_template
from api.core.crypto import BoxBroken
from api.core.outbox import Claim
from worker import figures
from worker.faces import embedding_from, facts_of
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
    return await _settle(tools, claim, case, settle.FaceFindings(ran=False))


async def _settle(tools: Tools, claim: Claim, case: settle.Case, face: settle.FaceFindings) -> bool:
    settled = await settle.settle(tools.runtime, claim, case, face, tools.clock())
    if settled is None:
        log.info("check_in.settled_elsewhere", check_in=str(claim.subject_id), attempt=claim.attempt)
    else:
        figures.VERDICTS.labels(settled.state.value).inc()
        log.info("check_in.settled", check_in=str(settled.id), state=settled.state)
    return True


async def _findings(tools: Tools, case: settle.Case) -> settle.FaceFindings:
    seen = await asyncio.gather(*(look(tools, key, liveness=True) for key in case.check_in.frames))
    past = await compare(tools, case, seen)
    engine = tools.eyes.engine
    if engine is None:
        return settle.FaceFindings(ran=False, past=past)
    templates = open_templates(tools, case.templates, engine.model_id)
    return settle.FaceFindings(
        ran=True,
        frames=[facts_of(frame.report, templates) for frame in seen if frame and frame.report],
        unreadable=seen.count(None),
        model_id=engine.model_id,
        liveness_model_id=engine.liveness_model_id,
        past=past,
    )


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
