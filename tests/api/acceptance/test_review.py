"""People decide: once, about others, with a reason, and it is written down who."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from api.attendance.models import AttendanceDay, CheckIn, CheckInKind, CheckInState
from api.audit.models import AuditEntry
from api.people.models import RoleAssignment
from tests.api.conftest import Ask
from tests.world import Person, World

pytestmark = pytest.mark.anyio

FIELDS = (
    "checkIn { id state canReview canContest contestReason review { decision reason reviewer { id } at } }"
)
REVIEW = (
    "mutation($id: UUID!, $decision: ReviewDecision!, $reason: String!) {"
    " reviewCheckIn(input: {id: $id, decision: $decision, reason: $reason}) { __typename"
    f" ... on CheckInReviewed {{ {FIELDS} }} ... on InvalidInput {{ field }} }} }}"
)
CONTEST = (
    "mutation($id: UUID!, $reason: String!) { contestCheckIn(input: {id: $id, reason: $reason}) { __typename"
    f" ... on CheckInContested {{ {FIELDS} }} ... on InvalidInput {{ field }} }} }}"
)
REASON = "Bertugas di luar, surat tugas terlampir"


async def review(
    ask: Ask, by: Person, check_in: object, decision: str = "CONFIRM", reason: str = REASON
) -> Any:
    return (await ask(by, REVIEW, id=str(check_in), decision=decision, reason=reason))["reviewCheckIn"]


async def contest(ask: Ask, by: Person, check_in: object, reason: str = REASON) -> Any:
    return (await ask(by, CONTEST, id=str(check_in), reason=reason))["contestCheckIn"]


async def recounted(person: Person, row: CheckIn) -> bool:
    """Whether the day says what its check-ins say, counted here a second time."""
    day = await AttendanceDay.get(employee_id=person.employee_id, day=row.day)
    rows = await CheckIn.filter(employee_id=person.employee_id, day=row.day)
    counted = [r for r in rows if r.state in (CheckInState.ACCEPTED, CheckInState.FLAGGED)]
    came = min((r.received_at for r in counted if r.kind == CheckInKind.IN), default=None)
    went = max((r.received_at for r in counted if r.kind == CheckInKind.OUT), default=None)
    flagged = any(r.state is CheckInState.FLAGGED for r in rows)
    waits = any(r.state is CheckInState.REVIEW or (r.contested_at and not r.review_decision) for r in rows)
    return (day.in_at, day.out_at, day.flagged, day.needs_review) == (came, went, flagged, waits)


@pytest.mark.parametrize(("decision", "state"), [("CONFIRM", "ACCEPTED"), ("REJECT", "REFUSED")])
@pytest.mark.parametrize("name", ["accepted", "flagged", "review", "refused", "home"])
async def test_a_decision_stands_with_its_reason_and_its_name(
    ask: Ask, world: World, name: str, decision: str, state: str
) -> None:
    by, person = world["supervisor"], world["employee"]
    found = person.check_ins[name]
    answer = await review(ask, by, found, decision, f"  {REASON}  ")
    shown = answer["checkIn"]
    assert (answer["__typename"], shown["state"], shown["canReview"]) == ("CheckInReviewed", state, False)
    assert (shown["review"]["decision"], shown["review"]["reason"]) == (decision, REASON)
    assert shown["review"]["reviewer"]["id"] == str(by.employee_id)
    row = await CheckIn.get(id=found)
    assert (row.reviewed_at, row.reviewer_id) == (world.now, by.employee_id)
    assert await recounted(person, row)
    [entry] = await AuditEntry.filter(action=f"check_in.{decision.lower()}")
    assert (entry.actor_id, entry.subject_id, entry.object_name) == (
        by.employee_id,
        person.employee_id,
        str(found),
    )
    told = await ask(person, "query($id: UUID!) { checkIn(id: $id) { review { reason } } }", id=str(found))
    assert told["checkIn"]["review"]["reason"] == REASON


async def test_a_decision_falls_once(ask: Ask, world: World) -> None:
    found = world["employee"].check_ins["review"]
    assert (await review(ask, world["supervisor"], found))["__typename"] == "CheckInReviewed"
    for by in ("supervisor", "hr_admin"):
        assert (await review(ask, world[by], found, "REJECT"))["__typename"] == "AlreadyDecided"
    assert (await CheckIn.get(id=found)).state is CheckInState.ACCEPTED
    assert await AuditEntry.filter(object_name=str(found)).count() == 1


async def test_of_two_who_decide_at_once_one_does(ask: Ask, world: World) -> None:
    found = world["employee"].check_ins["review"]
    ways = [("supervisor", "CONFIRM"), ("hr_admin", "REJECT")] * 4
    answers = await asyncio.gather(*(review(ask, world[by], found, decision) for by, decision in ways))
    assert sorted(answer["__typename"] for answer in answers) == ["AlreadyDecided"] * 7 + ["CheckInReviewed"]
    [entry] = await AuditEntry.filter(object_name=str(found))
    row = await CheckIn.get(id=found)
    assert entry.actor_id == row.reviewer_id
    assert entry.action == f"check_in.{row.review_decision.value.lower()}"  # type: ignore[union-attr]


async def test_nobody_decides_about_himself_or_before_the_verdict(ask: Ask, world: World) -> None:
    own = await review(ask, world["supervisor"], world["supervisor"].check_ins["review"])
    assert own["__typename"] == "NotAllowed"
    pending = await review(ask, world["supervisor"], world["employee"].check_ins["pending"])
    assert pending["__typename"] == "AlreadyDecided"
    assert (await CheckIn.get(id=world["employee"].check_ins["pending"])).state is CheckInState.PENDING


@pytest.mark.parametrize(
    ("reason", "good"),
    [("", False), ("    ", False), ("four", False), (" four ", False), ("fives", True), ("x" * 500, True),
     ("x" * 501, False)],
)  # fmt: skip
async def test_a_reason_is_five_to_five_hundred_letters(
    ask: Ask, world: World, reason: str, good: bool
) -> None:
    employee, refused = world["employee"], {"__typename": "InvalidInput", "field": "reason"}
    reviewed = await review(ask, world["supervisor"], employee.check_ins["review"], reason=reason)
    contested = await contest(ask, employee, employee.check_ins["refused"], reason)
    assert [answer == refused for answer in (reviewed, contested)] == [not good] * 2


async def test_a_second_look_is_asked_for_once(ask: Ask, world: World) -> None:
    person = world["employee"]
    answer = await contest(ask, person, person.check_ins["refused"])
    assert answer["checkIn"]["state"] == "REVIEW"
    assert (answer["checkIn"]["contestReason"], answer["checkIn"]["canContest"]) == (REASON, False)
    row = await CheckIn.get(id=person.check_ins["refused"])
    assert row.contested_at == world.now
    assert await recounted(person, row)
    assert (await contest(ask, person, row.id))["__typename"] == "AlreadyDecided"
    assert (await review(ask, world["supervisor"], row.id))["checkIn"]["state"] == "ACCEPTED"
    assert (await contest(ask, person, row.id))["__typename"] == "AlreadyDecided"


@pytest.mark.parametrize(
    ("name", "outcome"),
    [("refused", "CheckInContested"), ("review", "CheckInContested"), ("accepted", "AlreadyDecided"),
     ("pending", "AlreadyDecided"), ("decided", "AlreadyDecided"), ("flagged", "AlreadyDecided")],
)  # fmt: skip
async def test_what_can_be_contested(ask: Ask, world: World, name: str, outcome: str) -> None:
    """The flagged one was contested before; it can be again once that is undone."""
    person = world["employee"]
    query = "query($id: UUID!) { checkIn(id: $id) { canContest } }"
    shown = (await ask(person, query, id=str(person.check_ins[name])))["checkIn"]["canContest"]
    before = await CheckIn.get(id=person.check_ins[name])
    assert (await contest(ask, person, person.check_ins[name]))["__typename"] == outcome
    assert shown is (outcome == "CheckInContested")
    after = await CheckIn.get(id=person.check_ins[name])
    assert (after.state == before.state) is (name != "refused")
    if name == "flagged":
        await CheckIn.filter(id=after.id).update(contested_at=None)
        assert (await contest(ask, person, after.id))["checkIn"]["state"] == "FLAGGED"


async def test_only_the_person_contests(ask: Ask, world: World) -> None:
    found = world["employee"].check_ins["refused"]
    assert (await contest(ask, world["supervisor"], found))["__typename"] == "NotAllowed"
    assert (await contest(ask, world["deskmate"], found))["__typename"] == "NotFound"


async def test_a_right_that_ended_yesterday_decides_nothing(ask: Ask, world: World) -> None:
    by = world["supervisor"]
    await RoleAssignment.filter(employee_id=by.employee_id).update(
        valid_until=world.now.date() - timedelta(days=1)
    )
    assert (await review(ask, by, world["employee"].check_ins["review"]))["__typename"] == "NotFound"
