"""The trail: it cannot be changed, and what is done to it all the same is found, but for what a chain cannot know.

Not found by the chain itself, and therefore shown here as what it is: entries cut off at the end, as nothing
after them tells that they were; and a trail that somebody with the whole database computed anew from the point
of his change on, as the digests need no key.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from tortoise.exceptions import OperationalError

from api.audit import service as audit
from api.audit.models import AuditEntry
from api.core import database
from api.core.identity import new_id
from api.core.runtime import Runtime
from tests.api.conftest import Ask, context_of
from tests.world import World

pytestmark = pytest.mark.anyio

LENGTH = 12


@pytest.fixture
async def trail(runtime: Runtime, world: World) -> int:
    """Entries of agency A: those that were planted, and more; how many there are."""
    context = await context_of(runtime, world["supervisor"], lambda: world.now)
    for number in range(LENGTH):
        await audit.note(
            context.actor,
            "photograph.look",
            subject_id=world["employee"].employee_id,
            object_name=f"number {number}",
        )
    assert await audit.first_break(world.agencies["a"]) is None
    return await AuditEntry.filter(agency_id=world.agencies["a"]).count()


@pytest.fixture
async def unguarded(trail: int) -> None:
    """The table as somebody has it who owns it and took the guard away."""
    await database.rows("ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_stands")


async def edited(entry: AuditEntry, **changes: object) -> None:
    for column, value in changes.items():
        await database.rows(f"UPDATE audit_entry SET {column} = $2 WHERE id = $1", entry.id, value)


Tampering = Callable[[AuditEntry, AuditEntry, World], Awaitable[object]]


async def swapped(one: AuditEntry, other: AuditEntry, world: World) -> None:
    await edited(one, number=-1)
    await edited(other, number=one.number)
    await edited(one, number=other.number)


async def moved(entry: AuditEntry, other: AuditEntry, world: World) -> None:
    """To another agency's trail, at its end."""
    last = await AuditEntry.filter(agency_id=world.agencies["b"]).order_by("-number").first()
    assert last is not None
    await edited(entry, agency_id=world.agencies["b"], number=last.number + 1)


async def inserted(entry: AuditEntry, other: AuditEntry, world: World) -> None:
    later = AuditEntry.filter(agency_id=entry.agency_id, number__gte=entry.number)
    for row in await later.order_by("-number"):
        await edited(row, number=row.number + 1)
    made = {
        name: getattr(entry, name)
        for name in ("agency_id", "number", "at", "actor_id", "subject_id", "digest")
    }
    await AuditEntry.create(id=new_id(), action="photograph.look", object_name="never happened", **made)


TAMPERINGS: dict[str, Tampering] = {
    "id": lambda entry, other, world: edited(entry, id=new_id()),
    "at": lambda entry, other, world: edited(entry, at=entry.at + timedelta(microseconds=1)),
    "actor_id": lambda entry, other, world: edited(entry, actor_id=world["colleague"].employee_id),
    "actor_id emptied": lambda entry, other, world: edited(entry, actor_id=None),
    "action": lambda entry, other, world: edited(entry, action="photograph.delete"),
    "subject_id": lambda entry, other, world: edited(entry, subject_id=world["colleague"].employee_id),
    "object_name": lambda entry, other, world: edited(entry, object_name="something else"),
    "number": lambda entry, other, world: edited(entry, number=10_000),
    "digest": lambda entry, other, world: edited(entry, digest=bytes(32)),
    "agency_id": moved,
    "two in each other's place": swapped,
    "one deleted": lambda entry, other, world: entry.delete(),
    "one put in": inserted,
}


def test_every_column_is_tampered_with() -> None:
    columns = set(AuditEntry._meta.fields_db_projection.values())
    assert columns <= set(TAMPERINGS)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET action = 'nothing'",
        "UPDATE audit_entry SET action = 'nothing' WHERE number = -1",
        "DELETE FROM audit_entry",
        "DELETE FROM audit_entry WHERE number = 1",
        "TRUNCATE audit_entry",
        "TRUNCATE employee CASCADE",
        "INSERT INTO audit_entry SELECT * FROM audit_entry ON CONFLICT (id) DO UPDATE SET action = 'nothing'",
    ],
)
async def test_the_database_refuses_to_change_it(trail: int, world: World, statement: str) -> None:
    with pytest.raises(OperationalError, match="append-only"):
        await database.rows(statement)
    assert await AuditEntry.filter(agency_id=world.agencies["a"]).count() == trail
    assert await audit.first_break(world.agencies["a"]) is None


