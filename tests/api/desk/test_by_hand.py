"""The desk records who cannot be matched: by whom, about whom, once, and shown as such wherever it counts."""

import asyncio
import secrets
from datetime import timedelta
from typing import Any

import pytest

from api.attendance.models import AttendanceDay, CheckIn, CheckInState
from api.audit.models import AuditEntry
from api.core.errors import NotFound
from api.core.runtime import Runtime
from api.people import service as people
from api.people.models import AgencyRule, Employee
from tests.api.conftest import Ask
from tests.world import Person, World, jpeg

pytestmark = pytest.mark.anyio

START = (
    "mutation($id: UUID!) { startHandRecord(employeeId: $id) { __typename"
    " ... on HandRecordStart { upload { key url } } ... on Problem { code } } }"
)
RECORD = (
    "mutation($input: RecordPresenceInput!) { recordPresence(input: $input) { __typename"
    " ... on PresenceRecorded { repeated checkIn { id state method canContest reasons { code level }"
    " byHand { reason recorder { id } } evidence { frames { url } face { matched } } } }"
    " ... on InvalidInput { field message } ... on Problem { code nextStep } } }"
)
REASON = "Wajah tidak dikenali setelah lima kali"
LATER = timedelta(minutes=1)


async def upload(ask: Ask, runtime: Runtime, by: Person, person: Person, content: str = "at the desk") -> str:
    started = (await ask(by, START, id=str(person.employee_id)))["startHandRecord"]
    await runtime.storage.put(started["upload"]["key"], jpeg(content))
    return str(started["upload"]["key"])


async def record(ask: Ask, by: Person, person: Person, photograph: str | None, **more: Any) -> Any:
    given = {
        "employeeId": str(person.employee_id),
        "kind": "IN",
        "reason": REASON,
        "photograph": photograph,
        "idempotencyKey": secrets.token_hex(16),
        **more,
    }
    at = more.pop("at", None)
    given.pop("at", None)
    return (await ask(by, RECORD, at=at, input=given))["recordPresence"]


async def clear_today(person: Person) -> None:
    """Nobody has come yet."""
    await CheckIn.filter(id__in=[person.check_ins["accepted"], person.check_ins["pending"]]).delete()
    await AttendanceDay.filter(employee_id=person.employee_id).delete()


@pytest.mark.parametrize("by", ["supervisor", "desk_officer"])
async def test_it_counts_at_once_and_says_everywhere_who_recorded_it(
    ask: Ask, world: World, runtime: Runtime, by: str
) -> None:
    officer, person = world[by], world["deskmate"]
    await clear_today(person)
    answer = await record(ask, officer, person, await upload(ask, runtime, officer, person))
    assert answer["__typename"] == "PresenceRecorded", answer
    shown = answer["checkIn"]
    assert (shown["state"], shown["method"]) == ("ACCEPTED", "BY_HAND")
    assert shown["byHand"] == {"reason": REASON, "recorder": {"id": str(officer.employee_id)}}
    assert (shown["evidence"] is not None) is (by == "supervisor")
    row = await CheckIn.get(id=shown["id"])
    assert (row.received_at, row.settled_at, row.recorder_id) == (world.now, world.now, officer.employee_id)
    assert await runtime.storage.get(row.frames[0]) == jpeg("at the desk")
    [entry] = await AuditEntry.filter(action="presence.by_hand")
    assert (entry.actor_id, entry.subject_id, entry.object_name) == (
        officer.employee_id,
        person.employee_id,
        shown["id"],
    )
    recap = (
        "query($unit: UUID!, $id: UUID!) { attendanceCounts(unitId: $unit) { byHand in }"
        " attendance(unitId: $unit, filter: BY_HAND) { edges { node { byHand presence employee { id } } } }"
        ' checkIns(byHand: true, employeeId: $id, from: "2020-01-01") { edges { node { id } } }'
        " attendanceDay(employeeId: $id) { byHand inAt checkIns { method } } }"
    )
    told = await ask(officer, recap, unit=str(world.units["office"]), id=str(person.employee_id))
    assert told["attendanceCounts"]["byHand"] == 1
    [edge] = told["attendance"]["edges"]
    assert edge["node"] == {"byHand": True, "presence": "IN", "employee": {"id": str(person.employee_id)}}
    assert told["checkIns"]["edges"] == [{"node": {"id": shown["id"]}}]
    assert told["attendanceDay"]["checkIns"] == [{"method": "BY_HAND"}]


