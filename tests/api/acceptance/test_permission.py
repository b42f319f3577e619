"""A nonce admits one submission by one person within its time, with photographs of its own."""

from datetime import timedelta
from typing import Any

import pytest

from api.attendance.models import CheckInNonce
from api.attendance.service.start import LIFETIME, STARTS_PER_PERSON, digest_of, frame_key
from api.biometrics.models import Consent, FaceTemplate
from tests.api.acceptance.conftest import START, Desk, Input, accepted
from tests.api.conftest import Ask
from tests.world import World, jpeg

pytestmark = pytest.mark.anyio


async def test_a_nonce_is_spent_once(desk: Desk, world: World) -> None:
    person, at = world["deskmate"], world.now
    sent = await desk.start(person, at)
    accepted(await desk.send(person, sent, at))
    again = {**sent, "idempotencyKey": "another key for the nonce"}
    assert await desk.outcome(person, again, at) == "NonceUnusable"
    assert await desk.made(again) == []


@pytest.mark.parametrize(
    ("late", "outcome"), [(-1.0, "CheckInAccepted"), (0.0, "NonceUnusable"), (1.0, "NonceUnusable")]
)
async def test_a_nonce_ends_when_it_said(desk: Desk, world: World, late: float, outcome: str) -> None:
    person, at = world["deskmate"], world.now
    sent = await desk.start(person, at)
    then = at + LIFETIME + timedelta(seconds=late)
    sent["fixes"] = [await desk.fix(person, then)]
    assert await desk.outcome(person, sent, then) == outcome


@pytest.mark.parametrize("thief", ["employee", "supervisor", "agency_admin", "b:employee", "b:agency_admin"])
async def test_a_nonce_is_nobody_else_s(desk: Desk, world: World, thief: str) -> None:
    owner, at = world["deskmate"], world.now
    sent = await desk.start(owner, at)
    stolen = {**sent, "idempotencyKey": "a key of the thief's own"}
    if world[thief].agency != owner.agency:  # the photographs' place follows from agency and nonce
        key = frame_key(world.agencies[world[thief].agency], sent["nonce"], 0)
        await desk.runtime.storage.put(key, jpeg("the thief's"))
        stolen["frames"] = [key]
    assert await desk.outcome(world[thief], stolen, at) == "NonceUnusable"
    accepted(await desk.send(owner, sent, at))  # and it was not spent by the try


async def test_only_a_digest_of_a_nonce_is_kept(desk: Desk, world: World) -> None:
    sent = await desk.start(world["deskmate"], world.now)
    row = (
        await CheckInNonce.filter(employee_id=world["deskmate"].employee_id)
        .order_by("-issued_at", "-id")
        .first()
    )
    assert row is not None
    assert bytes(row.digest) == digest_of(sent["nonce"])
    assert sent["nonce"].encode() not in bytes(row.digest)


def bad_frames(sent: Input, world: World) -> dict[str, tuple[list[str], str]]:
    """What is wrong with them → the frames, and how they are refused."""
    good, folder = sent["frames"][0], sent["frames"][0].rpartition("/")[0]
    other = world.agencies["b"]
    return {
        "none": ([], "InvalidInput"),
        "nine": ([f"{folder}/{number}" for number in range(9)], "InvalidInput"),
        "twice the same": ([good, good], "CaptureUnusable"),
        "another nonce's": ([frame_key(world.agencies["a"], "x", 0)], "InvalidInput"),
        "another agency's": ([frame_key(other, sent["nonce"], 0)], "InvalidInput"),
        "an enrolment's": (
            [f"enrolments/{world.agencies['a']}/{world['deskmate'].employee_id}/0"],
            "InvalidInput",
        ),
        "upwards": ([f"{folder}/../{folder.rpartition('/')[2]}/0"], "InvalidInput"),
        "with a number's other spelling": ([f"{folder}/00"], "InvalidInput"),
        "not sent yet": ([f"{folder}/3"], "UploadMissing"),
        "empty": ([f"{folder}/4"], "UploadMissing"),
        "more than were asked for": ([good, f"{folder}/5"], "NonceUnusable"),
    }


