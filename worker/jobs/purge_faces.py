"""After consent was withdrawn: the photographs of the enrolments go, and the prints of those of the check-ins.

The templates went with the withdrawal.
"""

from datetime import datetime
from uuid import UUID

from api.attendance.service import replays
from api.biometrics import access
from api.biometrics.models import Consent, Enrolment, EnrolmentState, Purpose
from api.biometrics.service import PURGE, folder_of
from api.core.outbox import Claim
from api.people.models import Employee
from worker.jobs.kind import Kind, Tools


async def purge(tools: Tools, claim: Claim) -> bool:
    employee = await Employee.get_or_none(id=claim.subject_id)
    if employee is None:
        return False
    storage = tools.runtime.storage
    found = await storage.names(folder_of(employee.agency_id, employee.id))
    consent = await access.valid_consent(employee.id, Purpose.FACE_RECOGNITION).first()
    kept = await _in_use(employee.id) if consent else set()
    await storage.delete([key for key, changed in found if not _stays(key, changed, consent, kept)])
    await replays.forget(employee.id, before=consent.given_at if consent else None)
    return False


def _stays(key: str, changed: datetime, consent: Consent | None, in_use: set[str]) -> bool:
    """Who agreed again meanwhile may have sent new photographs before the old ones were gone."""
    return consent is not None and (key in in_use or changed >= consent.given_at)


async def _in_use(employee_id: UUID) -> set[str]:
    enrolments = await Enrolment.filter(
        employee_id=employee_id, state__in=[EnrolmentState.PENDING, EnrolmentState.ACTIVE]
    )
    return {str(photo["key"]) for enrolment in enrolments for photo in enrolment.photos}


KIND = Kind(PURGE, purge)
