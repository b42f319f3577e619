"""Every subscription by everybody to everything, through the door that the pages use, and after rights end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from api.accounts.models import Credential
from api.client import make_client
from api.core.events import Changed
from api.core.policy import Role
from api.core.runtime import Runtime
from api.people.models import Employee, RoleAssignment, Unit
from tests.api.canaries import Kind
from tests.api.generator import documents, root
from tests.api.oracle import Oracle
from tests.world import COMPANIES, Person, World

pytestmark = pytest.mark.anyio

WATCHERS = {Role.SUPERVISOR, Role.HR_ADMIN, Role.AGENCY_ADMIN}
NOBODY = UUID(int=0xDEAD)
PATIENCE = 10.0

Watch = Callable[..., AsyncIterator[dict[str, Any]]]


@pytest.fixture
def watch(runtime: Runtime) -> Watch:
    """Answers to a subscription as a person, as they are sent."""
    _, subscribe = make_client(runtime)

    async def watching(
        actor: Person | None, query: str, **variables: object
    ) -> AsyncIterator[dict[str, Any]]:
        sent = {name: str(value) for name, value in variables.items()}
        token = actor.token if actor else None
        async with aclosing(subscribe(query, sent, token=token, locale="id")) as answers:
            async for answer in answers:
                yield orjson.loads(answer)

    return watching


def targets(world: World, oracle: Oracle) -> dict[str, list[tuple[UUID, bool]]]:
    """Subscription → what it can name, and whether this actor may watch it."""
    people, actor = world.people.values(), oracle.actor
    watches = actor is not None and actor.role in WATCHERS
    return {
        "attendanceChanged": [
            (unit, watches and oracle.over(key, Kind.ATTENDANCE)) for key, unit in world.units.items()
        ],
        "checkInChanged": [
            (person.check_ins["accepted"], oracle.may(person.key, Kind.ATTENDANCE)) for person in people
        ],
        "enrolmentChanged": [
            (person.enrolments["active"], oracle.may(person.key, Kind.OWN)) for person in people
        ],
    }


def test_every_subscription_is_tried(world: World) -> None:
    assert set(targets(world, Oracle(world, None))) == set(root("subscription").fields)


@pytest.mark.parametrize("company", COMPANIES)
async def test_nobody_watches_more_than_he_may(
    watch: Watch, world: World, company: tuple[str | None, ...]
) -> None:
    for key in company:
        await watches_everything(watch, world, world[key] if key else None)


async def watches_everything(watch: Watch, world: World, actor: Person | None) -> None:
    oracle = Oracle(world, actor)
    for name, known in targets(world, oracle).items():
        [argument] = root("subscription").fields[name].args
        document = documents("subscription", name, (argument,))[0]
        refused = await first(watch(actor, document.text, **{argument: NOBODY}))
        assert code(refused) == ("NOT_FOUND" if oracle.actor else "SIGN_IN_REQUIRED")
        for target, may in known:
            answer = await first(watch(actor, document.text, **{argument: target}))
            if may:
                assert not answer.get("errors"), answer
                shows_only(world, oracle, answer)
            else:
                assert answer == refused, f"{name} tells {actor} that it exists"


async def test_readers_of_one_wall_are_shown_what_each_of_them_may(
    watch: Watch, runtime: Runtime, world: World
) -> None:
    """They share an evaluation where they may see the same, and only there."""
    unit = world.units["province"]
    asked = [document.text for document in documents("subscription", "attendanceChanged", ("unitId",))]
    readers = [world["hr_admin"], world["agency_admin"]]
    streams = [(reader, watch(reader, text, unitId=unit)) for text in asked for reader in readers]
    await asyncio.gather(*(anext(stream) for _, stream in streams))
    everyone_changed(runtime, world, await paths())
    seen: dict[str, set[object]] = {reader.key: set() for reader in readers}
    staff = [one for one in world.people.values() if world.covers("province", one.unit)]
    for reader, stream in streams:
        answers = await until_changed(stream, len(staff))
        seen[reader.key] |= shows_only(world, Oracle(world, reader), answers)
    for reader in readers:
        oracle = Oracle(world, reader)
        here = {key for key in oracle.people(Kind.PERSON) if world.covers("province", world[key].unit)}
        names = {k for key in here if world[key].active for k in world.canaries.of(key, Kind.PERSON)}
        assert names <= seen[reader.key]
    await asyncio.gather(*(stream.aclose() for _, stream in streams))  # type: ignore[attr-defined]


async def withdraw_role(person: Person, world: World) -> None:
    yesterday = world.now.date() - timedelta(days=2)
    await RoleAssignment.filter(employee_id=person.employee_id).update(valid_until=yesterday)


async def end_session(person: Person, world: World) -> None:
    await Credential.filter(id=person.session_id).update(ended_at=world.now)


async def leave_service(person: Person, world: World) -> None:
    await Employee.filter(id=person.employee_id).update(active=False)


Withdrawal = Callable[[Person, World], Awaitable[None]]


#: Subscription → whose stream it is, and what it names. One's own goes on without a role.
STREAMS: dict[str, tuple[str, Callable[[World], UUID], set[Withdrawal]]] = {
    "attendanceChanged": ("supervisor", lambda world: world.units["office"], set()),
    "checkInChanged": ("supervisor", lambda world: world["employee"].check_ins["accepted"], set()),
    "enrolmentChanged": ("employee", lambda world: world["employee"].enrolments["active"], {withdraw_role}),
}


def test_every_subscription_is_ended() -> None:
    assert set(STREAMS) == set(root("subscription").fields)


@pytest.mark.parametrize(
    ("withdrawal", "told"),
    [(withdraw_role, "NOT_FOUND"), (end_session, "SIGN_IN_REQUIRED"), (leave_service, "SIGN_IN_REQUIRED")],
)
@pytest.mark.parametrize("name", STREAMS)
async def test_a_stream_ends_with_the_right_to_it(
    watch: Watch, runtime: Runtime, world: World, name: str, withdrawal: Withdrawal, told: str
) -> None:
    key, target_of, borne = STREAMS[name]
    reader, target = world[key], target_of(world)
    [argument] = root("subscription").fields[name].args
    stream = watch(reader, documents("subscription", name, (argument,))[0].text, **{argument: target})
    assert not (await first(stream, keep=True)).get("errors")
    await withdrawal(reader, world)
    everyone_changed(runtime, world, await paths())
    if withdrawal in borne:
        assert not (await first(stream)).get("errors")
        return
    answers = [answer async for answer in stream]
    assert code(answers[-1]) == told
    assert all(not world.canaries.found(answer) for answer in answers), "it went on telling"


async def test_whoever_was_moved_away_is_no_longer_told_of(
    watch: Watch, runtime: Runtime, world: World
) -> None:
    stream = watch(
        world["supervisor"],
        documents("subscription", "attendanceChanged", ("unitId",))[0].text,
        unitId=world.units["office"],
    )
    await anext(stream)
    before = await paths()
    await Employee.filter(id=world["employee"].employee_id).update(unit_id=world.units["neighbour"])
    everyone_changed(runtime, world, before)
    shown = world.canaries.found(await until_changed(stream))
    assert str(world["deskmate"].employee_id) in shown
    assert str(world["employee"].employee_id) not in shown
    await stream.aclose()  # type: ignore[attr-defined]


async def first(stream: AsyncIterator[dict[str, Any]], *, keep: bool = False) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE):
        answer = await anext(stream)
    if not keep:
        await stream.aclose()  # type: ignore[attr-defined]
    return answer


async def until_changed(stream: AsyncIterator[dict[str, Any]], people: int = 1) -> list[dict[str, Any]]:
    """Answers until so many people were named: signals that come apart are told apart."""
    answers, named = [], 0
    async with asyncio.timeout(PATIENCE):
        async for answer in stream:
            answers.append(answer)
            if answer.get("errors"):
                break
            named += len(answer["data"]["attendanceChanged"].get("changed", range(people)))
            if named >= people:
                break
    return answers


async def paths() -> dict[UUID, str]:
    return {unit.id: unit.path for unit in await Unit.all()}


def everyone_changed(runtime: Runtime, world: World, path_of: dict[UUID, str]) -> None:
    for person in world.people.values():
        agency, path = world.agencies[person.agency], path_of[world.units[person.unit]]
        for topic, subjects in (("attendance", person.check_ins), ("enrolment", person.enrolments)):
            for found in subjects.values():
                runtime.events.changed(Changed(topic, agency, path, person.employee_id, found))


def shows_only(world: World, oracle: Oracle, answer: object) -> set[object]:
    found = world.canaries.found(answer)
    leaked = [
        f"{path}: {world.canaries.told(key)}" for key, path in found.items() if key not in oracle.allowed
    ]
    assert not leaked, leaked
    return set(found)


def code(answer: dict[str, Any]) -> str:
    return str(answer["errors"][0]["extensions"]["code"])
