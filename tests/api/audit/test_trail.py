"""Finding something in the trail: by whom, of whose, what, and when; and for whom."""

from datetime import timedelta
from typing import Any

import pytest

from tests.api.conftest import Ask
from tests.world import Person, World

pytestmark = pytest.mark.anyio

TRAIL = (
    "query($by: UUID, $subject: UUID, $action: String, $from: Date, $until: Date) {"
    " auditTrail(actorId: $by, employeeId: $subject, action: $action, from: $from, until: $until) {"
    " edges { node { action actor { id } subject { id } } } } }"
)


async def found(ask: Ask, reader: Person, **asked: Any) -> list[dict[str, Any]]:
    edges = (await ask(reader, TRAIL, **asked))["auditTrail"]["edges"]
    return [edge["node"] for edge in edges]


async def test_by_whom_and_what(ask: Ask, world: World) -> None:
    reader, who = world["auditor"], str(world["supervisor"].employee_id)
    looked = await found(ask, reader, by=who)
    assert {node["actor"]["id"] for node in looked} == {who}
    [entry] = await found(ask, reader, by=who, action=looked[0]["action"])
    assert entry == looked[0]
    assert await found(ask, reader, by=who, action="nothing.of.that.name") == []


async def test_what_somebody_did_is_not_for_everybody_to_ask(ask: Ask, world: World) -> None:
    who = str(world["supervisor"].employee_id)
    assert await found(ask, world["employee"]), "what concerns oneself is read"
    assert await found(ask, world["employee"], by=who) == []


async def test_of_days_both_included(ask: Ask, world: World) -> None:
    reader, everything = world["auditor"], await found(ask, world["auditor"])
    today = world.now.date()
    around = {
        "from": (today - timedelta(days=1)).isoformat(),
        "until": (today + timedelta(days=1)).isoformat(),
    }
    assert await found(ask, reader, **around) == everything
    assert await found(ask, reader, **{"from": (today + timedelta(days=2)).isoformat()}) == []
    assert await found(ask, reader, until=(today - timedelta(days=2)).isoformat()) == []
    assert await found(ask, reader, **{"from": "0001-01-01", "until": "9999-12-31"}) == everything