async def test_the_person_reads_who_and_why_and_may_contest_it(
    ask: Ask, world: World, runtime: Runtime
) -> None:
    officer, person = world["desk_officer"], world["deskmate"]
    made = await record(ask, officer, person, await upload(ask, runtime, officer, person))
    own = (
        "{ me { recentCheckIns(first: 1) { id canContest reasons { code nextStep }"
        " byHand { reason recorder { name } } evidence { frames { url } } } } }"
    )
    [shown] = (await ask(person, own))["me"]["recentCheckIns"]
    assert (shown["id"], shown["canContest"]) == (made["checkIn"]["id"], True)
    assert shown["byHand"] == {"reason": REASON, "recorder": {"name": officer.name}}
    assert shown["reasons"][0]["code"] == "RECORDED_BY_HAND"
    assert shown["reasons"][0]["nextStep"]
    assert len(shown["evidence"]["frames"]) == 1
    contest = (
        'mutation($id: UUID!) { contestCheckIn(input: {id: $id, reason: "I was on leave"}) { __typename } }'
    )
    assert (await ask(person, contest, id=shown["id"]))["contestCheckIn"]["__typename"] == "CheckInContested"
    waiting = "{ checkIns(waiting: true, first: 50) { edges { node { id canReview } } } }"
    listed = (await ask(world["supervisor"], waiting))["checkIns"]["edges"]
    assert {"node": {"id": shown["id"], "canReview": True}} in listed


async def test_nobody_decides_about_what_he_recorded(ask: Ask, world: World, runtime: Runtime) -> None:
    officer, person = world["supervisor"], world["deskmate"]
    await clear_today(person)
    made = await record(ask, officer, person, await upload(ask, runtime, officer, person))
    found = made["checkIn"]["id"]
    contest = (
        'mutation($id: UUID!) { contestCheckIn(input: {id: $id, reason: "I was on leave"}) { __typename } }'
    )
    await ask(person, contest, id=found)
    review = (
        'mutation($id: UUID!) { reviewCheckIn(input: {id: $id, decision: REJECT, reason: "It was so"})'
        " { __typename } }"
    )
    waiting = "{ checkIns(waiting: true, first: 50) { edges { node { id } } } }"
    assert {"node": {"id": found}} not in (await ask(officer, waiting))["checkIns"]["edges"]
    assert (await ask(officer, review, id=found))["reviewCheckIn"]["__typename"] == "NotAllowed"
    assert (await ask(world["hr_admin"], review, id=found))["reviewCheckIn"][
        "__typename"
    ] == "CheckInReviewed"
    day = await AttendanceDay.get(employee_id=person.employee_id, day=(await CheckIn.get(id=found)).day)
    assert (day.by_hand, day.in_at) == (False, None), "what was rejected counts nowhere"


@pytest.mark.parametrize(
    ("by", "whom", "outcome"),
    [
        ("supervisor", "supervisor", "NotAllowed"),
        ("desk_officer", "desk_officer", "NotAllowed"),
        ("hr_admin", "deskmate", "NotAllowed"),
        ("auditor", "deskmate", "NotAllowed"),
        ("employee", "deskmate", "NotFound"),
        ("supervisor", "colleague", "NotFound"),
        ("desk_officer", "easterner", "NotFound"),
        ("supervisor", "b:employee", "NotFound"),
        ("desk_officer", "retired", "NotFound"),
    ],
)
async def test_whom_one_may_not_record(ask: Ask, world: World, by: str, whom: str, outcome: str) -> None:
    officer, person = world[by], world[whom]
    before = await CheckIn.all().count()
    started = (await ask(officer, START, id=str(person.employee_id)))["startHandRecord"]
    assert started["__typename"] == outcome
    assert (await record(ask, officer, person, None))["__typename"] == outcome
    assert await CheckIn.all().count() == before


async def test_who_records_himself_is_told_whom_to_ask(ask: Ask, world: World) -> None:
    answer = await record(ask, world["supervisor"], world["supervisor"], None)
    assert "atasan lain" in answer["nextStep"]


async def test_five_at_once_make_one(ask: Ask, world: World, runtime: Runtime) -> None:
    officer, person = world["desk_officer"], world["deskmate"]
    photograph, key = await upload(ask, runtime, officer, person), secrets.token_hex(16)
    answers = await asyncio.gather(
        *(record(ask, officer, person, photograph, idempotencyKey=key) for _ in range(5))
    )
    assert {answer["__typename"] for answer in answers} == {"PresenceRecorded"}
    assert len({answer["checkIn"]["id"] for answer in answers}) == 1
    assert sorted(answer["repeated"] for answer in answers) == [False, True, True, True, True]
    assert await CheckIn.filter(idempotency_key=key).count() == 1
    assert await AuditEntry.filter(action="presence.by_hand").count() == 1
    names = [name for name, _ in await runtime.storage.names("frames") if "/by-hand/" in name]
    assert len(names) == 1, "the photographs of the others are gone"
    again = await record(ask, officer, person, photograph, idempotencyKey=key, kind="OUT")
    assert again["__typename"] == "IdempotencyConflict"
    other = await record(ask, world["supervisor"], person, None, idempotencyKey=key)
    assert other["__typename"] == "IdempotencyConflict"


