"""Moves asked for at the start, bound to the nonce, and what is refused of a burst before anybody looks at it."""

import secrets
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from api import agency_rules
from api.attendance.models import CheckIn, CheckInNonce, CheckInState
from api.attendance.service import settle
from api.attendance.service.accept import JOB
from api.attendance.service.case import FaceFindings
from api.attendance.service.start import LIFETIME, MOST_FRAMES, STARTS_PER_PERSON
from api.biometrics.moves import BurstFrame, Move
from api.biometrics.rules import FrameFacts
from api.core import outbox
from api.people.models import Agency, AgencyRule
from tests.api.acceptance.conftest import CLEAR, NOT_SENT_BEFORE, Desk, Input, accepted
from tests.world import Person, World, jpeg

pytestmark = pytest.mark.anyio

START = (
    "mutation($input: StartCheckInInput!) { startCheckIn(input: $input) { __typename"
    " ... on CheckInStart { nonce kind challenge { kind instruction } uploads { key } }"
    " ... on Problem { code message nextStep } } }"
)
SUBMIT = (
    "mutation($input: CheckInInput!) { checkIn(input: $input) { __typename"
    " ... on CheckInAccepted { checkIn { id } } ... on Problem { code message nextStep } } }"
)
SHOW = (
    "query($id: UUID!) { checkIn(id: $id) { state canChallenge canContest canReview supersededBy"
    " reasons { code nextStep } evidence { moves { asked { kind seen }"
    " frames { seconds shows yaw nose eyes size alike likeness faces } } } } }"
)
LOOK = BurstFrame(
    at=0, faces=1, x=0.4, y=0.5, size=0.3, yaw=3.0, nose=0.02, eyes=0.95, alike=0.9, likeness=0.8
)
SHOWN: dict[Move, dict[str, float]] = {
    Move.TURN_LEFT: {"yaw": -11.0, "nose": 0.2},
    Move.TURN_RIGHT: {"yaw": 18.0, "nose": -0.2},
    Move.BLINK: {"eyes": 0.03},
    Move.COME_CLOSER: {"size": 0.4},
}


async def choose(world: World, **policy: Any) -> None:
    agency = await Agency.get(id=world.agencies["a"])
    await AgencyRule.filter(agency=agency, topic="challenge").delete()
    await agency_rules.write(agency, "challenge", policy, date(2020, 1, 1))


async def start(desk: Desk, person: Person, at: datetime, **wish: Any) -> dict[str, Any]:
    await desk.runtime.attempts.forgive(STARTS_PER_PERSON, "start", str(person.employee_id))
    answer = await desk.ask(person.api_token, START, at=at, input={"kind": "IN", **wish})
    return dict(answer["startCheckIn"])


async def burst(desk: Desk, person: Person, at: datetime, **wish: Any) -> tuple[Input, list[Move]]:
    """A submission with moves, taken one half second after the other, its photographs in place."""
    started = await start(desk, person, at, **wish)
    asked = [Move(step["kind"]) for step in started["challenge"]]
    keys = [upload["key"] for upload in started["uploads"]][: 1 + 2 * (len(asked) - 1)]
    for key in keys:
        await desk.runtime.storage.put(key, jpeg(secrets.token_hex(8)))
    sent = {
        "nonce": started["nonce"],
        "frames": keys,
        "capturedAt": [(at + timedelta(seconds=1 + n / 2)).isoformat() for n in range(len(keys))],
        "fixes": [await desk.fix(person, at)],
        "idempotencyKey": secrets.token_hex(16),
        "deviceId": wish.get("deviceId", "a new phone"),
    }
    return sent, asked[1:]


def frames(*moves: Move) -> list[BurstFrame]:
    shown = [{}, *(change for move in moves for change in (SHOWN[move], {}))]
    made = [BurstFrame(**{**_figures(), "at": 0.5 * n, **change}) for n, change in enumerate(shown)]
    return [BurstFrame(**{**_figures(), "alike": None, "likeness": None}), *made[1:]]


def _figures() -> dict[str, Any]:
    return {name: getattr(LOOK, name) for name in LOOK.__slots__}


async def settled(
    desk: Desk, sent: Input, at: datetime, seen: list[BurstFrame], face: FrameFacts = CLEAR
) -> CheckIn:
    [row] = await desk.made(sent)
    claims = await outbox.claim(JOB, most=1_000, lease_seconds=30)
    [claim] = [claim for claim in claims if claim.subject_id == row.id]
    await outbox.give_back([other for other in claims if other is not claim], delay_seconds=0)
    case = await settle.open_case(row.id)
    assert case is not None
    found = FaceFindings(
        True, [face, face], model_id="m", liveness_model_id="l", past=NOT_SENT_BEFORE, burst=seen
    )
    judged = await settle.settle(desk.runtime, claim, case, found, at)
    assert judged is not None
    return judged


