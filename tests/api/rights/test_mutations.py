"""Every mutation, with everybody else's identifiers, by everybody: refused in words, and no row of theirs moved.

A mutation that has no probe here fails.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from graphql import is_required_argument

from api.attendance.service.start import frame_key
from api.biometrics.consent import VERSION
from api.biometrics.service import folder_of
from api.core.policy import Role
from api.core.runtime import Runtime
from tests.api.canaries import Kind
from tests.api.conftest import Answer, Ask
from tests.api.generator import documents, root
from tests.api.oracle import Oracle
from tests.api.rows import dump, without
from tests.world import COMPANIES, Person, World, cast, jpeg

pytestmark = pytest.mark.anyio

Variables = dict[str, Any]
ACTORS = [person.key for person in cast()]
#: One of each relation to anybody: same office, above, next office, far office, another agency on the same path.
VICTIMS = ["employee", "deskmate", "supervisor", "colleague", "easterner", "b:employee"]
REASON = "a reason of sufficient length"
NOBODY = UUID(int=0xDEAD)

#: Mutations that name something of somebody's: what to send to reach what is the victim's.
AGAINST: dict[str, Callable[[World, Person, Person | None], list[Variables]]] = {
    "login": lambda world, victim, actor: [{"input": {"nip": victim.nip, "password": "a guess"}}],
    "endSession": lambda world, victim, actor: [{"id": victim.session_id}, {"id": victim.api_token_id}],
    "revokeApiToken": lambda world, victim, actor: [{"id": victim.api_token_id}, {"id": victim.session_id}],
    "enrolFace": lambda world, victim, actor: [{"input": {"uploads": [enrolment_key(world, victim)]}}],
    "checkIn": lambda world, victim, actor: [
        submission(world, victim.nonce, frame_key(world.agencies[victim.agency], victim.nonce, 0)),
        *(
            [submission(world, victim.nonce, frame_key(world.agencies[actor.agency], victim.nonce, 0))]
            if actor
            else []
        ),
        *(
            [submission(world, actor.nonce, frame_key(world.agencies[victim.agency], victim.nonce, 0))]
            if actor
            else []
        ),
    ],
    "reviewCheckIn": lambda world, victim, actor: [
        {"input": {"id": found, "decision": decision, "reason": REASON}}
        for found in victim.check_ins.values()
        for decision in ("CONFIRM", "REJECT")
    ],
    "decideCalibration": lambda world, victim, actor: [
        {"id": world.calibrations[victim.agency], "accept": accept} for accept in (True, False)
    ],
    "vouchEnrolment": lambda world, victim, actor: [
        {"input": {"id": found, "decision": decision, "reason": REASON}}
        for found in victim.enrolments.values()
        for decision in ("CONFIRM", "REFUSE")
    ],
    "contestCheckIn": lambda world, victim, actor: [
        {"input": {"id": found, "reason": REASON}} for found in victim.check_ins.values()
    ],
}
AGAINST |= {
    "resetPassword": lambda world, victim, actor: [{"employeeId": victim.employee_id}],
    "startHandRecord": lambda world, victim, actor: [{"employeeId": victim.employee_id}],
    "recordPresence": lambda world, victim, actor: [
        presence(world, victim, by) for by in (actor, victim) if by
    ],
}
#: Mutations that can only concern whoever sends them.
OF_ONESELF: dict[str, Variables] = {
    "createApiToken": {"name": "a program"},
    "changePassword": {"current": "not the password", "new": "another sentence"},
    "giveConsent": {"purpose": "FACE_RECOGNITION", "version": VERSION},
    "startEnrolment": {},
    "startCheckIn": {"input": {"kind": "IN", "frames": 2}},
    "withdrawConsent": {"purpose": "FACE_RECOGNITION"},
    "objectToBiometrics": {},
    "takeBackObjection": {},
    "logout": {},
}
REFUSALS = {
    "NotFound", "NotAllowed", "InvalidInput", "NonceUnusable", "UploadMissing", "LoginFailed", "TooManyAttempts",
}  # fmt: skip


def test_every_mutation_has_a_probe() -> None:
    assert set(root("mutation").fields) == {*AGAINST, *OF_ONESELF}


@pytest.mark.parametrize("company", COMPANIES)
async def test_nobody_moves_what_is_not_his(
    ask: Ask, world: World, runtime: Runtime, company: tuple[str | None, ...]
) -> None:
    await lay_out_uploads(world, runtime)
    for key in company:
        await tries_everything(ask, world, world[key] if key else None)


async def tries_everything(ask: Ask, world: World, person: Person | None) -> None:
    actor = person if person and person.active else None
    own, oracle = actor.key if actor else None, Oracle(world, actor)
    for name in (*AGAINST, *OF_ONESELF):
        before = without(await dump(), world, own)
        for variables in tries(name, world, actor):
            answer = await attempt(ask, oracle, person, name, variables)
            if name in AGAINST or actor is None:
                assert refused(answer, name, actor), (own, name, variables, answer)
        assert without(await dump(), world, own) == before, f"{name} by {own} changed what is not his"


async def test_what_may_not_be_seen_is_refused_as_what_does_not_exist(ask: Ask, world: World) -> None:
    for key in ACTORS:
        oracle = Oracle(world, world[key])
        for name in ("reviewCheckIn", "contestCheckIn", "startHandRecord", "vouchEnrolment"):
            nothing = await attempt(ask, oracle, world[key], name, mention(name, NOBODY))
            sight = Kind.FACE if name == "vouchEnrolment" else Kind.ATTENDANCE
            for victim in VICTIMS:
                if not oracle.may(victim, sight):
                    found = mention(name, named_of(name, world[victim]))
                    assert (await attempt(ask, oracle, world[key], name, found)) == nothing, (
                        key,
                        name,
                        victim,
                    )


def tries(name: str, world: World, actor: Person | None) -> list[Variables]:
    if name in OF_ONESELF:
        return [OF_ONESELF[name]]
    victims = [world[key] for key in VICTIMS if actor is None or key != actor.key]
    if name in ("reviewCheckIn", "vouchEnrolment"):
        # Whose superior the actor is he may decide about; that nobody may about himself is a try as well.
        victims = [world[key] for key in VICTIMS if not may_review(world, actor, world[key])]
    if name == "resetPassword":
        victims = [world[key] for key in VICTIMS if not may_open_account(world, actor, world[key])]
    if name in ("startHandRecord", "recordPresence"):
        victims = [world[key] for key in VICTIMS if not may_record(world, actor, world[key])]
    if name == "decideCalibration" and actor is not None and actor.role is Role.AGENCY_ADMIN:
        victims = [victim for victim in victims if victim.agency != actor.agency]
    return [variables for victim in victims for variables in AGAINST[name](world, victim, actor)]


def may_review(world: World, actor: Person | None, victim: Person) -> bool:
    return (
        actor is not None
        and actor.key != victim.key
        and actor.agency == victim.agency
        and actor.role in (Role.SUPERVISOR, Role.HR_ADMIN)
        and world.covers(actor.reach, victim.unit)
    )


#: Whose accounts each role may open again, below itself.
OPENS = {
    Role.HR_ADMIN: {None, Role.EMPLOYEE, Role.DESK_OFFICER, Role.SUPERVISOR},
    Role.AGENCY_ADMIN: {None, *Role},
}


def may_open_account(world: World, actor: Person | None, victim: Person) -> bool:
    if actor is None or actor.key == victim.key or actor.agency != victim.agency:
        return False
    return victim.role in OPENS.get(actor.role, set()) and world.covers(actor.reach, victim.unit)  # type: ignore[arg-type]


def may_record(world: World, actor: Person | None, victim: Person) -> bool:
    """Also of those, never of himself."""
    at_the_desk = actor is not None and actor.role in (Role.SUPERVISOR, Role.DESK_OFFICER)
    return (
        actor is not None
        and at_the_desk
        and actor.key != victim.key
        and actor.agency == victim.agency
        and world.covers(actor.reach, victim.unit)
    )


async def attempt(ask: Ask, oracle: Oracle, actor: Person | None, name: str, variables: Variables) -> Answer:
    """The answer to the first of the documents that together ask for every field."""
    args = root("mutation").fields[name].args
    given = tuple(arg for arg in args if is_required_argument(args[arg]))
    answers = []
    for document in documents("mutation", name, given):
        answer = await ask(actor, document.text, **{arg: plain(value) for arg, value in variables.items()})
        canaries = oracle.world.canaries
        shown = canaries.found(answer.data) | canaries.found(answer.errors)
        leaked = {path: canaries.told(k) for k, path in shown.items() if k not in oracle.allowed}
        assert not leaked, (name, variables, leaked)
        answers.append(answer)
    return answers[0]


def refused(answer: Answer, name: str, actor: Person | None) -> bool:
    if actor is None and name != "login":
        return answer.codes == ["SIGN_IN_REQUIRED"]
    return not answer.errors and answer.data[name]["__typename"] in REFUSALS


def named_of(name: str, victim: Person) -> UUID:
    if name == "startHandRecord":
        return victim.employee_id
    return victim.enrolments["awaiting"] if name == "vouchEnrolment" else victim.check_ins["review"]


def mention(name: str, named: UUID) -> Variables:
    if name == "startHandRecord":
        return {"employeeId": named}
    decision = {} if name == "contestCheckIn" else {"decision": "CONFIRM"}
    return {"input": {"id": named, "reason": REASON, **decision}}


def submission(world: World, nonce: str, frame: str) -> Variables:
    fix = {"latitude": -6.2, "longitude": 106.8, "accuracyMetres": 10.0, "time": world.now.isoformat()}
    sent = {"nonce": nonce, "frames": [frame], "fixes": [fix], "idempotencyKey": "0123456789abcdef"}
    return {"input": sent}


def presence(world: World, victim: Person, by: Person) -> Variables:
    sent = {
        "employeeId": victim.employee_id,
        "kind": "IN",
        "reason": REASON,
        "idempotencyKey": "fedcba9876543210",
    }
    return {"input": {**sent, "photograph": desk_key(world, by, victim)}}


def desk_key(world: World, by: Person, victim: Person) -> str:
    return f"desk/{world.agencies[by.agency]}/{by.employee_id}/{victim.employee_id}/{'0' * 32}"


def enrolment_key(world: World, person: Person) -> str:
    return f"{folder_of(world.agencies[person.agency], person.employee_id)}/{'0' * 32}/0"


async def lay_out_uploads(world: World, runtime: Runtime) -> None:
    """So that nothing but the missing right stands in the way."""
    for person in world.people.values():
        await runtime.storage.put(enrolment_key(world, person), jpeg("enrolment"))
        for victim in world.people.values():
            await runtime.storage.put(desk_key(world, person, victim), jpeg("desk"))
        for agency in world.agencies.values():
            await runtime.storage.put(frame_key(agency, person.nonce, 0), jpeg("frame"))


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    return str(value) if isinstance(value, UUID) else value
