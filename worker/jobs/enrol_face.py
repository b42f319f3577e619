"""Photographs become templates, or go back with a sentence each."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from api.attendance.rules import LEVELS
from api.attendance.rules import Code as VerdictCode
from api.biometrics import settle
from api.biometrics.rules import Code, FaceThresholds, photo_quality, photo_usable, same_person
from api.biometrics.service import ENROL
from api.core.outbox import Claim
from api.core.verdict import Reason, ReasonLevel
from worker.faces import Seen, embedding_bytes, facts_of
from worker.jobs.kind import Kind, Tools
from worker.jobs.photographs import look
from worker.jobs.replays import remember
from worker.jobs.verify_check_in import open_templates
from worker.vision.engine import similarity
from worker.vision.measures import FloatArray

log = structlog.get_logger()

UNREADABLE = Reason(VerdictCode.PHOTO_UNREADABLE, LEVELS[VerdictCode.PHOTO_UNREADABLE])
#: Its sentence asks to try again later, and names whom to ask: an enrolment has no reviewer.
NOT_CHECKED = Reason(Code.POSE_NOT_CHECKED, ReasonLevel.REVIEW)


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """One photograph of an enrolment; without an embedding it cannot become a template."""

    reasons: tuple[Reason, ...]
    embedding: FloatArray | None = None

    def against(self, *reasons: Reason) -> "Photo":
        return replace(self, reasons=(*self.reasons, *reasons))

    def findings(self) -> settle.PhotoFindings:
        usable = self.embedding is not None and photo_usable(self.reasons)
        kept = embedding_bytes(self.embedding) if usable and self.embedding is not None else None
        return settle.PhotoFindings(self.reasons, kept)


async def enrol(tools: Tools, claim: Claim) -> bool:
    case = await settle.open_case(claim.subject_id)
    if case is None:
        return False
    keys = [str(photo["key"]) for photo in case.enrolment.photos]
    seen = await asyncio.gather(*(look(tools, key, pose=True) for key in keys))
    await remember(case.enrolment, seen)
    photos = [_judge(frame, case.thresholds) for frame in seen]
    engine, compared = tools.eyes.engine, False
    if engine is not None:
        photos = _compare(photos, case.thresholds)
        known = open_templates(tools, case.templates, engine.model_id)
        compared = any(row.model_id == engine.model_id for row in case.templates)
        if compared:
            photos = _compare_with_known(photos, known, case.thresholds)
    return await _settle(tools, claim, case, photos, compared=compared)


async def send_back(tools: Tools, claim: Claim) -> bool:
    case = await settle.open_case(claim.subject_id)
    if case is None:
        return False
    return await _settle(tools, claim, case, [Photo((NOT_CHECKED,)) for _ in case.enrolment.photos])


async def _settle(
    tools: Tools,
    claim: Claim,
    case: settle.EnrolmentCase,
    photos: Sequence[Photo],
    *,
    compared: bool = False,
) -> bool:
    model_id = tools.eyes.engine.model_id if tools.eyes.engine else ""
    findings = settle.Findings([photo.findings() for photo in photos], model_id, compared)
    settled = await settle.settle(tools.runtime, claim, case, findings, tools.clock())
    if settled is None:
        log.info("enrolment.settled_elsewhere", enrolment=str(claim.subject_id), attempt=claim.attempt)
    else:
        log.info("enrolment.settled", enrolment=str(settled.id), state=settled.state)
    return True


def _judge(seen: Seen | None, thresholds: FaceThresholds) -> Photo:
    if seen is None:
        return Photo((UNREADABLE,))
    if seen.report is None:
        return Photo((NOT_CHECKED,))
    reasons = photo_quality(facts_of(seen.report), thresholds)
    return Photo(reasons, seen.report.faces[0].embedding if photo_usable(reasons) else None)


def _compare(photos: Sequence[Photo], thresholds: FaceThresholds) -> list[Photo]:
    """Every two photographs that can be compared must be of one person."""
    places = [place for place, photo in enumerate(photos) if photo.embedding is not None]
    embeddings = [photo.embedding for photo in photos if photo.embedding is not None]
    found = same_person([[similarity(a, b) for b in embeddings] for a in embeddings], thresholds)
    judged = list(photos)
    for reason in found:
        number = reason.params.get("photo")
        for place in places if number is None else [places[int(number) - 1]]:
            judged[place] = judged[place].against(_renumbered(reason, place))
    return judged


def _renumbered(reason: Reason, place: int) -> Reason:
    """Photographs that could not be compared were left out of the count."""
    return replace(reason, params={"photo": place + 1}) if "photo" in reason.params else reason


def _compare_with_known(
    photos: Sequence[Photo], known: Sequence[FloatArray], thresholds: FaceThresholds
) -> list[Photo]:
    """New templates replace old ones only of the same person. Where none of the old ones opens, nobody is."""
    judged = []
    for number, photo in enumerate(photos, start=1):
        if photo.embedding is None or any(
            similarity(photo.embedding, template) >= thresholds.match for template in known
        ):
            judged.append(photo)
        else:
            other = Reason(Code.PHOTO_OTHER_PERSON, ReasonLevel.REFUSE, {"photo": number})
            judged.append(photo if other in photo.reasons else photo.against(other))
    return judged


KIND = Kind(ENROL, enrol, send_back)