async def shown(desk: Desk, person: Person, row: CheckIn, at: datetime) -> dict[str, Any]:
    return dict((await desk.ask(person, SHOW, at=at, id=str(row.id)))["checkIn"])


async def test_who_is_asked_for_moves_is_led_by_the_server(desk: Desk, world: World) -> None:
    await choose(world, mode="ALWAYS")
    orders = set()
    people = [person for person in world.people.values() if person.agency == "a" and person.active]
    for person in people:
        started = await start(desk, person, world.now)
        kinds = [step["kind"] for step in started["challenge"]]
        assert kinds[0] == "LOOK"
        assert 2 <= len(set(kinds[1:])) == len(kinds[1:]) <= 3
        assert all(step["instruction"] for step in started["challenge"])
        assert len(started["uploads"]) == MOST_FRAMES
        nonce = await CheckInNonce.filter(employee_id=person.employee_id).order_by("-id").first()
        assert nonce is not None
        assert nonce.moves == kinds[1:]
        orders.add(tuple(kinds))
    assert len(people) > 5
    assert len(orders) > 1, "by chance"


async def test_asking_again_draws_no_other_moves_until_something_was_sent(desk: Desk, world: World) -> None:
    person, at = world["deskmate"], world.now
    await choose(world, mode="ALWAYS")
    first = (await start(desk, person, at))["challenge"]
    for _ in range(12):
        assert (await start(desk, person, at))["challenge"] == first
    orders = [first]
    for minute in range(1, 6):
        then = at + timedelta(minutes=minute)
        sent, _ = await burst(desk, person, then)
        accepted(await desk.send(person, sent, then + timedelta(seconds=8)))
        orders.append((await start(desk, person, then))["challenge"])
    assert any(order != first for order in orders)


async def test_an_agency_that_chose_passive_asks_for_a_look_alone(desk: Desk, world: World) -> None:
    started = await start(desk, world["deskmate"], world.now, deviceId="never seen")
    assert [step["kind"] for step in started["challenge"]] == ["LOOK"]
    assert len(started["uploads"]) == 1


async def test_a_new_device_is_asked_once(desk: Desk, world: World) -> None:
    person, at = world["deskmate"], world.now
    await choose(world, one_in=0, device_days=10)
    sent, asked = await burst(desk, person, at, deviceId="her new phone")
    assert asked
    accepted(await desk.send(person, sent, at + timedelta(seconds=6)))
    judged = await settled(desk, sent, at, frames(*asked))
    assert judged.state == CheckInState.ACCEPTED
    again = await start(desk, person, at, deviceId="her new phone")
    assert [step["kind"] for step in again["challenge"]] == ["LOOK"]
    for other in ("", "another phone"):
        assert len((await start(desk, person, at, deviceId=other))["challenge"]) > 1
    later = at + timedelta(days=11)
    assert len((await start(desk, person, later, deviceId="her new phone"))["challenge"]) > 1
    assert len((await start(desk, world["employee"], at, deviceId="her new phone"))["challenge"]) > 1


def moved(sent: Input, seconds: float) -> list[str]:
    return [
        (datetime.fromisoformat(time) + timedelta(seconds=seconds)).isoformat() for time in sent["capturedAt"]
    ]


def stretched(sent: Input, seconds: float) -> list[str]:
    first = datetime.fromisoformat(sent["capturedAt"][0])
    return [*sent["capturedAt"][:-1], (first + timedelta(seconds=seconds)).isoformat()]


