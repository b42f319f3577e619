"""Who does without face recognition: what was made of the face goes, the desk stays open, and it can be undone."""

from typing import Any

import pytest

from api.audit.models import AuditEntry
from api.biometrics.models import Consent, Enrolment, EnrolmentState, FaceTemplate, Objection
from api.biometrics.service import PURGE
from api.core import outbox
from api.core.runtime import Runtime
from tests.api.conftest import Ask
from tests.world import Person, World

pytestmark = pytest.mark.anyio

OBJECT = "mutation { objectToBiometrics { since } }"
TAKE_BACK = "mutation { takeBackObjection { at } }"
AGREE = 'mutation { giveConsent(purpose: FACE_RECOGNITION, version: "2") { __typename } }'
START = (
    "mutation { startCheckIn(input: {kind: IN, frames: 1}) { __typename"
    " ... on AskTheDesk { message nextStep waitSeconds } } }"
)
SINCE = "query($id: UUID!) { employee(id: $id) { objectedAt enrolment } }"


async def started(ask: Ask, person: Person) -> Any:
    return (await ask(person, START))["startCheckIn"]


async def test_it_erases_what_was_made_of_the_face_and_leaves_the_desk(
    ask: Ask, world: World, runtime: Runtime
) -> None:
    person, other = world["deskmate"], world["employee"]
    since = (await ask(person, OBJECT))["objectToBiometrics"]["since"]
    assert not await FaceTemplate.filter(employee_id=person.employee_id).exists()
    assert not await Consent.filter(employee_id=person.employee_id, withdrawn_at__isnull=True).exists()
    states = await Enrolment.filter(employee_id=person.employee_id).values_list("state", flat=True)
    assert set(states) == {EnrolmentState.REPLACED}
    claims = await outbox.claim(PURGE, most=10, lease_seconds=30)
    assert [claim.subject_id for claim in claims] == [person.employee_id], "the photographs go as well"
    assert await FaceTemplate.filter(employee_id=other.employee_id).exists()
    told = await started(ask, person)
    assert (told["__typename"], told["waitSeconds"]) == ("AskTheDesk", None)
    assert "petugas" in told["nextStep"]
    assert (await AuditEntry.get(action="biometrics.objected")).subject_id == person.employee_id
    assert (await ask(person, OBJECT))["objectToBiometrics"]["since"] == since, (
        "a second time changes nothing"
    )
    assert await Objection.filter(employee_id=person.employee_id).count() == 1


async def test_hr_knows_and_nobody_else(ask: Ask, world: World) -> None:
    person = world["deskmate"]
    since = (await ask(person, OBJECT))["objectToBiometrics"]["since"]
    seen = {
        key: (await ask(world[key], SINCE, id=str(person.employee_id)))["employee"]
        for key in (
            "deskmate",
            "hr_admin",
            "supervisor",
            "desk_officer",
            "agency_admin",
            "employee",
            "b:hr_admin",
        )
    }
    assert {key for key, found in seen.items() if found and found["objectedAt"] == since} == {
        "deskmate",
        "hr_admin",
    }
    assert {key for key, found in seen.items() if found is None} == {"employee", "b:hr_admin"}


async def test_it_can_be_taken_back(ask: Ask, world: World) -> None:
    person = world["deskmate"]
    await ask(person, OBJECT)
    await ask(person, TAKE_BACK)
    assert (await ask(person, SINCE, id=str(person.employee_id)))["employee"] == {
        "objectedAt": None,
        "enrolment": "NONE",
    }
    assert (await started(ask, person))["__typename"] == "ConsentMissing", "what was erased stays so"
    assert await AuditEntry.filter(action="biometrics.accepted", subject_id=person.employee_id).count() == 1
    await ask(person, TAKE_BACK)
    assert await AuditEntry.filter(action="biometrics.accepted").count() == 1


async def test_who_agrees_has_changed_his_mind(ask: Ask, world: World) -> None:
    person = world["deskmate"]
    await ask(person, OBJECT)
    assert (await ask(person, AGREE))["giveConsent"]["__typename"] == "ConsentRecorded"
    assert (await ask(person, SINCE, id=str(person.employee_id)))["employee"]["objectedAt"] is None
    assert (await started(ask, person))["__typename"] == "NotEnrolled"
