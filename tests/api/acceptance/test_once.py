"""One submission is one record, however often and however much at once it is sent."""

import asyncio
import copy
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from api.attendance.models import AttendanceDay, CheckIn, CheckInNonce
from api.core.models import OutboxEntry
from tests.api.acceptance.conftest import Desk, Input, accepted
from tests.api.generator import public_schema
from tests.world import World

pytestmark = pytest.mark.anyio


async def written(world: World) -> tuple[int, int, int, int]:
    person = world["deskmate"].employee_id
    return (
        await CheckIn.filter(employee_id=person).count(),
        await OutboxEntry.all().count(),
        await AttendanceDay.filter(employee_id=person).count(),
        await CheckInNonce.filter(employee_id=person, spent_at__isnull=False).count(),
    )


@pytest.mark.parametrize("times", [5, 64])
async def test_the_same_at_once_is_one_record_and_equal_answers(desk: Desk, world: World, times: int) -> None:
    person, at = world["deskmate"], world.now
    sent = await desk.start(person, at, frames=2)
    before = await written(world)
    answers = await asyncio.gather(*(desk.send(person, copy.deepcopy(sent), at) for _ in range(times)))
    taken = [accepted(answer) for answer in answers]
    assert sorted(answer.pop("repeated") for answer in taken) == [False] + [True] * (times - 1)
    assert all(answer == taken[0] for answer in taken)
    assert UUID(taken[0]["checkIn"]["id"]) == (await desk.made(sent))[0].id
    assert len(await desk.made(sent)) == 1
    check_ins, work, days, spent = (
        after - was for after, was in zip(await written(world), before, strict=True)
    )
    assert (check_ins, work, days, spent) == (1, 1, 0, 1)


async def test_the_same_one_after_the_other_is_the_same_until_and_after_the_verdict(
    desk: Desk, world: World
) -> None:
    person, at = world["deskmate"], world.now
    sent = await desk.start(person, at)
    first = accepted(await desk.send(person, sent, at))
    assert first["checkIn"]["state"] == "PENDING"
    again = accepted(await desk.send(person, sent, at))
    assert (again["repeated"], again["checkIn"]) == (True, first["checkIn"])
    judged = await desk.settled(first["checkIn"]["id"], at + timedelta(seconds=2))
    late = accepted(await desk.send(person, sent, at + timedelta(seconds=3)))
    assert late["checkIn"]["id"] == first["checkIn"]["id"]
    assert late["checkIn"]["state"] == judged.state.value == "ACCEPTED"


async def test_what_was_accepted_is_returned_long_after_its_nonce_its_fixes_and_its_photographs_are_gone(
    desk: Desk, world: World
) -> None:
    person, at = world["deskmate"], world.now
    sent = await desk.start(person, at)
    first = accepted(await desk.send(person, sent, at))
    await desk.runtime.storage.delete(sent["frames"])
    await CheckInNonce.filter(employee_id=person.employee_id).delete()
    for later in (timedelta(minutes=10), timedelta(days=3)):
        answer = accepted(await desk.send(person.api_token, sent, at + later))
        assert (answer["repeated"], answer["checkIn"]["id"]) == (True, first["checkIn"]["id"])


def other_nonce(sent: Input, spare: Input) -> Input:
    return {**sent, "nonce": spare["nonce"], "frames": spare["frames"]}


#: One change for each part of a submission, the key but one.
CHANGES: dict[str, Callable[[Input, Input], Input]] = {
    "nonce": other_nonce,
    "frames": lambda sent, spare: {**sent, "frames": sent["frames"][:1]},
    "fixes": lambda sent, spare: {**sent, "fixes": [{**sent["fixes"][0], "altitudeMetres": 3.0}]},
    "deviceId": lambda sent, spare: {**sent, "deviceId": "another"},
    "deviceKind": lambda sent, spare: {**sent, "deviceKind": "DESKTOP"},
    "capturedAt": lambda sent, spare: {
        **sent,
        "capturedAt": ["2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"],
    },
    "deviceTime": lambda sent, spare: {**sent, "deviceTime": "2026-01-01T00:00:00Z"},
}


def test_every_part_of_a_submission_is_changed_once() -> None:
    parts: dict[str, Any] = public_schema().type_map["CheckInInput"].fields  # type: ignore[attr-defined]
    assert set(parts) == {*CHANGES, "idempotencyKey"}


@pytest.mark.parametrize("part", CHANGES)
async def test_the_same_key_with_another_body_is_a_conflict(desk: Desk, world: World, part: str) -> None:
    person, at = world["deskmate"], world.now
    sent = await desk.start(person, at, frames=2)
    spare = await desk.start(person, at, frames=2)
    first = accepted(await desk.send(person, sent, at))
    assert await desk.outcome(person, CHANGES[part](sent, spare), at) == "IdempotencyConflict"
    [row] = await desk.made(sent)
    assert str(row.id) == first["checkIn"]["id"]
    assert accepted(await desk.send(person, sent, at))["checkIn"] == first["checkIn"]


async def test_two_bodies_under_one_key_at_once_are_one_record_and_one_conflict(
    desk: Desk, world: World
) -> None:
    person, at = world["deskmate"], world.now
    bodies = [await desk.start(person, at) for _ in range(2)]
    bodies[1]["idempotencyKey"] = bodies[0]["idempotencyKey"]
    outcomes = await asyncio.gather(*(desk.outcome(person, body, at) for body in bodies * 4))
    assert sorted(set(outcomes)) == ["CheckInAccepted", "IdempotencyConflict"]
    assert len(await desk.made(bodies[0])) == 1


async def test_one_key_is_one_person_s(desk: Desk, world: World) -> None:
    at = world.now
    made = set()
    for person in (world["deskmate"], world["employee"], world["b:employee"]):
        sent = await desk.start(person, at)
        sent["idempotencyKey"] = "the very same key of all"
        made.add(accepted(await desk.send(person, sent, at))["checkIn"]["id"])
    assert len(made) == 3
