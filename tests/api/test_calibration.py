"""A proposal made from real rows, and its decision: from templates to the rule that judges tomorrow."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from tortoise import Tortoise

from api.audit.models import AuditEntry
from api.biometrics.rules import FaceThresholds
from api.calibration.models import Calibration, CalibrationState
from api.calibration.service import with_match
from api.core.runtime import Runtime
from api.people import service as people
from api.people.models import AgencyRule, RuleTopic
from tests.api.conftest import Ask
from tests.world import MODEL, World
from worker.accuracy.propose import TooFew
from worker.calibration import calibrate

pytestmark = pytest.mark.anyio

DECIDE = """
mutation($id: UUID!, $accept: Boolean!) {
  decideCalibration(id: $id, accept: $accept) {
    __typename
    ... on CalibrationDecided { calibration { id state decidedBy { name } } }
    ... on Problem { code }
  }
}
"""
LIST = "{ calibrations { edges { node { id state threshold people provable curve fmr { value trials } } } } }"


async def test_a_proposal_is_made_of_the_agencys_own_templates(
    ask: Ask, world: World, runtime: Runtime
) -> None:
    agency = world.agencies["a"]
    found = await calibrate(runtime, agency, MODEL, 1e-4, world.now)
    own = {p.employee_id for p in world.people.values() if p.agency == "a"}
    assert 2 <= found.people <= len(own)
    assert not found.provable  # so few people show nothing about one in ten thousand
    assert found.threshold >= FaceThresholds().match
    assert found.curve.startswith("<svg")
    edges = (await ask(world["agency_admin"], LIST))["calibrations"]["edges"]
    assert edges[0]["node"]["id"] == str(found.id)
    assert [edge["node"]["state"] for edge in edges].count("PROPOSED") == 1  # the one before is put aside


async def test_an_agency_without_templates_of_the_model_is_told(world: World, runtime: Runtime) -> None:
    before = await Calibration.all().count()
    with pytest.raises(TooFew):
        await calibrate(runtime, world.agencies["a"], "another model", 1e-4, world.now)
    assert await Calibration.all().count() == before


async def test_a_template_that_does_not_open_is_left_out(world: World, runtime: Runtime) -> None:
    connection = Tortoise.get_connection("default")
    whole = await calibrate(runtime, world.agencies["a"], MODEL, 1e-4, world.now)
    await connection.execute_query(
        "UPDATE face_template SET sealed = set_byte(sealed, 30, get_byte(sealed, 30) # 255) WHERE employee_id = $1",
        [world["employee"].employee_id],
    )
    without = await calibrate(runtime, world.agencies["a"], MODEL, 1e-4, world.now)
    assert without.people == whole.people - 1


async def decided(
    ask: Ask, world: World, accept: bool, by: str = "agency_admin", at: datetime | None = None
) -> Any:
    answer = await ask(world[by], DECIDE, at=at, id=str(world.calibrations["a"]), accept=accept)
    return answer["decideCalibration"]


async def test_what_is_accepted_holds_from_the_next_day_on(ask: Ask, world: World) -> None:
    agency, today = world.agencies["a"], world.now.date()
    await AgencyRule.create(
        agency_id=agency,
        topic=RuleTopic.FACE,
        parameters={"match": 0.4, "match_review": 0.39, "min_room": 0.6},
        valid_from=today - timedelta(days=9),
    )
    people.forget_rules()
    answer = await decided(ask, world, True)
    assert answer["__typename"] == "CalibrationDecided"
    assert answer["calibration"]["state"] == "ACCEPTED"
    assert (await people.rule(agency, RuleTopic.FACE, today))["match"] == 0.4
    tomorrow = await people.rule(agency, RuleTopic.FACE, today + timedelta(days=1))
    assert tomorrow == {"match": 0.47, "match_review": 0.39, "min_room": 0.6}
    assert await people.rule(world.agencies["b"], RuleTopic.FACE, today + timedelta(days=1)) == {}
    trail = await AuditEntry.filter(action="calibration.accept").get()
    assert trail.actor_id == world["agency_admin"].employee_id


async def test_where_the_day_has_begun_already_it_is_judged_by_one_threshold(ask: Ask, world: World) -> None:
    agency, evening = world.agencies["a"], world.now.replace(hour=16, minute=30) - timedelta(days=1)
    begun = evening.date() + timedelta(days=1)  # half past one at night in Jayapura
    assert (await decided(ask, world, True, at=evening))["__typename"] == "CalibrationDecided"
    assert await people.rule(agency, RuleTopic.FACE, begun) == {}
    assert (await people.rule(agency, RuleTopic.FACE, begun + timedelta(days=1)))["match"] == 0.47


async def test_what_is_put_aside_changes_nothing(ask: Ask, world: World) -> None:
    answer = await decided(ask, world, False)
    assert answer["calibration"]["state"] == "DISMISSED"
    assert await AgencyRule.filter(topic=RuleTopic.FACE).count() == 0


async def test_of_two_decisions_the_first_stands(ask: Ask, world: World) -> None:
    await decided(ask, world, False)
    assert (await decided(ask, world, True))["code"] == "ALREADY_DECIDED"
    row = await Calibration.get(id=world.calibrations["a"])
    assert row.state is CalibrationState.DISMISSED
    assert await AgencyRule.filter(topic=RuleTopic.FACE).count() == 0


def test_what_goes_to_a_person_begins_no_higher_than_the_match() -> None:
    assert with_match({}, 0.36) == {"match": 0.36, "match_review": 0.36}
    assert with_match({"match_review": 0.35}, 0.5) == {"match": 0.5, "match_review": 0.35}
    with pytest.raises(ValueError, match="match"):
        with_match({}, 0.99)