@pytest.mark.parametrize(
    ("change", "later", "code"),
    [
        (lambda sent: {"capturedAt": []}, 8, "CAPTURE_MISSING"),
        (lambda sent: {"capturedAt": sent["capturedAt"][::-1]}, 8, "CAPTURE_UNORDERED"),
        (lambda sent: {"capturedAt": sent["capturedAt"][:1] * len(sent["frames"])}, 8, "CAPTURE_UNORDERED"),
        (lambda sent: {"capturedAt": moved(sent, 3600)}, 8, "CAPTURE_AHEAD"),
        (lambda sent: {"capturedAt": moved(sent, 10)}, 8, "CAPTURE_AHEAD"),
        (lambda sent: {"capturedAt": moved(sent, -86_400)}, 8, "CAPTURE_EARLY"),
        (lambda sent: {"capturedAt": moved(sent, -5)}, 8, "CAPTURE_EARLY"),
        (lambda sent: {"capturedAt": stretched(sent, 31)}, 60, "CAPTURE_TOO_LONG"),
        (lambda sent: {"capturedAt": stretched(sent, 400)}, 500, "CAPTURE_TOO_LONG"),
        (lambda sent: {"capturedAt": sent["capturedAt"][1:]}, 8, "INVALID_INPUT"),
        (lambda sent: {"frames": [*sent["frames"][:-1], sent["frames"][0]]}, 8, "FRAME_TWICE"),
        (lambda sent: {"nonce": "x" * 43, "frames": []}, 8, "INVALID_INPUT"),
        (lambda sent: {}, LIFETIME.total_seconds(), "NONCE_EXPIRED"),
    ],
)
async def test_what_is_no_burst_taken_now_is_refused_by_name(
    desk: Desk, world: World, change: Any, later: float, code: str
) -> None:
    person, at = world["deskmate"], world.now
    await choose(world, mode="ALWAYS")
    sent, _ = await burst(desk, person, at)
    then = at + timedelta(seconds=later)
    wrong = {**sent, "fixes": [await desk.fix(person, then)], **change(sent)}
    problem = (await desk.ask(person, SUBMIT, at=then, input=wrong))["checkIn"]
    assert problem["code"] == code
    assert problem["nextStep"]
    assert await desk.made(sent) == []
    if later < 30:  # the nonce stays good
        accepted(await desk.send(person, sent, then))


async def test_a_nonce_that_was_spent_says_so(desk: Desk, world: World) -> None:
    person, at = world["deskmate"], world.now
    await choose(world, mode="ALWAYS")
    sent, _ = await burst(desk, person, at)
    then = at + timedelta(seconds=8)
    accepted(await desk.send(person, sent, then))
    again = {**sent, "idempotencyKey": secrets.token_hex(16)}
    assert (await desk.ask(person, SUBMIT, at=then, input=again))["checkIn"]["code"] == "NONCE_SPENT"
    stolen = {**again, "nonce": "n" * 43, "frames": [], "capturedAt": []}
    key = f"frames/{world.agencies['a']}/x/0"
    assert (await desk.ask(person, SUBMIT, at=then, input={**stolen, "frames": [key]}))["checkIn"][
        "code"
    ] == "INVALID_INPUT"


async def test_a_phone_whose_clock_lags_by_its_line_is_not_turned_away(desk: Desk, world: World) -> None:
    person, at = world["deskmate"], world.now
    await choose(world, mode="ALWAYS")
    sent, _ = await burst(desk, person, at)
    sent["capturedAt"] = moved(
        sent, -2
    )  # the answer took a second to arrive, and the phone knows nothing of it
    accepted(await desk.send(person, sent, at + timedelta(seconds=8)))


async def test_moves_that_were_not_seen_go_to_a_person_with_a_hint(desk: Desk, world: World) -> None:
    person, at = world["deskmate"], world.now
    await choose(world, mode="ALWAYS")
    sent, asked = await burst(desk, person, at)
    accepted(await desk.send(person, sent, at + timedelta(seconds=8)))
    row = await settled(desk, sent, at, frames(*asked[:-1]))
    found = await shown(desk, person, row, at)
    assert (found["state"], found["canChallenge"]) == ("REVIEW", True)
    assert found["reasons"][0]["code"] == f"{asked[-1]}_NOT_SEEN"
    assert found["reasons"][0]["nextStep"]
    moves = found["evidence"]["moves"]
    assert [step["seen"] for step in moves["asked"]] == [True] * (len(asked) - 1) + [False]
    assert len(moves["frames"]) == 2 * len(asked) - 1
    assert moves["frames"][1]["shows"] == asked[0].value


async def test_a_burst_that_nobody_could_look_at_is_not_checked(desk: Desk, world: World) -> None:
    person, at = world["deskmate"], world.now
    await choose(world, mode="ALWAYS")
    sent, _ = await burst(desk, person, at)
    accepted(await desk.send(person, sent, at + timedelta(seconds=8)))
    row = await settled(desk, sent, at, [])
    found = await shown(desk, person, row, at)
    assert (found["state"], found["canChallenge"]) == ("REVIEW", False)
    assert "MOVES_NOT_CHECKED" in [reason["code"] for reason in found["reasons"]]


async def doubted(desk: Desk, world: World, person: Person, at: datetime, **face: Any) -> CheckIn:
    """A check-in without moves that asks for one more step."""
    await choose(world, one_in=0, on=["LIVENESS"], most_moves=2)
    sent = await desk.start(person, at)
    taken = accepted(await desk.send(person, sent, at))
    fields = {name: getattr(CLEAR, name) for name in CLEAR.__slots__}
    return await desk.settled(taken["checkIn"]["id"], at, FrameFacts(**{**fields, "liveness": 0.7, **face}))


