"""Somebody else is enrolled with this face: told to whom it concerns to decide, and to nobody else."""

from datetime import UTC, datetime
from typing import Any

import pytest

from api.biometrics.models import Enrolment, EnrolmentState, Likeness, Purpose
from api.biometrics.service import withdraw_consent
from api.core.runtime import Runtime
from tests.api.conftest import Ask, context_of
from tests.world import Person, World

pytestmark = pytest.mark.anyio

AWAITING = (
    "{ enrolments { edges { node { id employee { id }"
    " search { threshold needsHr likenesses { similarity employee { id } } } } } } }"
)
OWN = "{ me { enrolment { search { needsHr } } } }"
VOUCH = (
    "mutation($input: VouchEnrolmentInput!) { vouchEnrolment(input: $input)"
    " { __typename ... on NotAllowed { message nextStep } } }"
)


async def search_of(ask: Ask, reader: Person, whom: Person) -> dict[str, Any]:
    edges = (await ask(reader, AWAITING))["enrolments"]["edges"]
    (found,) = [edge["node"] for edge in edges if edge["node"]["employee"]["id"] == str(whom.employee_id)]
    return dict(found["search"])


async def word(ask: Ask, by: Person, about: Person, decision: str) -> dict[str, Any]:
    given = {"id": str(about.enrolments["awaiting"]), "decision": decision, "reason": "held against the file"}
    return dict((await ask(by, VOUCH, input=given))["vouchEnrolment"])


async def test_hr_sees_who_as_far_as_it_reaches_and_the_supervisor_only_that(ask: Ask, world: World) -> None:
    she = world["colleague"]
    told = await search_of(ask, world["hr_admin"], she)
    names = [found["employee"] and found["employee"]["id"] for found in told["likenesses"]]
    assert sorted(names, key=str) == sorted([str(world["employee"].employee_id), None], key=str)
    assert [found["similarity"] for found in told["likenesses"]] == sorted(
        (found["similarity"] for found in told["likenesses"]), reverse=True
    )
    assert await search_of(ask, world["other_supervisor"], she) == {
        "threshold": told["threshold"], "needsHr": True, "likenesses": None
    }  # fmt: skip
    assert (await ask(she, OWN))["me"]["enrolment"] == {"search": None}
    assert (await search_of(ask, world["hr_admin"], world["deskmate"]))["likenesses"] == []


@pytest.mark.parametrize("decision", ["CONFIRM", "REFUSE"])
async def test_only_an_hr_admin_decides_who_is_not_the_one_found(
    ask: Ask, world: World, decision: str
) -> None:
    she, hr = world["colleague"], world["hr_admin"]
    refused = await word(ask, world["other_supervisor"], she, decision)
    assert refused["__typename"] == "NotAllowed"
    assert "admin kepegawaian" in refused["nextStep"]
    found = Likeness.filter(employee_id=world["employee"].employee_id)
    await found.update(employee_id=hr.employee_id)
    assert (await word(ask, hr, she, decision))["__typename"] == "NotAllowed"
    await Likeness.filter(employee_id=hr.employee_id).update(employee_id=world["employee"].employee_id)
    assert (await word(ask, hr, she, decision))["__typename"] == "EnrolmentVouched"


@pytest.mark.parametrize("who", ["colleague", "employee"], ids=["who enrolled", "who was found"])
async def test_what_was_found_goes_when_either_withdraws(runtime: Runtime, world: World, who: str) -> None:
    context = await context_of(runtime, world[who], lambda: datetime.now(UTC))
    await withdraw_consent(context, Purpose.FACE_RECOGNITION)
    left = {row.employee_id for row in await Likeness.all()}
    assert left == ({world["easterner"].employee_id} if who == "employee" else set())
    if who == "employee":
        enrolment = await Enrolment.get(id=world["colleague"].enrolments["awaiting"])
        assert enrolment.state is EnrolmentState.AWAITING
