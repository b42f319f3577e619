"""Has a photograph been here before? The file itself in the whole agency, a picture of it among the person's own."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import structlog

from api.attendance.rules import Past
from api.attendance.service import replays
from api.attendance.service.case import Case
from api.biometrics.models import Enrolment
from api.core.crypto import BoxBroken
from api.core.errors import NotFound
from worker.faces import Seen
from worker.jobs.kind import Tools
from worker.vision.pictures import PictureRefused
from worker.vision.prints import Print

log = structlog.get_logger()


async def compare(tools: Tools, case: Case, seen: Sequence[Seen | None]) -> Past:
    """With what the check-in's photographs leave behind kept first, so that they are known from now on."""
    marks = _marks(seen)
    await replays.keep(case.check_in, marks)
    same = await replays.same(case.check_in, marks)
    if same is not None:
        return _near(Past(complete=True), same, 1.0)
    past = Past(complete=not any(frame and _unprinted(frame) for frame in seen))
    for suspect in await replays.suspects(case.check_in, marks, case.thresholds):
        frame = seen[suspect.frame]
        likeness = await _likeness(tools, suspect, frame.print) if frame and frame.print else None
        if likeness is None:
            past = replace(past, complete=False)
        elif past.likeness is None or likeness > past.likeness:
            past = _near(past, suspect, likeness)
    return past


async def remember(enrolment: Enrolment, seen: Sequence[Seen | None]) -> None:
    """An enrolment's photographs are known from now on."""
    await replays.keep_enrolled(enrolment, _marks(seen))


def _near(past: Past, earlier: replays.Earlier, likeness: float) -> Past:
    enrolled = earlier.check_in_id is None
    return replace(past, nearest=earlier.check_in_id, enrolled=enrolled, likeness=likeness)


def _marks(seen: Sequence[Seen | None]) -> list[replays.Mark]:
    return [_mark(number, frame) for number, frame in enumerate(seen) if frame]


def _mark(number: int, frame: Seen) -> replays.Mark:
    found = frame.print
    return replays.Mark(
        frame=number,
        digest=hashlib.sha256(frame.clean).digest(),
        print=found.kept if found else None,
        mirrored=found.mirrored if found else None,
    )


def _unprinted(frame: Seen) -> bool:
    """There is a face of which no print could be made, or nobody could look for one."""
    return frame.print is None and (frame.report is None or bool(frame.report.faces))


async def _likeness(tools: Tools, suspect: replays.Suspect, found: Print) -> float | None:
    """None where the earlier photograph is not there to be compared with."""
    limit = tools.runtime.settings.upload_max_bytes
    try:
        earlier, _ = await tools.runtime.storage.read(suspect.key, limit)
        return await tools.eyes.likeness(found, earlier, suspect.print)
    except (NotFound, BoxBroken, PictureRefused) as error:
        log.warning("photograph.not_compared", key=suspect.key, reason=type(error).__name__)
        return None