CASES = [
    "none", "nine", "twice the same", "another nonce's", "another agency's", "an enrolment's", "upwards",
    "with a number's other spelling", "not sent yet", "empty", "more than were asked for",
]  # fmt: skip


@pytest.mark.parametrize("case", CASES)
async def test_photographs_must_be_one_s_own_and_there(desk: Desk, world: World, case: str) -> None:
    person, at = world["deskmate"], world.now
    sent = await desk.start(person, at)
    folder = sent["frames"][0].rpartition("/")[0]
    store = desk.runtime.settings.data_dir / "store"
    (store / folder / "4").touch()
    await desk.runtime.storage.put(f"{folder}/5", jpeg("one too many"))
    frames, outcome = bad_frames(sent, world)[case]
    assert await desk.outcome(person, {**sent, "frames": frames}, at) == outcome
    assert await desk.made(sent) == []
    accepted(await desk.send(person, sent, at))  # the nonce stays good


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"idempotencyKey": "x" * 15}, "idempotencyKey"),
        ({"idempotencyKey": "x" * 65}, "idempotencyKey"),
        ({"deviceId": "x" * 65}, "deviceId"),
        ({"nonce": "x" * 101}, "nonce"),
        ({"fixes": []}, "fixes"),
        ({"fixes": 11}, "fixes"),
    ],
)
async def test_sizes_are_bounded(desk: Desk, world: World, changes: dict[str, Any], field: str) -> None:
    person, at = world["deskmate"], world.now
    sent = {**await desk.start(person, at), **changes}
    if sent["fixes"] == 11:
        sent["fixes"] = [await desk.fix(person, at) for _ in range(11)]
    problem = (await desk.send(person, sent, at))["checkIn"]
    assert (problem["__typename"], problem["field"]) == ("InvalidInput", field)


@pytest.mark.parametrize("field", ["deviceId", "idempotencyKey"])
@pytest.mark.parametrize("text", ["\x00", "\ud800"])
async def test_what_no_database_holds_is_refused_in_words(
    desk: Desk, world: World, field: str, text: str
) -> None:
    person, at = world["deskmate"], world.now
    sent = await desk.start(person, at)
    wrong = {**sent, field: text * 20}
    assert await desk.outcome(person, wrong, at) in ("InvalidInput", "INVALID_INPUT")
    accepted(await desk.send(person, sent, at))  # nothing was spent


@pytest.mark.parametrize(("frames", "good"), [(0, False), (1, True), (8, True), (9, False), (-1, False)])
async def test_how_many_photographs_may_be_asked_for(ask: Ask, world: World, frames: int, good: bool) -> None:
    answer = await ask(world["deskmate"], START, input={"kind": "IN", "frames": frames})
    assert ("nonce" in answer["startCheckIn"]) is good


async def test_a_start_needs_consent_and_a_face(ask: Ask, world: World) -> None:
    person = world["deskmate"]
    await FaceTemplate.filter(employee_id=person.employee_id).delete()
    assert (await ask(person, START, input={"kind": "IN"}))["startCheckIn"] == {"code": "NOT_ENROLLED"}
    await Consent.filter(employee_id=person.employee_id).update(withdrawn_at=world.now)
    assert (await ask(person, START, input={"kind": "IN"}))["startCheckIn"] == {"code": "CONSENT_MISSING"}
    assert (
        await CheckInNonce.filter(employee_id=person.employee_id, spent_at__isnull=True).count() == 1
    )  # planted


async def test_starts_are_limited_per_person(ask: Ask, world: World) -> None:
    most = int(STARTS_PER_PERSON.partition("/")[0])
    codes = [
        (await ask(world["deskmate"], START, input={"kind": "IN"}))["startCheckIn"].get("code")
        for _ in range(most + 2)
    ]
    assert codes == [None] * most + ["TOO_MANY_ATTEMPTS"] * 2
    assert "nonce" in (await ask(world["employee"], START, input={"kind": "IN"}))["startCheckIn"]