async def test_an_equal_submission_that_was_faster_is_answered_for(
    ask: Ask, world: World, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer, person = world["desk_officer"], world["deskmate"]
    photograph, key = await upload(ask, runtime, officer, person), secrets.token_hex(16)
    read, faster = runtime.storage.read, []

    async def slower(name: str, most_bytes: int | None = None) -> tuple[bytes, bool]:
        monkeypatch.setattr(runtime.storage, "read", read)
        faster.append(await record(ask, officer, person, photograph, idempotencyKey=key))
        return await read(name, most_bytes)

    monkeypatch.setattr(runtime.storage, "read", slower)
    answer = await record(ask, officer, person, photograph, idempotencyKey=key)
    assert (answer["__typename"], answer.get("repeated")) == ("PresenceRecorded", True)
    assert answer["checkIn"]["id"] == faster[0]["checkIn"]["id"]


async def test_a_photograph_serves_one_record_of_one_person(ask: Ask, world: World, runtime: Runtime) -> None:
    officer = world["desk_officer"]
    photograph = await upload(ask, runtime, officer, world["deskmate"])
    for by, whom in (("desk_officer", "employee"), ("supervisor", "deskmate")):
        answer = await record(ask, world[by], world[whom], photograph)
        assert (answer["__typename"], answer["field"]) == ("InvalidInput", "photograph")
    assert (await record(ask, officer, world["deskmate"], photograph))["__typename"] == "PresenceRecorded"
    with pytest.raises(NotFound):
        await runtime.storage.get(photograph)
    assert (await record(ask, officer, world["deskmate"], photograph))["__typename"] == "UploadMissing"


async def test_what_is_sent_is_a_photograph(ask: Ask, world: World, runtime: Runtime) -> None:
    officer, person = world["desk_officer"], world["deskmate"]
    key = await upload(ask, runtime, officer, person)
    await runtime.storage.put(key, b"%PDF-1.7")
    assert (await record(ask, officer, person, key))["field"] == "photograph"


async def test_a_photograph_is_left_out_only_where_the_agency_says_so(ask: Ask, world: World) -> None:
    officer, person = world["desk_officer"], world["deskmate"]
    asked = "{ me { desk { needsPhotograph units { id } } } }"
    desk = (await ask(officer, asked))["me"]["desk"]
    assert desk == {"needsPhotograph": True, "units": [{"id": str(world.units["office"])}]}
    assert (await record(ask, officer, person, None))["field"] == "photograph"
    await AgencyRule.create(
        agency_id=world.agencies["a"],
        topic="desk",
        parameters={"photograph": "optional"},
        valid_from=world.now.date() - timedelta(days=1),
    )
    people.forget_rules()
    assert (await ask(officer, asked))["me"]["desk"]["needsPhotograph"] is False
    assert (await record(ask, officer, person, None))["__typename"] == "PresenceRecorded"


@pytest.mark.parametrize("reason", ["", "four", "x" * 501])
async def test_a_reason_says_why(ask: Ask, world: World, reason: str) -> None:
    answer = await record(ask, world["desk_officer"], world["deskmate"], None, reason=reason)
    assert (answer["__typename"], answer["field"]) == ("InvalidInput", "reason")


async def test_whoever_watches_is_told(ask: Ask, world: World, runtime: Runtime) -> None:
    officer, person = world["desk_officer"], world["deskmate"]
    photograph = await upload(ask, runtime, officer, person)
    told: list[Any] = []
    runtime.events.changed = told.append  # type: ignore[method-assign]  # what is rung, not how it rings
    await record(ask, officer, person, photograph)
    assert [(change.topic, change.employee_id) for change in told] == [("attendance", person.employee_id)]


async def test_people_are_found_by_the_last_digits(ask: Ask, world: World) -> None:
    query = "query($s: String!) { employees(search: $s) { edges { node { nip } } } }"
    person = world["deskmate"]
    found = (await ask(world["desk_officer"], query, s=person.nip[-6:]))["employees"]["edges"]
    assert {"node": {"nip": person.nip}} in found
    everybody = await Employee.filter(nip__endswith=person.nip[-6:]).count()
    assert len(found) <= everybody


async def test_the_person_is_told_whom_to_ask(ask: Ask, world: World) -> None:
    query = "{ me { deskContacts { name office } desk { needsPhotograph } } }"
    told = (await ask(world["deskmate"], query))["me"]
    names = [contact["name"] for contact in told["deskContacts"]]
    assert names == [world["desk_officer"].name, world["supervisor"].name], "the desk's own officer first"
    assert told["desk"] is None
    assert (await ask(world["supervisor"], query))["me"]["deskContacts"][0]["name"] == names[0]


async def test_the_state_that_is_shown_is_accepted(ask: Ask, world: World, runtime: Runtime) -> None:
    officer, person = world["desk_officer"], world["deskmate"]
    await record(ask, officer, person, await upload(ask, runtime, officer, person), kind="OUT")
    newest = await CheckIn.filter(recorder_id=officer.employee_id, employee_id=person.employee_id).get()
    assert (newest.state, newest.kind.value) == (CheckInState.ACCEPTED, "OUT")
