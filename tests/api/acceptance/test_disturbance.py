"""A disturbed site, from the first failure to its end: marked, shown, held back, taken back, and over by itself."""

import asyncio
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest

from api import agency_rules
from api.attendance.models import AttendanceDay, CheckIn, CheckInState
from api.attendance.service.accept import JOB
from api.audit.models import AuditEntry
from api.audit.service import first_break
from api.client import make_client
from api.core import outbox
from api.core.models import OutboxEntry
from api.people.models import Agency
from api.sites.models import SiteDisturbance
from tests.api.acceptance.conftest import Desk, accepted
from tests.world import Person, World

pytestmark = pytest.mark.anyio

#: The office has three who check in: with the usual five nobody could be found.
THREE = {"disturbed_failures": 3}
WINDOW = timedelta(minutes=30)
REASON = "seen at the gate"
REVIEW = "mutation($input: ReviewCheckInInput!) { reviewCheckIn(input: $input) { __typename } }"
CONTEST = "mutation($input: ContestCheckInInput!) { contestCheckIn(input: $input) { __typename } }"
SITES = "query($unit: UUID!) { siteDisturbances(unitId: $unit) { id location { name } since until } }"
EVIDENCE = (
    "query($id: UUID!) { checkIn(id: $id) { evidence { position { disturbance { id since until } } } } }"
)
WALL = "subscription($unit: UUID!) { attendanceChanged(unitId: $unit) { disturbances { id } counts { flagged } } }"


@pytest.fixture
async def start(world: World, desk: Desk) -> datetime:
    agency = await Agency.get(id=world.agencies["a"])
    await agency_rules.write(agency, "position", THREE, world.now.date() - timedelta(days=2))
    return world.now + timedelta(minutes=1)


async def judged(desk: Desk, key: str, at: datetime, **changes: Any) -> CheckIn:
    person = desk.world[key]
    sent = await desk.start(person, at)
    sent["fixes"] = [await desk.fix(person, at, **changes)]
    return await desk.settled(accepted(await desk.send(person, sent, at))["checkIn"]["id"], at)


async def coarse(desk: Desk, key: str, at: datetime) -> CheckIn:
    """Within the circle, with half its radius of doubt too much: a flag."""
    return await judged(desk, key, at, accuracyMetres=101.0)


async def three_fail(desk: Desk, at: datetime) -> list[CheckIn]:
    keys = ("deskmate", "employee", "supervisor")
    return [await coarse(desk, key, at + timedelta(minutes=n)) for n, key in enumerate(keys)]


async def marks(desk: Desk) -> list[SiteDisturbance]:
    """But for the planted one."""
    place = desk.world.locations["office"]
    return await SiteDisturbance.filter(location_id=place, until__gt=desk.world.now).order_by("since")


def levels(row: CheckIn) -> dict[str, str]:
    return {str(reason["code"]): str(reason["level"]) for reason in row.reasons}


async def fresh(*rows: CheckIn) -> list[CheckIn]:
    return [await CheckIn.get(id=row.id) for row in rows]


async def test_two_are_flagged_and_a_third_takes_all_flags_back(desk: Desk, start: datetime) -> None:
    first, second = [await coarse(desk, key, start) for key in ("deskmate", "employee")]
    await desk.followed_up(start)
    assert await marks(desk) == []
    assert {row.state for row in await fresh(first, second)} == {CheckInState.FLAGGED}
    third = await coarse(desk, "supervisor", start + timedelta(minutes=5))
    assert third.state is CheckInState.FLAGGED
    now = start + timedelta(minutes=6)
    await desk.followed_up(now)
    (mark,) = await marks(desk)
    assert (mark.since, mark.until) == (start, start + timedelta(minutes=5) + WINDOW)
    for row, before in zip(await fresh(first, second, third), (first, second, third), strict=True):
        assert row.state is CheckInState.ACCEPTED
        assert levels(row) == dict.fromkeys((*levels(before), "SITE_DISTURBED"), "INFO")
        held = [r for r in row.reasons if r["params"].get("held") == "FLAG"]  # type: ignore[attr-defined]
        assert (
            {r["code"] for r in held} == {r["code"] for r in before.reasons if r["level"] == "FLAG"} != set()
        )
        assert (row.settled_at, row.receipt) == (now, before.receipt)
        day = await AttendanceDay.get(employee_id=row.employee_id, day=row.day)
        assert day.last_change_at == now
        entry = await AuditEntry.get(action="check_in.site_disturbed", subject_id=row.employee_id)
        assert (entry.actor_id, entry.object_name) == (None, str(row.id))
    assert await first_break(desk.world.agencies["a"]) is None


