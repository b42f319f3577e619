"""What a withdrawal takes away is told to the person, and is an entry of the trail."""

import pytest

from api.audit.models import AuditEntry
from api.biometrics import erasure
from api.core import database
from tests.api.conftest import Ask
from tests.world import World

pytestmark = pytest.mark.anyio

WITHDRAW = "mutation { withdrawConsent(purpose: FACE_RECOGNITION) { __typename } }"
ERASURES = "{ me { erasures { askedAt goneAt number digest erased { kind count } } } }"
TRAIL = "{ auditTrail { edges { node { action object } } } }"


async def test_a_withdrawal_is_a_promise_and_then_a_receipt(ask: Ask, world: World) -> None:
    person = world["deskmate"]
    [old] = (await ask(person, ERASURES))["me"]["erasures"]
    await ask(person, WITHDRAW)
    await ask(person, WITHDRAW)  # nothing is left to be promised
    [promise, _] = (await ask(person, ERASURES))["me"]["erasures"]
    assert (promise["goneAt"], promise["number"], promise["digest"]) == (None, None, None)
    async with database.transaction() as using:
        agency = world.agencies[person.agency]
        assert await erasure.take(using, agency, person.employee_id, world.now, ["frames/a/b/0"], 2) == [
            "frames/a/b/0"
        ]
    async with database.transaction() as using:
        await erasure.complete(using, person.employee_id, world.now)
    [receipt, same] = (await ask(person, ERASURES))["me"]["erasures"]
    assert same == old
    assert receipt["erased"] == [
        {"kind": "TEMPLATES", "count": 1},
        {"kind": "CHECK_IN_PHOTOGRAPHS", "count": 1},
        {"kind": "PRINTS", "count": 2},
    ]
    entry = await AuditEntry.get(number=int(receipt["number"]), agency_id=agency)
    assert entry.object_name == receipt["digest"]
    told = [edge["node"] for edge in (await ask(person, TRAIL))["auditTrail"]["edges"]]
    assert told[:2] == [
        {"action": "consent.erased", "object": receipt["digest"]},
        {"action": "consent.withdrawn", "object": "FACE_RECOGNITION"},
    ]
    for other in ("employee", "supervisor", "hr_admin", "b:employee"):
        assert len((await ask(world[other], ERASURES))["me"]["erasures"]) == 1
