"""Positions: refused or marked in every case that is not plain, never an open door. (GOALS S6, through the API.)"""

from datetime import timedelta
from typing import Any

import pytest

from api import agency_rules
from api.attendance.models import CheckIn, CheckInState
from api.people.models import Agency
from tests.api.acceptance.conftest import OUTSIDE_DEGREES, Desk, accepted
from tests.world import Person, World

pytestmark = pytest.mark.anyio

COUNTS = {CheckInState.ACCEPTED}


def codes(row: CheckIn) -> set[str]:
    return {str(reason["code"]) for reason in row.reasons}


@pytest.mark.parametrize(
    ("age", "outcome"),
    [(0, "CheckInAccepted"), (119, "CheckInAccepted"), (120, "CheckInAccepted"), (121, "PositionUnusable"),
     (86_400, "PositionUnusable"), (-59, "CheckInAccepted"), (-60, "CheckInAccepted"), (-61, "PositionUnusable"),
     (-86_400, "PositionUnusable")],
)  # fmt: skip
async def test_a_fix_is_of_now_by_the_server_s_clock(
    desk: Desk, world: World, age: int, outcome: str
) -> None:
    person, at = world["deskmate"], world.now
    sent = await desk.start(person, at)
    sent["fixes"] = [await desk.fix(person, at - timedelta(seconds=age))]
    assert await desk.outcome(person, sent, at) == outcome
    if outcome == "PositionUnusable":
        assert await desk.made(sent) == []
        good = {**sent, "fixes": [await desk.fix(person, at)]}
        assert await desk.outcome(person, good, at) == "CheckInAccepted", "the nonce stays good"


async def test_what_is_told_of_a_stale_fix_is_how_old_it_was(desk: Desk, world: World) -> None:
    person, at = world["deskmate"], world.now
    sent = await desk.start(person, at)
    sent["fixes"] = [await desk.fix(person, at - timedelta(seconds=300))]
    problem = (await desk.send(person, sent, at))["checkIn"]
    assert problem["code"] == "POSITION_UNUSABLE"
    assert "300" in problem["message"]


#: A number of a fix → what no receiver can have said. Infinity is reached by a literal that overflows.
IMPOSSIBLE: dict[str, list[Any]] = {
    "latitude": [90.000001, -91.0, 1e300, "1e999", "-1e999"],
    "longitude": [180.000001, -181.0, "1e999"],
    "accuracyMetres": ["1e999"],
    "altitudeMetres": ["1e999", "-1e999", 1e9],
    "speedMps": ["1e999", -1.0, 1e9],
    "headingDegrees": ["1e999", -1.0, 361.0],
}
NOT_A_NUMBER = [float("nan"), float("inf"), float("-inf")]


@pytest.mark.parametrize("name", IMPOSSIBLE)
async def test_numbers_that_are_none_are_refused(desk: Desk, world: World, name: str) -> None:
    person, at = world["deskmate"], world.now
    sent = await desk.start(person, at)
    for value in (*IMPOSSIBLE[name], *NOT_A_NUMBER):
        query, variables = desk.submit, {**sent, "fixes": [await desk.fix(person, at, **{name: value})]}
        if isinstance(value, str):
            query, variables = written_out(variables, name, value)
        answer = await desk.ask(person, query, at=at, **({"input": variables} if variables else {}))
        if answer.errors:
            assert answer.codes == ["BAD_REQUEST"], (value, answer.errors)
        else:
            assert answer["checkIn"]["__typename"] == "InvalidInput", (value, answer)
    assert await desk.made(sent) == []


def written_out(sent: dict[str, Any], name: str, literal: str) -> tuple[str, dict[str, Any]]:
    """The submission in the query itself: there a number may overflow to infinity."""
    [fix] = sent["fixes"]
    parts = {**{key: f'"{value}"' if key == "time" else value for key, value in fix.items()}, name: literal}
    inside = ", ".join(f"{key}: {value}" for key, value in parts.items())
    given = f'nonce: "{sent["nonce"]}", frames: ["{sent["frames"][0]}"], idempotencyKey: "{sent["idempotencyKey"]}"'
    return f"mutation {{ checkIn(input: {{{given}, fixes: [{{{inside}}}]}}) {{ __typename }} }}", {}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"latitude": 0.0, "longitude": 0.0}, "POSITION_ZERO"),
        ({"accuracyMetres": None}, "ACCURACY_MISSING"),
        ({"accuracyMetres": 0.0}, "ACCURACY_MISSING"),
        ({"accuracyMetres": -5.0}, "ACCURACY_MISSING"),
        ({"accuracyMetres": 1000.1}, "ACCURACY_TOO_POOR"),
        ({"accuracyMetres": 100.1}, "ACCURACY_LOW"),
        ({"accuracyMetres": 0.1}, "ACCURACY_TOO_GOOD"),
        ({"speedMps": 250.0}, "SPEED_CLAIMED"),
        ({"away": OUTSIDE_DEGREES}, "POSITION_OUTSIDE"),
        ({"away": 0.0013}, "POSITION_UNCERTAIN"),
    ],
)  # fmt: skip
async def test_a_position_that_is_not_plain_is_marked(
    desk: Desk, world: World, changes: dict[str, Any], code: str
) -> None:
    person, at = world["deskmate"], world.now
    sent = await desk.start(person, at)
    sent["fixes"] = [await desk.fix(person, at, **changes)]
    row = await judged(desk, person, sent)
    assert row.state not in COUNTS
    assert code in codes(row), row.reasons


