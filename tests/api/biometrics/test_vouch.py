"""A person with the right says whose face it is: once, never his own, with a reason, and on record."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from api.audit.models import AuditEntry
from api.biometrics.models import Enrolment, EnrolmentState, FaceTemplate
from tests.api.conftest import Ask
from tests.api.files.conftest import Send, send
from tests.world import Person, World, shows

__all__ = ["send"]
pytestmark = pytest.mark.anyio

VOUCH = (
    "mutation($input: VouchEnrolmentInput!) { vouchEnrolment(input: $input) { __typename"
    " ... on EnrolmentVouched { enrolment { state vouching { reason voucher { nip } } } } } }"
)
AWAITING = "{ enrolments { totalCount edges { node { id employee { id } photos { photo { url } } } } } }"
OWN = "{ me { enrolment { state vouching { decision reason voucher { nip } } } } }"
REASON = "held against the file"


def word(person: Person, decision: str = "CONFIRM", reason: str = REASON) -> dict[str, Any]:
    return {"id": str(person.enrolments["awaiting"]), "decision": decision, "reason": reason}


async def said(ask: Ask, by: Person, given: dict[str, Any]) -> str:
    return str((await ask(by, VOUCH, input=given))["vouchEnrolment"]["__typename"])


async def state_of(person: Person, which: str) -> EnrolmentState:
    return (await Enrolment.get(id=person.enrolments[which])).state


async def test_confirmed_it_takes_the_place_of_the_one_before(ask: Ask, world: World) -> None:
    she, superior = world["employee"], world["supervisor"]
    answer = (await ask(superior, VOUCH, input=word(she)))["vouchEnrolment"]["enrolment"]
    assert answer["state"] == "ACTIVE"
    assert answer["vouching"] == {"reason": REASON, "voucher": {"nip": superior.nip}}
    assert await state_of(she, "active") is EnrolmentState.REPLACED
    assert not await FaceTemplate.filter(enrolment_id=she.enrolments["active"]).exists()
    entry = await AuditEntry.filter(action="enrolment.confirm").get().values()
    assert (entry["actor_id"], entry["subject_id"]) == (superior.employee_id, she.employee_id)
    assert entry["object_name"] == str(she.enrolments["awaiting"])


async def test_refused_it_leaves_the_one_before(ask: Ask, world: World) -> None:
    she = world["employee"]
    given = word(she, "REFUSE", "not the person in the file")
    assert await said(ask, world["hr_admin"], given) == "EnrolmentVouched"
    assert await state_of(she, "active") is EnrolmentState.ACTIVE
    assert await state_of(she, "awaiting") is EnrolmentState.REFUSED
    assert await AuditEntry.filter(action="enrolment.refuse", subject_id=she.employee_id).exists()


async def test_nobody_vouches_for_himself_nor_twice_nor_without_a_word(ask: Ask, world: World) -> None:
    for person in (world["supervisor"], world["hr_admin"], world["employee"]):
        assert await said(ask, person, word(person)) == "NotAllowed"
    she, superior = world["employee"], world["supervisor"]
    for reason in ("", "    x    ", "x" * 501):
        assert await said(ask, superior, word(she, reason=reason)) == "InvalidInput"
    for key in ("agency_admin", "auditor", "deskmate", "other_supervisor", "b:supervisor"):
        assert await said(ask, world[key], word(she)) == "NotFound"
    words = [word(she, decision) for decision in ("CONFIRM", "REFUSE") * 2]
    answers = await asyncio.gather(*(said(ask, superior, given) for given in words))
    assert sorted(answers) == ["AlreadyDecided"] * 3 + ["EnrolmentVouched"]
    assert await AuditEntry.filter(action__startswith="enrolment.").count() == 1
    other = {**word(she), "id": str(she.enrolments["refused"])}
    assert await said(ask, superior, other) == "AlreadyDecided"


async def test_what_waits_is_listed_with_its_photographs_and_each_look_is_logged(
    ask: Ask,
    world: World,
    send: Send,
) -> None:
    superior, she = world["supervisor"], world["employee"]
    listed = (await ask(superior, AWAITING, at=datetime.now(UTC)))["enrolments"]
    nodes = {edge["node"]["employee"]["id"]: edge["node"] for edge in listed["edges"]}
    office = [person for person in world.people.values() if person.unit == superior.unit]
    assert set(nodes) == {str(person.employee_id) for person in office if person is not superior}
    assert listed["totalCount"] == len(office) - 1
    hers = nodes[str(she.employee_id)]
    url = hers["photos"][0]["photo"]["url"]
    assert shows((await send("GET", url)).body, "enrolment AWAITING of employee")
    looks = AuditEntry.filter(action="photograph.look", object_name=f"enrolments/{hers['id']}/0")
    assert (await looks.get().values())["subject_id"] == she.employee_id
    await ask(superior, VOUCH, input=word(she))
    assert (await send("GET", url)).status == 404  # decided: there is nothing more to look for
    assert await looks.count() == 1
    assert (await ask(world["auditor"], AWAITING))["enrolments"]["totalCount"] == 0


async def test_the_person_reads_who_said_what(ask: Ask, world: World) -> None:
    she = world["deskmate"]
    assert (await ask(she, OWN))["me"]["enrolment"] == {"state": "AWAITING", "vouching": None}
    await ask(world["supervisor"], VOUCH, input=word(she))
    told = (await ask(she, OWN))["me"]["enrolment"]
    assert told["vouching"] == {
        "decision": "CONFIRM", "reason": REASON, "voucher": {"nip": world["supervisor"].nip}
    }  # fmt: skip
