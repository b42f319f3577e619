"""The server's clock decides, and the day is the local one of the person's unit. (GOALS R6)"""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from api.attendance.models import AttendanceDay, CheckIn
from api.core import database
from tests.api.acceptance.conftest import Desk, accepted
from tests.world import Person, World

pytestmark = pytest.mark.anyio

#: One in each zone.
PEOPLE = ("deskmate", "b:employee", "easterner")
WRONG_CLOCKS = (None, timedelta(0), timedelta(hours=24), timedelta(hours=-24), timedelta(days=3650))
#: Written here by hand: neither the tests nor the database shall learn it from the product.
OFFSETS = {"deskmate": 7, "b:employee": 8, "easterner": 9}

ON_WRONG_DAY = """
SELECT count(*) AS n FROM check_in c JOIN unit u ON u.id = c.unit_id
 WHERE c.day <> (c.received_at AT TIME ZONE u.time_zone)::date AND c.id = ANY($1)
"""


def midnights(world: World, person: Person) -> list[datetime]:
    """Around the end of a day on the person's own calendar, three days on."""
    zone = ZoneInfo(world.places[person.unit].zone)
    day = (world.now + timedelta(days=3)).astimezone(zone).date()
    midnight = datetime.combine(day, datetime.min.time(), zone)
    assert midnight.utcoffset() == timedelta(hours=OFFSETS[person.key])
    return [midnight + timedelta(seconds=shift) for shift in (-1, 0, 1)]


async def checked_in(desk: Desk, person: Person, at: datetime, wrong: timedelta | None) -> dict[str, Any]:
    sent = await desk.start(person.api_token, at)
    sent["fixes"] = [await desk.fix(person, at)]
    if wrong is not None:
        sent["deviceTime"] = (at + wrong).isoformat()
    return dict(accepted(await desk.send(person.api_token, sent, at))["checkIn"])


@pytest.mark.parametrize("key", PEOPLE)
async def test_no_row_is_on_the_wrong_day_at_midnight(desk: Desk, world: World, key: str) -> None:
    person, made = world[key], []
    for at in midnights(world, person):
        expected = (at + timedelta(hours=OFFSETS[key]) - at.utcoffset()).date()  # type: ignore[operator]
        for wrong in WRONG_CLOCKS:
            row = await checked_in(desk, person, at, wrong)
            made.append(row["id"])
            assert date.fromisoformat(row["day"]) == expected == at.date()
            assert datetime.fromisoformat(row["receivedAt"]) == at
            await desk.settled(row["id"], at)
    assert (await database.rows(ON_WRONG_DAY, made))[0]["n"] == 0
    before, *_, after = midnights(world, person)
    for at, count in ((before, 5), (after, 10)):
        assert await CheckIn.filter(employee_id=person.employee_id, day=at.date()).count() == count
        day = await AttendanceDay.get(employee_id=person.employee_id, day=at.date())
        assert day.in_at is not None
        assert day.in_at.astimezone(at.tzinfo).date() == at.date()


async def test_today_turns_with_the_unit_s_midnight(desk: Desk, world: World) -> None:
    query = "{ me { today { day presence } employee { unit { today zoneName } } } }"
    names = {7: "WIB", 8: "WITA", 9: "WIT"}
    for key in PEOPLE:
        for at in midnights(world, world[key]):
            me = (await desk.ask(world[key].api_token, query, at=at))["me"]
            unit = me["employee"]["unit"]
            assert me["today"]["day"] == unit["today"] == str(at.date())
            assert unit["zoneName"] == names[OFFSETS[key]]


async def test_one_instant_is_two_days_in_two_zones(desk: Desk, world: World) -> None:
    at = midnights(world, world["easterner"])[1]
    days = {key: (await checked_in(desk, world[key], at, None))["day"] for key in ("deskmate", "easterner")}
    assert date.fromisoformat(days["easterner"]) - date.fromisoformat(days["deskmate"]) == timedelta(days=1)


async def test_the_device_s_clock_is_kept_as_a_claim(desk: Desk, world: World) -> None:
    person, at = world["deskmate"], world.now
    row = await checked_in(desk, person, at, timedelta(hours=24))
    kept = await CheckIn.get(id=row["id"])
    assert (kept.device_time, kept.received_at) == (at + timedelta(hours=24), at)


@pytest.mark.parametrize(
    "claim",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-01-01T00:00:00", "9999-12-31T23:59:59Z"],
)
async def test_a_clock_at_the_end_of_time_breaks_nothing(desk: Desk, world: World, claim: str) -> None:
    person, at = world["deskmate"], world.now
    sent = {**await desk.start(person, at), "deviceTime": claim}
    assert await desk.outcome(person, sent, at) in ("CheckInAccepted", "InvalidInput")
    sent["fixes"][0]["time"] = claim
    assert await desk.outcome(person, {**sent, "idempotencyKey": "another of enough length"}, at) in (
        "PositionUnusable", "InvalidInput",
    )  # fmt: skip


async def test_lateness_is_the_unit_s(desk: Desk, world: World) -> None:
    """07:30 local is on time and 07:45 fifteen minutes late, in each zone."""
    for key in PEOPLE:
        person = world[key]
        midnight = midnights(world, person)[1]
        for minutes, late in ((7 * 60 + 30, 0), (7 * 60 + 45, 15)):
            at = midnight + timedelta(days=1 if late else 0, minutes=minutes)
            row = await checked_in(desk, person, at, None)
            await desk.settled(row["id"], at)
            day = await AttendanceDay.get(employee_id=person.employee_id, day=at.date())
            assert day.late_minutes == late, key