async def test_its_owner_can_end_what_was_kept_long_enough(trail: int, world: World) -> None:
    """The documented way; the guard stands again with the commit, and when something fails on the way."""
    await _taken_out(world, trail, then=None)
    assert await AuditEntry.filter(agency_id=world.agencies["a"]).count() == trail - 3
    with pytest.raises(ZeroDivisionError):
        await _taken_out(world, trail, then=ZeroDivisionError)
    with pytest.raises(OperationalError, match="append-only"):
        await AuditEntry.all().delete()
    assert await AuditEntry.filter(agency_id=world.agencies["a"]).count() == trail - 3


async def _taken_out(world: World, trail: int, then: type[Exception] | None) -> None:
    async with database.transaction() as using:
        await using.execute_query("ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_stands")
        await AuditEntry.filter(agency_id=world.agencies["a"], number__lte=3).using_db(using).delete()
        if then:
            raise then
        await using.execute_query("ALTER TABLE audit_entry ENABLE TRIGGER audit_entry_stands")


@pytest.mark.usefixtures("unguarded")
@pytest.mark.parametrize("tampering", TAMPERINGS)
async def test_tampering_is_found_where_it_begins(trail: int, world: World, tampering: str) -> None:
    mine = AuditEntry.filter(agency_id=world.agencies["a"])
    entry, other = await mine.get(number=trail - 5), await mine.get(number=trail - 2)
    await TAMPERINGS[tampering](entry, other, world)
    assert await audit.first_break(world.agencies["a"]) == trail - 5
    if tampering == "agency_id":
        assert await audit.first_break(world.agencies["b"]) is not None


@pytest.mark.usefixtures("unguarded")
async def test_a_cut_off_end_is_not_found_by_the_chain(trail: int, world: World) -> None:
    """Whoever keeps number and digest of the last entry elsewhere finds it; this says that the chain does not."""
    await AuditEntry.filter(agency_id=world.agencies["a"], number__gt=trail - 3).delete()
    assert await audit.first_break(world.agencies["a"]) is None


@pytest.mark.usefixtures("unguarded")
async def test_a_cut_off_beginning_is_found(trail: int, world: World) -> None:
    await AuditEntry.filter(agency_id=world.agencies["a"], number__lte=3).delete()
    assert await audit.first_break(world.agencies["a"]) == 1


async def test_writers_at_once_make_one_chain(runtime: Runtime, world: World) -> None:
    contexts = [
        await context_of(runtime, world[key], lambda: world.now) for key in ("supervisor", "b:supervisor")
    ]
    await asyncio.gather(*(audit.note(context.actor, "photograph.look") for context in contexts * 10))
    for agency in world.agencies.values():
        assert await audit.first_break(agency) is None
        numbers = [row.number for row in await AuditEntry.filter(agency_id=agency).order_by("number")]
        assert numbers == list(range(1, len(numbers) + 1))


async def test_an_entry_of_work_that_was_undone_is_undone(runtime: Runtime, world: World) -> None:
    context = await context_of(runtime, world["supervisor"], lambda: world.now)
    before = await AuditEntry.all().count()

    async def undone() -> None:
        async with database.transaction() as using:
            await audit.note(context.actor, "check_in.confirm", using=using)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await undone()
    assert await AuditEntry.all().count() == before
    assert await audit.first_break(world.agencies["a"]) is None


async def test_the_trail_is_newest_first_and_names_who_and_whom(trail: int, ask: Ask, world: World) -> None:
    query = "{ auditTrail(first: 3) { edges { node { action object actor { id } subject { id } } } } }"
    edges = (await ask(world["auditor"], query))["auditTrail"]["edges"]
    assert [edge["node"]["object"] for edge in edges] == [f"number {LENGTH - 1 - back}" for back in range(3)]
    assert edges[0]["node"]["actor"]["id"] == str(world["supervisor"].employee_id)
    assert edges[0]["node"]["subject"]["id"] == str(world["employee"].employee_id)