async def test_new_flags_are_held_back_until_the_mark_has_ended(desk: Desk, start: datetime) -> None:
    await three_fail(desk, start)
    await desk.followed_up(start + timedelta(minutes=3))
    (mark,) = await marks(desk)
    within = await coarse(desk, "deskmate", mark.until - timedelta(seconds=1))
    assert within.state is CheckInState.ACCEPTED
    assert levels(within)["SITE_DISTURBED"] == "INFO"
    after = await coarse(desk, "employee", mark.until)
    assert after.state is CheckInState.FLAGGED
    assert "SITE_DISTURBED" not in levels(after)


async def test_what_is_graver_than_a_flag_is_not_held_back(desk: Desk, start: datetime) -> None:
    outside = await judged(desk, "deskmate", start, away=0.01, accuracyMetres=101.0)
    rows = [outside, await coarse(desk, "employee", start), await coarse(desk, "supervisor", start)]
    await desk.followed_up(start)
    row, *others = await fresh(*rows)
    assert row.state is CheckInState.REVIEW
    assert (levels(row)["POSITION_OUTSIDE"], levels(row)["ACCURACY_LOW"]) == ("REVIEW", "INFO")
    assert {other.state for other in others} == {CheckInState.ACCEPTED}


async def test_what_a_person_decided_stays_as_it_is(desk: Desk, start: datetime) -> None:
    first, second = [await coarse(desk, key, start) for key in ("deskmate", "employee")]
    for row, decision in ((first, "REJECT"), (second, "CONFIRM")):
        given = {"id": str(row.id), "decision": decision, "reason": REASON}
        answer = await desk.ask(desk.world["supervisor"], REVIEW, at=start, input=given)
        assert answer["reviewCheckIn"]["__typename"] == "CheckInReviewed"
    decided = await fresh(first, second)
    await coarse(desk, "supervisor", start)
    await desk.followed_up(start)
    assert len(await marks(desk)) == 1
    for row, before in zip(await fresh(first, second), decided, strict=True):
        assert dict(row) == dict(before)


async def test_what_a_person_was_asked_about_is_left_to_him(desk: Desk, start: datetime) -> None:
    row = await coarse(desk, "deskmate", start)
    asked = await desk.ask(
        desk.world["deskmate"], CONTEST, at=start, input={"id": str(row.id), "reason": REASON}
    )
    assert asked["contestCheckIn"]["__typename"] == "CheckInContested"
    await coarse(desk, "employee", start)
    await coarse(desk, "supervisor", start)
    await desk.followed_up(start)
    (row,) = await fresh(row)
    assert (row.state, row.contest_reason) == (CheckInState.FLAGGED, REASON)
    assert levels(row)["SITE_DISTURBED"] == "INFO", "he is told"