async def test_a_plain_one_is_accepted(desk: Desk, world: World) -> None:
    """Without which the others prove nothing."""
    row = await judged(desk, world["deskmate"], await desk.start(world["deskmate"], world.now))
    assert row.state in COUNTS, row.reasons
    assert codes(row) == {"POSITION_INSIDE", "FACE_MATCHED"}


@pytest.mark.parametrize(
    ("degrees", "code"), [(0.5, "SPEED_SUSPICIOUS"), (1.35, "SPEED_SUSPICIOUS"), (5.0, "SPEED_IMPOSSIBLE")]
)
async def test_faster_than_one_can_travel(desk: Desk, world: World, degrees: float, code: str) -> None:
    """55 km, 150 km (at 900 km/h) and 550 km from the last accepted fix, ten minutes later."""
    person, at = world["deskmate"], world.now
    await judged(desk, person, await desk.start(person, at))
    later = at + timedelta(minutes=10)
    sent = await desk.start(person, later)
    sent["fixes"] = [await desk.fix(person, later, away=degrees)]
    row = await judged(desk, person, sent, later)
    assert code in codes(row), row.reasons
    assert row.state not in COUNTS


async def test_the_same_point_in_three_check_ins(desk: Desk, world: World) -> None:
    person, rows = world["deskmate"], []
    point = await desk.fix(person, world.now)
    for number in range(3):
        at = world.now + timedelta(minutes=number)
        sent = {**await desk.start(person, at), "fixes": [{**point, "time": at.isoformat()}]}
        rows.append(await judged(desk, person, sent, at))
    assert ["COORDINATES_REPEATED" in codes(row) for row in rows] == [False, False, True]
    assert rows[2].state not in COUNTS


async def test_one_point_for_two_people_and_one_device_for_two_accounts(desk: Desk, world: World) -> None:
    first, second = world["deskmate"], world["employee"]
    mine = await desk.start(first, world.now)
    await judged(desk, first, mine)
    at = world.now + timedelta(minutes=1)
    theirs = {**await desk.start(second, at), "fixes": [{**mine["fixes"][0], "time": at.isoformat()}]}
    row = await judged(desk, second, {**theirs, "deviceId": mine["deviceId"]}, at)
    assert {"COORDINATES_SHARED", "DEVICE_SHARED"} <= codes(row)
    assert row.state is CheckInState.REVIEW


async def test_another_agency_s_people_are_not_looked_at(desk: Desk, world: World) -> None:
    """The same point and the same device there are nobody's business here."""
    first, second = world["deskmate"], world["b:employee"]
    mine = await desk.start(first, world.now)
    await judged(desk, first, mine)
    theirs = {**await desk.start(second, world.now), "fixes": mine["fixes"], "deviceId": mine["deviceId"]}
    row = await judged(desk, second, theirs)
    assert not {"COORDINATES_SHARED", "DEVICE_SHARED"} & codes(row)


async def test_an_agency_s_own_thresholds_hold_there_and_only_there(desk: Desk, world: World) -> None:
    agency = await Agency.get(id=world.agencies["b"])
    await agency_rules.write(agency, "position", {"oldest_s": 30.0}, world.now.date() - timedelta(days=2))
    for key, outcome in (("b:employee", "PositionUnusable"), ("deskmate", "CheckInAccepted")):
        person = world[key]
        sent = await desk.start(person, world.now)
        sent["fixes"] = [await desk.fix(person, world.now - timedelta(seconds=60))]
        assert await desk.outcome(person, sent, world.now) == outcome


async def judged(desk: Desk, person: Person, sent: dict[str, Any], at: Any = None) -> CheckIn:
    at = at or desk.world.now
    taken = accepted(await desk.send(person, sent, at))
    return await desk.settled(taken["checkIn"]["id"], at)
