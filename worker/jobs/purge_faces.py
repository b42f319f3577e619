"""After consent was withdrawn: photographs of enrolments and of check-ins go, with what was drawn from them.

The templates went with the withdrawal. What is to go is written down before anything goes, so that an attempt
that breaks off loses sight of nothing, and the receipt tells of all of it.
"""

import sys
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from api.attendance.service import letting_go
from api.attendance.service.start import LIFETIME
from api.biometrics import access, erasure
from api.biometrics.models import Consent, Enrolment, EnrolmentState, Purpose
from api.biometrics.service import PURGE, UPLOAD_LIFETIME, folder_of
from api.core import database, outbox
from api.core.outbox import Claim
from api.people.models import Employee
from worker.jobs.kind import Kind, Tools

log = structlog.get_logger()

#: By then every address to send to has expired, and whoever was reading a photograph has done.
LATE = max(UPLOAD_LIFETIME, LIFETIME) + timedelta(minutes=2)


class StillThere(Exception):
    """The store kept what it was told to delete."""


async def purge(tools: Tools, claim: Claim) -> bool:
    employee = await Employee.get_or_none(id=claim.subject_id)
    if employee is None:
        return False
    consent = await access.valid_consent(employee.id, Purpose.FACE_RECOGNITION).first()
    names = await _written_down(tools, claim, employee, consent)
    if names is None:
        return True
    await _delete(tools, names)
    async with database.transaction() as using:
        if not await outbox.finish(using, claim):
            return True
        done = await erasure.complete(using, employee.id, tools.clock())
        if done is not None:
            await outbox.record(using, PURGE, employee.id, due_at=tools.clock() + LATE)
            log.info("purge.complete", receipt=done.number, erased=done.counts)
    return True


async def _written_down(
    tools: Tools, claim: Claim, employee: Employee, consent: Consent | None
) -> list[str] | None:
    """Names of what is to go; None where somebody else has done this work, so that nothing is promised twice.
    Who agreed again meanwhile may have sent new photographs before the old ones were gone: those stay."""
    before = consent.given_at if consent else None
    kept = await _in_use(employee.id) if consent else set()
    folders = [
        folder_of(employee.agency_id, employee.id),
        *await letting_go.upload_folders(employee.id, before),
    ]
    now = tools.clock()
    await tools.runtime.storage.delete_unfinished(folders, now - LATE)
    lying = [found for folder in folders for found in await tools.runtime.storage.names(folder)]
    async with database.transaction() as using:
        if not await outbox.hold(using, claim):
            return None
        named = await letting_go.withdrawn(using, employee.id, before, now)
        sent = await letting_go.unnamed(using, employee.id, _older(lying, before))
        return await erasure.take(
            using,
            employee.agency_id,
            employee.id,
            now,
            {*named, *sent} - kept,
            await letting_go.forget_prints(using, employee.id, before),
        )


def _older(lying: Iterable[tuple[str, datetime]], before: datetime | None) -> list[str]:
    return [name for name, changed in lying if before is None or changed < before]


async def _in_use(employee_id: UUID) -> set[str]:
    kept = (EnrolmentState.PENDING, EnrolmentState.AWAITING, EnrolmentState.ACTIVE)
    enrolments = await Enrolment.filter(employee_id=employee_id, state__in=kept)
    return {str(photo["key"]) for enrolment in enrolments for photo in enrolment.photos}


async def _delete(tools: Tools, names: list[str]) -> None:
    storage = tools.runtime.storage
    await storage.delete(names)
    if left := set(names) - set(await storage.missing(names, sys.maxsize)):
        raise StillThere(f"{len(left)} of {len(names)}")


KIND = Kind(PURGE, purge)
