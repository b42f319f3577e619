"""The earlier check-in that a photograph repeats is named to whoever may see both, and to nobody else."""

import pytest

from tests.api.conftest import Ask
from tests.world import World

pytestmark = pytest.mark.anyio

QUERY = "query($id: UUID!) { checkIn(id: $id) { evidence { face { resembles } } } }"


@pytest.mark.parametrize(
    ("reader", "sees"),
    [("hr_admin", True), ("auditor", True), ("supervisor", False), ("employee", False)],
)
async def test_who_may_see_both_is_told(ask: Ask, world: World, reader: str, sees: bool) -> None:
    repeated = world["employee"].check_ins["review"]
    earlier = world["colleague"].check_ins["accepted"]
    answer = await ask(world[reader], QUERY, id=str(repeated))
    assert answer["checkIn"]["evidence"]["face"]["resembles"] == (str(earlier) if sees else None)


async def test_without_the_right_to_evidence_nothing_is_told(ask: Ask, world: World) -> None:
    answer = await ask(world["agency_admin"], QUERY, id=str(world["employee"].check_ins["review"]))
    assert answer["checkIn"]["evidence"] is None


async def test_a_new_photograph_repeats_none(ask: Ask, world: World) -> None:
    answer = await ask(world["hr_admin"], QUERY, id=str(world["employee"].check_ins["accepted"]))
    assert answer["checkIn"]["evidence"]["face"]["resembles"] is None
