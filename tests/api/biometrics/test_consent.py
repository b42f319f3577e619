"""No photograph of a face is asked for, and none is looked at, before its owner has agreed."""

from typing import Any

import pytest

from api.biometrics.consent import VERSION
from api.biometrics.models import Consent, Enrolment, FaceTemplate
from api.biometrics.service import ENROL, folder_of
from api.core import outbox
from api.core.runtime import Runtime
from tests.api.conftest import Ask
from tests.world import Person, World, jpeg

pytestmark = pytest.mark.anyio

START = "mutation { startEnrolment(photos: 2) { __typename ... on EnrolmentStart { uploads { key } } } }"
ENROL_FACE = "mutation($input: EnrolFaceInput!) { enrolFace(input: $input) { __typename } }"
GIVE = (
    "mutation($version: String!) { giveConsent(purpose: FACE_RECOGNITION, version: $version) { __typename } }"
)
WITHDRAW = "mutation { withdrawConsent(purpose: FACE_RECOGNITION) { __typename } }"


@pytest.fixture
def person(world: World) -> Person:
    return world["deskmate"]


async def sent(runtime: Runtime, world: World, person: Person) -> dict[str, Any]:
    """A photograph in its place, as if an address had been given before the withdrawal."""
    key = f"{folder_of(world.agencies[person.agency], person.employee_id)}/{'a' * 32}/0"
    await runtime.storage.put(key, jpeg("sent"))
    return {"uploads": [key]}


@pytest.mark.parametrize("never", [True, False], ids=["never given", "withdrawn"])
async def test_without_consent_nothing_is_taken(
    ask: Ask, runtime: Runtime, world: World, person: Person, never: bool
) -> None:
    photos = await sent(runtime, world, person)
    assert (await ask(person, ENROL_FACE, input=photos))["enrolFace"]["__typename"] == "EnrolmentAccepted"
    await (Consent.filter(employee_id=person.employee_id).delete() if never else ask(person, WITHDRAW))
    before = await Enrolment.filter(employee_id=person.employee_id).count()
    waiting = len(await outbox.claim(ENROL, most=100, lease_seconds=1))
    assert (await ask(person, START))["startEnrolment"] == {"__typename": "ConsentMissing"}
    assert (await ask(person, ENROL_FACE, input=photos))["enrolFace"] == {"__typename": "ConsentMissing"}
    assert await Enrolment.filter(employee_id=person.employee_id).count() == before
    assert waiting == 1
    assert await outbox.claim(ENROL, most=100, lease_seconds=1) == []


async def test_a_withdrawal_takes_the_templates_at_once(ask: Ask, world: World, person: Person) -> None:
    assert await FaceTemplate.filter(employee_id=person.employee_id).exists()
    await ask(person, WITHDRAW)
    assert not await FaceTemplate.filter(employee_id=person.employee_id).exists()
    assert await FaceTemplate.all().count() == len(world.people) - 1


async def test_who_agrees_to_the_present_text_may_begin(ask: Ask, person: Person) -> None:
    await ask(person, WITHDRAW)
    assert (await ask(person, GIVE, version="0"))["giveConsent"]["__typename"] == "InvalidInput"
    assert (await ask(person, START))["startEnrolment"] == {"__typename": "ConsentMissing"}
    assert (await ask(person, GIVE, version=VERSION))["giveConsent"]["__typename"] == "ConsentRecorded"
    assert len((await ask(person, START))["startEnrolment"]["uploads"]) == 2


async def test_a_new_text_is_agreed_to_before_the_next_photograph_and_costs_no_template(
    ask: Ask, person: Person
) -> None:
    await Consent.filter(employee_id=person.employee_id).update(version="1")
    asked = "{ me { consent(purpose: FACE_RECOGNITION) { current givenAt } } }"
    check_in = "mutation { startCheckIn(input: {kind: IN, frames: 1}) { __typename } }"
    told = (await ask(person, asked))["me"]["consent"]
    assert told["givenAt"]
    assert not told["current"]
    assert (await ask(person, check_in))["startCheckIn"]["__typename"] == "ConsentMissing"
    assert (await ask(person, START))["startEnrolment"]["__typename"] == "ConsentMissing"
    await ask(person, GIVE, version=VERSION)
    assert (await ask(person, asked))["me"]["consent"]["current"]
    assert (await ask(person, check_in))["startCheckIn"]["__typename"] == "CheckInStart"
    assert await FaceTemplate.filter(employee_id=person.employee_id).exists()
