"""When the face models change: who is asked to enrol again, and who sees the list shrink."""

from datetime import timedelta

import pytest

from api.biometrics.models import Enrolment, EnrolmentState, FacePack
from api.biometrics.pack import Opened, announce, in_use
from api.core.runtime import Runtime
from tests.api.conftest import Ask
from tests.world import World

pytestmark = pytest.mark.anyio

LIST = "{ staleEnrolments { totalCount edges { node { id name } } } }"
MINE = "{ me { employee { enrolment } } }"
NEWER = Opened("another-model@1", None, "Another pack", "A licence", [{"file": "a.onnx", "sha256": "0" * 64}])


async def opened(world: World, found: Opened = NEWER) -> None:
    await announce(found, world.now + timedelta(minutes=1))


async def active(world: World, agency: str) -> set[str]:
    rows = Enrolment.filter(
        state=EnrolmentState.ACTIVE, agency_id=world.agencies[agency], employee__active=True
    )
    return {str(row) for row in await rows.values_list("employee_id", flat=True)}


async def test_all_who_were_enrolled_with_the_old_models_are_listed(ask: Ask, world: World) -> None:
    await opened(world)
    found = (await ask(world["agency_admin"], LIST))["staleEnrolments"]
    own = await active(world, "a")
    assert own
    assert {edge["node"]["id"] for edge in found["edges"]} == own
    assert found["totalCount"] == len(own)


async def test_the_list_shrinks_as_people_enrol_again(ask: Ask, world: World) -> None:
    await opened(world)
    await Enrolment.filter(employee_id=world["employee"].employee_id, state=EnrolmentState.ACTIVE).update(
        model_id=NEWER.model_id
    )
    found = (await ask(world["agency_admin"], LIST))["staleEnrolments"]
    assert str(world["employee"].employee_id) not in {edge["node"]["id"] for edge in found["edges"]}
    assert found["totalCount"] == len(await active(world, "a")) - 1


async def test_a_person_is_told_and_no_longer_when_the_old_models_are_back(ask: Ask, world: World) -> None:
    await opened(world)
    assert (await ask(world["employee"], MINE))["me"]["employee"]["enrolment"] == "STALE_MODEL"
    old = await Enrolment.get(employee_id=world["employee"].employee_id, state=EnrolmentState.ACTIVE)
    await announce(Opened(str(old.model_id), "live", "Old pack", "", []), world.now + timedelta(minutes=2))
    assert (await ask(world["employee"], MINE))["me"]["employee"]["enrolment"] == "ACTIVE"


@pytest.mark.parametrize("role", ["employee", "supervisor", "hr_admin", "auditor"])
async def test_the_list_is_for_who_runs_faces(ask: Ask, world: World, role: str) -> None:
    await opened(world)
    found = (await ask(world[role], LIST))["staleEnrolments"]
    assert found == {"totalCount": 0, "edges": []}


async def test_opened_again_a_pack_keeps_its_row_and_its_first_day(runtime: Runtime, world: World) -> None:
    await opened(world)
    first = await FacePack.get(model_id=NEWER.model_id)
    await announce(NEWER, world.now + timedelta(days=1))
    again = await FacePack.get(model_id=NEWER.model_id)
    assert (again.id, again.first_opened_at) == (first.id, first.first_opened_at)
    assert again.opened_at > first.opened_at
    found = await in_use()
    assert found is not None
    assert found.model_id == NEWER.model_id