async def test_a_doubt_is_settled_by_one_more_step(desk: Desk, world: World) -> None:
    person, at = world["deskmate"], world.now
    earlier = await doubted(desk, world, person, at)
    found = await shown(desk, person, earlier, at)
    assert (found["state"], found["canChallenge"]) == ("REVIEW", True)
    assert found["reasons"][0]["code"] == "CHALLENGE_ASKED"
    then = at + timedelta(minutes=1)
    sent, asked = await burst(desk, person, then, after=str(earlier.id))
    assert asked
    accepted(await desk.send(person, sent, then + timedelta(seconds=8)))
    late = await settled(desk, sent, then, frames(*asked))
    assert late.state == CheckInState.ACCEPTED
    closed = await shown(desk, person, earlier, then)
    assert (closed["state"], closed["supersededBy"]) == ("SUPERSEDED", str(late.id))
    assert (closed["canChallenge"], closed["canContest"]) == (False, False)
    assert (await shown(desk, world["supervisor"], earlier, then))["canReview"] is False
    assert (await start(desk, person, then, after=str(earlier.id)))["code"] == "ALREADY_DECIDED"


async def test_a_chain_of_tries_is_closed_by_the_one_that_passes(desk: Desk, world: World) -> None:
    person, at = world["deskmate"], world.now
    first = await doubted(desk, world, person, at)
    tries = [first]
    for minutes in (1, 2):
        then = at + timedelta(minutes=minutes)
        sent, asked = await burst(desk, person, then, after=str(tries[-1].id))
        accepted(await desk.send(person, sent, then + timedelta(seconds=8)))
        tries.append(await settled(desk, sent, then, frames(*(asked if minutes == 2 else asked[:1]))))
    states = [(await CheckIn.get(id=row.id)).state for row in tries]
    assert states == [CheckInState.SUPERSEDED, CheckInState.SUPERSEDED, CheckInState.ACCEPTED]


async def test_without_the_step_it_stays_in_review(desk: Desk, world: World) -> None:
    person, at = world["deskmate"], world.now
    earlier = await doubted(desk, world, person, at)
    sent, _ = await burst(desk, person, at, after=str(earlier.id))
    accepted(await desk.send(person, sent, at + timedelta(seconds=8)))
    await settled(desk, sent, at, frames())
    assert (await CheckIn.get(id=earlier.id)).state == CheckInState.REVIEW


async def test_a_person_s_decision_is_not_overtaken(desk: Desk, world: World) -> None:
    person, at = world["deskmate"], world.now
    earlier = await doubted(desk, world, person, at)
    sent, asked = await burst(desk, person, at, after=str(earlier.id))
    accepted(await desk.send(person, sent, at + timedelta(seconds=8)))
    review = "mutation($input: ReviewCheckInInput!) { reviewCheckIn(input: $input) { __typename } }"
    given = {"id": str(earlier.id), "decision": "REJECT", "reason": "Not on duty that day."}
    assert (await desk.ask(world["supervisor"], review, at=at, input=given))["reviewCheckIn"] == {
        "__typename": "CheckInReviewed"
    }
    await settled(desk, sent, at, frames(*asked))
    assert (await CheckIn.get(id=earlier.id)).state == CheckInState.REFUSED


@pytest.mark.parametrize("other", ["employee", "supervisor", "agency_admin", "b:employee"])
async def test_nobody_makes_moves_in_another_s_place(desk: Desk, world: World, other: str) -> None:
    at = world.now
    earlier = await doubted(desk, world, world["deskmate"], at)
    answer = await start(desk, world[other], at, after=str(earlier.id))
    assert answer["code"] in ("NOT_FOUND", "ALREADY_DECIDED")
    assert await CheckInNonce.filter(supersedes_id=earlier.id).count() == 0


async def test_yesterday_s_doubt_is_a_person_s_to_settle(desk: Desk, world: World) -> None:
    person, at = world["deskmate"], world.now
    earlier = await doubted(desk, world, person, at)
    assert (await start(desk, person, at + timedelta(days=1), after=str(earlier.id)))[
        "code"
    ] == "ALREADY_DECIDED"


@pytest.mark.parametrize("face", [{"liveness": 0.2}, {"similarities": (0.1,)}, {"similarities": (0.4,)}])
async def test_what_moves_cannot_mend_asks_for_none(desk: Desk, world: World, face: dict[str, Any]) -> None:
    row = await doubted(desk, world, world["deskmate"], world.now, **face)
    assert (await shown(desk, world["deskmate"], row, world.now))["canChallenge"] is False
