"""Two at one point within minutes, two accounts on one device in a day: both go to a person, not the later alone."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from api.attendance.models import AttendanceDay, CheckIn, CheckInState
from api.audit.models import AuditEntry
from api.core import database, outbox
from api.people.models import Employee
from tests.api.acceptance.conftest import Desk, Input, accepted
from tests.api.acceptance.test_disturbance import REASON, REVIEW, fresh, levels
from tests.world import World

pytestmark = pytest.mark.anyio

CHECK_IN = "query($id: UUID!) { checkIn(id: $id) { state reasons { code message } unit { id } } }"


async def submitted(desk: Desk, key: str, at: datetime, **changes: Any) -> Input:
    """By token: sessions do not last until the next day."""
    person = desk.world[key]
    sent = await desk.start(person.api_token, at)
    return {**sent, "fixes": [await desk.fix(person, at)], **changes}


async def judged(desk: Desk, key: str, sent: Input, at: datetime) -> CheckIn:
    return await desk.settled(
        accepted(await desk.send(desk.world[key].api_token, sent, at))["checkIn"]["id"], at
    )


async def pair(desk: Desk, at: datetime, later: datetime, *, point: bool, device: bool) -> list[CheckIn]:
    """The first is accepted before the second comes."""
    mine = await submitted(desk, "deskmate", at)
    first = await judged(desk, "deskmate", mine, at)
    assert first.state is CheckInState.ACCEPTED
    same: Input = {"deviceId": mine["deviceId"]} if device else {}
    if point:
        same["fixes"] = [{**mine["fixes"][0], "time": later.isoformat()}]
    return [first, await judged(desk, "employee", await submitted(desk, "employee", later, **same), later)]


@pytest.mark.parametrize(
    ("point", "device", "apart", "codes"),
    [
        (True, False, 4, {"COORDINATES_SHARED"}),
        (False, True, 60, {"DEVICE_SHARED"}),
        (True, True, 1, {"COORDINATES_SHARED", "DEVICE_SHARED"}),
    ],
    ids=["point", "device", "both"],
)
async def test_the_first_goes_to_a_person_too(
    desk: Desk, world: World, point: bool, device: bool, apart: int, codes: set[str]
) -> None:
    at = next_noon(world)
    later = at + timedelta(minutes=apart)
    rows = await pair(desk, at, later, point=point, device=device)
    await desk.followed_up(later)
    for row, receipt in zip(await fresh(*rows), [row.receipt for row in rows], strict=True):
        assert row.state is CheckInState.REVIEW
        assert {code for code, level in levels(row).items() if level == "REVIEW"} == codes
        assert row.receipt == receipt
    first = rows[0]
    day = await AttendanceDay.get(employee_id=first.employee_id, day=first.day)
    assert (day.needs_review, day.check_in_id, day.last_change_at) == (True, first.id, later)
    noted = await AuditEntry.filter(object_name=str(first.id)).values_list("action", flat=True)
    assert set(noted) == {f"check_in.{code.lower()}" for code in codes}
    told = (await desk.ask(world["deskmate"].api_token, CHECK_IN, at=later, id=str(first.id)))["checkIn"]
    assert {reason["code"] for reason in told["reasons"]} >= codes
    assert all(reason["message"] for reason in told["reasons"])


@pytest.mark.parametrize(
    ("point", "device", "apart"), [(True, False, 6), (False, True, 24 * 60), (False, False, 1)]
)
async def test_what_is_not_shared_is_nobody_s_matter(
    desk: Desk, world: World, point: bool, device: bool, apart: int
) -> None:
    at = next_noon(world)
    later = at + timedelta(minutes=apart)
    rows = await pair(desk, at, later, point=point, device=device)
    await desk.followed_up(later)
    assert {row.state for row in await fresh(*rows)} == {CheckInState.ACCEPTED}


async def test_a_person_s_decision_stays(desk: Desk, world: World) -> None:
    at = next_noon(world)
    mine = await submitted(desk, "deskmate", at)
    first = await judged(desk, "deskmate", mine, at)
    given = {"id": str(first.id), "decision": "CONFIRM", "reason": REASON}
    answer = await desk.ask(world["supervisor"].api_token, REVIEW, at=at, input=given)
    assert answer["reviewCheckIn"]["__typename"] == "CheckInReviewed"
    (before,) = await fresh(first)
    theirs = await submitted(desk, "employee", at, deviceId=mine["deviceId"])
    assert (await judged(desk, "employee", theirs, at)).state is CheckInState.REVIEW
    await desk.followed_up(at)
    (after,) = await fresh(first)
    assert dict(after) == dict(before)


async def test_who_decides_while_it_is_looked_at_has_the_last_word(desk: Desk, world: World) -> None:
    """The work was recorded before the decision and is done after it."""
    at = next_noon(world)
    first, _ = await pair(desk, at, at, point=False, device=True)
    given = {"id": str(first.id), "decision": "CONFIRM", "reason": REASON}
    await desk.ask(world["supervisor"].api_token, REVIEW, at=at, input=given)
    await desk.followed_up(at)
    assert (await fresh(first))[0].state is CheckInState.ACCEPTED


async def test_however_often_it_is_looked_at_it_changes_once(desk: Desk, world: World) -> None:
    at = next_noon(world)
    first, _ = await pair(desk, at, at, point=True, device=True)
    await asyncio.gather(*(desk.followed_up(at) for _ in range(4)))
    (once,) = await fresh(first)
    assert once.state is CheckInState.REVIEW
    async with database.transaction() as using:
        await outbox.record(using, "settle_again", first.id)
    await desk.followed_up(at + timedelta(minutes=9))
    assert dict((await fresh(first))[0]) == dict(once)
    assert await AuditEntry.filter(object_name=str(first.id)).count() == 2


async def test_one_that_is_not_judged_yet_is_looked_at_when_it_is(desk: Desk, world: World) -> None:
    at = next_noon(world)
    mine = await submitted(desk, "deskmate", at)
    waiting = accepted(await desk.send(world["deskmate"].api_token, mine, at))["checkIn"]["id"]
    theirs = await submitted(desk, "employee", at, deviceId=mine["deviceId"])
    await judged(desk, "employee", theirs, at)
    await desk.followed_up(at)
    assert (await CheckIn.get(id=waiting)).state is CheckInState.PENDING
    assert (await desk.settled(waiting, at)).state is CheckInState.REVIEW


async def test_a_check_in_names_the_unit_of_its_day_also_after_a_move(desk: Desk, world: World) -> None:
    at = next_noon(world)
    row = await judged(desk, "deskmate", await submitted(desk, "deskmate", at), at)
    await Employee.filter(id=world["deskmate"].employee_id).update(unit_id=world.units["neighbour"])
    told = await desk.ask(world["deskmate"].api_token, CHECK_IN, at=at, id=str(row.id))
    assert told["checkIn"]["unit"]["id"] == str(world.units["office"])


def next_noon(world: World) -> datetime:
    """A time of which an hour later is the same day in Jakarta."""
    return (world.now + timedelta(days=1)).replace(hour=5, minute=0, second=0)
