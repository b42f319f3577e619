"""Five faces in a row that were not recognised: a wait, then another try, and the desk at any time."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from api.attendance.models import CheckIn, CheckInState
from api.attendance.service.tries import MOST_BEFORE_THE_DESK, MOST_IN_A_ROW, WAIT
from api.biometrics.rules import FrameFacts
from tests.api.acceptance.conftest import CLEAR, Desk, accepted, seconds
from tests.api.conftest import Ask
from tests.world import Person, World

pytestmark = pytest.mark.anyio

START = (
    "mutation { startCheckIn(input: {kind: IN, frames: 1}) { __typename"
    " ... on AskTheDesk { code message nextStep waitSeconds } } }"
)
STRANGER = replace(CLEAR, similarities=(0.01,))
A_WALL = replace(CLEAR, faces=0)
#: Far less accurate than what is refused: that says nothing of the face.
ROUGH = 5_000.0


async def tried(
    desk: Desk, person: Person, at: datetime, face: FrameFacts, accuracy: float | None = None
) -> CheckIn:
    sent = await desk.start(person, at)
    if accuracy:
        sent["fixes"] = [await desk.fix(person, at, accuracyMetres=accuracy)]
    taken = accepted(await desk.send(person, sent, at))
    return await desk.settled(taken["checkIn"]["id"], at, face)


async def started(ask: Ask, person: Person, at: datetime) -> Any:
    return (await ask(person, START, at=at))["startCheckIn"]


async def forget_the_past(person: Person) -> None:
    await CheckIn.filter(employee_id=person.employee_id, state=CheckInState.REFUSED).delete()


async def test_five_failures_in_a_row_ask_for_patience_and_then_let_try_again(
    desk: Desk, world: World, ask: Ask
) -> None:
    person, at = world["deskmate"], world.now
    for number in range(MOST_IN_A_ROW):
        assert (await started(ask, person, at))["__typename"] == "CheckInStart", number
        at += seconds(40)
        row = await tried(desk, person, at, STRANGER if number % 2 else A_WALL)
        assert row.state is CheckInState.REFUSED
    told = await started(ask, person, at + seconds(10))
    assert (told["__typename"], told["waitSeconds"]) == ("AskTheDesk", 20)
    assert "20 detik" in told["nextStep"]
    assert "petugas" in told["nextStep"]
    after = at + WAIT + seconds(1)
    assert (await started(ask, person, after))["__typename"] == "CheckInStart"
    await tried(desk, person, after, STRANGER)
    assert (await started(ask, person, after))["waitSeconds"] == WAIT.total_seconds()
    again = after + WAIT + seconds(1)
    assert (await tried(desk, person, again, CLEAR)).state is CheckInState.ACCEPTED
    await tried(desk, person, again + seconds(1), STRANGER)
    assert (await started(ask, person, again + seconds(2)))["__typename"] == "CheckInStart", "counted anew"


async def test_a_position_that_is_refused_is_no_failure_of_the_face(
    desk: Desk, world: World, ask: Ask
) -> None:
    person, at = world["deskmate"], world.now
    for number in range(MOST_IN_A_ROW + 1):
        row = await tried(desk, person, at + seconds(number), CLEAR, ROUGH)
        assert row.state is CheckInState.REFUSED
    assert (await started(ask, person, at + seconds(9)))["__typename"] == "CheckInStart"


async def test_contesting_opens_no_way_round(desk: Desk, world: World, ask: Ask) -> None:
    person, at = world["deskmate"], world.now
    for number in range(MOST_IN_A_ROW):
        row = await tried(desk, person, at + seconds(number), STRANGER)
        await CheckIn.filter(id=row.id).update(state=CheckInState.REVIEW, contested_at=at)
    assert (await started(ask, person, at + seconds(9)))["__typename"] == "AskTheDesk"


async def test_after_fifty_only_the_desk_helps_and_being_seen_there_begins_anew(
    desk: Desk, world: World, ask: Ask
) -> None:
    person, at = world["deskmate"], world.now
    row = await tried(desk, person, at, STRANGER)
    copied = {
        name: getattr(row, name) for name in row._meta.db_fields if name not in ("id", "idempotency_key")
    }
    for number in range(MOST_BEFORE_THE_DESK - 1):
        await CheckIn.create(**copied, idempotency_key=f"one of fifty, number {number}")
    late = at + timedelta(hours=1)
    told = await started(ask, person, late)
    assert (told["__typename"], told["code"], told["waitSeconds"]) == ("AskTheDesk", "ASK_THE_DESK", None)
    await CheckIn.filter(id=row.id).update(
        state=CheckInState.ACCEPTED, recorder_id=world["desk_officer"].employee_id,
        record_reason="seen at the desk", received_at=late,
    )  # fmt: skip
    assert (await started(ask, person, late))["__typename"] == "CheckInStart"


async def test_the_next_person_is_not_concerned(desk: Desk, world: World, ask: Ask) -> None:
    for number in range(MOST_IN_A_ROW):
        await tried(desk, world["deskmate"], world.now + seconds(number), STRANGER)
    await forget_the_past(world["employee"])
    assert (await started(ask, world["employee"], world.now + seconds(9)))["__typename"] == "CheckInStart"