async def test_failures_that_go_on_move_the_end_and_it_ends_when_they_cease(
    desk: Desk, start: datetime
) -> None:
    await three_fail(desk, start)
    await desk.followed_up(start + timedelta(minutes=2))
    (before,) = await marks(desk)
    later = start + timedelta(minutes=20)
    await coarse(desk, "deskmate", later)
    await desk.followed_up(later)
    (mark,) = await marks(desk)
    assert (mark.id, mark.since, mark.until) == (before.id, start, later + WINDOW)
    unit = desk.world.units["office"]
    for at, names in ((mark.until - timedelta(seconds=1), [str(mark.id)]), (mark.until, [])):
        answer = await desk.ask(desk.world["supervisor"], SITES, at=at, unit=str(unit))
        assert [site["id"] for site in answer["siteDisturbances"]] == names
    answer = await desk.ask(
        desk.world["supervisor"], EVIDENCE, at=mark.until + WINDOW, id=str((await made(desk))[0].id)
    )
    shown = answer["checkIn"]["evidence"]["position"]["disturbance"]
    assert datetime.fromisoformat(shown["until"]) == mark.until, "evidence remembers it"


async def made(desk: Desk) -> list[CheckIn]:
    person: Person = desk.world["deskmate"]
    return await CheckIn.filter(employee_id=person.employee_id).order_by("-received_at")


async def test_verdicts_at_once_make_one_mark_and_one_second_look(desk: Desk, start: datetime) -> None:
    """Three verdicts together, and four workers on what follows from them."""
    waiting = []
    for key in ("deskmate", "employee", "supervisor"):
        person = desk.world[key]
        sent = await desk.start(person, start)
        sent["fixes"] = [await desk.fix(person, start, accuracyMetres=101.0)]
        waiting.append(accepted(await desk.send(person, sent, start))["checkIn"]["id"])
    claims = await outbox.claim(JOB, most=99, lease_seconds=30)
    await asyncio.gather(*(desk.judged(claim, start) for claim in claims if str(claim.subject_id) in waiting))
    for _ in range(3):
        await asyncio.gather(*(desk.followed_up(start) for _ in range(4)))
    assert len(await marks(desk)) == 1
    assert await AuditEntry.filter(action="check_in.site_disturbed").count() == 3
    assert await outbox.claim("settle_again", most=9, lease_seconds=1) == []


async def test_walls_are_told_when_it_begins_and_when_it_ends(desk: Desk, start: datetime) -> None:
    _, subscribe = make_client(desk.runtime)
    supervisor = desk.world["supervisor"]
    unit = {"unit": str(desk.world.units["office"])}
    async with (
        asyncio.timeout(20),
        aclosing(subscribe(WALL, unit, token=supervisor.token, locale="id")) as wall,
    ):
        assert orjson.loads(await anext(wall))["data"]["attendanceChanged"]["disturbances"] == []
        await three_fail(desk, start)
        await desk.followed_up(start + timedelta(minutes=3))
        (mark,) = await marks(desk)
        while (told := orjson.loads(await anext(wall))["data"]["attendanceChanged"])["disturbances"] == []:
            pass
        assert told["disturbances"] == [{"id": str(mark.id)}]
        await SiteDisturbance.filter(id=mark.id).update(since=start - 2 * WINDOW, until=start - WINDOW)
        await CheckIn.filter(received_at__gte=start).update(received_at=start - 2 * WINDOW)
        await due_now()
        await desk.followed_up(mark.until)
        while orjson.loads(await anext(wall))["data"]["attendanceChanged"]["disturbances"]:
            pass


async def due_now() -> None:
    """As when the end of the mark has come."""
    changed = await OutboxEntry.filter(job="watch_site").update(due_at=datetime.fromtimestamp(0).astimezone())
    assert changed == 1, "a mark that is not over is looked at again"


async def test_an_appointment_is_no_backlog(desk: Desk, start: datetime) -> None:
    """Else the figure by which workers are scaled would stand above zero for as long as a mark lasts."""
    before = await outbox.outstanding()
    await three_fail(desk, start)
    await desk.followed_up(start)
    assert await OutboxEntry.filter(job="watch_site").count() == 1
    assert await outbox.outstanding() == before
