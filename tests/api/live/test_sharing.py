"""What many watch is worked out once, and told only to those who may see it when it is told."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from api.accounts.models import Credential
from api.attendance.models import AttendanceDay
from api.core.live import MOST_NAMES
from api.core.policy import Role
from api.core.runtime import Runtime
from api.people.models import Employee, RoleAssignment, Unit
from tests.api.live.conftest import A_WHILE, OWN_WALL, WALL, Watching, names_of
from tests.world import Person, World

pytestmark = pytest.mark.anyio

Changed = Callable[[str], Person]


async def test_readers_with_the_same_rights_get_the_same_bytes(
    pages: Watching, changed: Changed, world: World
) -> None:
    first, second = await pages.together("supervisor", "hr_admin")
    changed("employee")
    change = await first.change()
    assert names_of(change) == {world["employee"].name}
    assert not change["resync"]
    await second.next()
    assert first.payload is second.payload


async def test_readers_with_other_rights_or_another_language_are_told_apart(
    pages: Watching, changed: Changed, runtime: Runtime
) -> None:
    mine, admins = await pages.together("supervisor", "agency_admin")
    english = await pages.watches("supervisor", locale="en")
    other_question = await pages.watches("supervisor", query=WALL.replace("total ", ""))
    assert len(runtime.live.shared) == 4
    await asyncio.sleep(A_WHILE / 2)
    changed("employee")
    told = [mine, admins, english, other_question]
    for page in told:
        await page.next()
    assert len({id(page.payload) for page in told}) == 4


async def test_what_depends_on_the_reader_is_worked_out_for_each(
    pages: Watching, changed: Changed, runtime: Runtime, world: World
) -> None:
    first, second = await pages.together("supervisor", "hr_admin", query=OWN_WALL)
    assert not runtime.live.shared
    changed("employee")
    for page in (first, second):
        (day,) = (await page.change())["changed"]
        assert day["employee"]["supervisor"]["name"] == world["supervisor"].name
    assert first.payload is not second.payload


async def test_what_another_agency_does_is_not_told(pages: Watching, changed: Changed, world: World) -> None:
    """Both agencies' units have the same paths."""
    ours, theirs = await pages.together("supervisor"), await pages.watches("b:supervisor", "b:office")
    await asyncio.sleep(A_WHILE / 2)
    changed("b:employee")
    assert names_of(await theirs.change()) == {world["b:employee"].name}
    assert await ours[0].is_quiet()


async def test_what_happens_in_another_unit_is_not_told(pages: Watching, changed: Changed) -> None:
    """`KA1` is what a careless pattern takes `K_1` for."""
    (page,) = await pages.together("supervisor")
    changed("colleague")
    assert await page.is_quiet()


async def test_who_was_moved_elsewhere_since_the_signal_is_not_shown(
    pages: Watching, changed: Changed, world: World
) -> None:
    (page,) = await pages.together("supervisor")
    person = world["employee"]
    await Employee.filter(id=person.employee_id).update(unit_id=world.units["neighbour"])
    changed("employee")
    assert (await page.change())["changed"] == []


@pytest.mark.parametrize("query", [WALL, OWN_WALL], ids=["shared", "alone"])
async def test_an_ended_session_ends_its_page(
    pages: Watching, changed: Changed, world: World, query: str
) -> None:
    ended, other = await pages.together("supervisor", "hr_admin", query=query)
    await Credential.filter(id=world["supervisor"].session_id).update(ended_at=world.now)
    changed("employee")
    assert await ended.ended_with() == "SIGN_IN_REQUIRED"
    assert not (await other.change())["resync"]


@pytest.mark.parametrize("query", [WALL, OWN_WALL], ids=["shared", "alone"])
async def test_a_role_that_has_ended_ends_the_page(
    pages: Watching, changed: Changed, world: World, query: str
) -> None:
    ended, other = await pages.together("supervisor", "hr_admin", query=query)
    yesterday = world.now.date() - timedelta(days=2)
    await RoleAssignment.filter(employee_id=world["supervisor"].employee_id).update(valid_until=yesterday)
    changed("employee")
    assert await ended.ended_with() == "NOT_FOUND"
    assert not (await other.change())["resync"]


@pytest.mark.parametrize("query", [WALL, OWN_WALL], ids=["shared", "alone"])
async def test_who_has_left_the_service_is_told_nothing_more(
    pages: Watching, changed: Changed, world: World, query: str
) -> None:
    (page,) = await pages.together("supervisor", query=query)
    await Employee.filter(id=world["supervisor"].employee_id).update(active=False)
    changed("employee")
    assert await page.ended_with() == "SIGN_IN_REQUIRED"


async def test_other_rights_that_still_suffice_move_the_reader(
    pages: Watching, changed: Changed, world: World, runtime: Runtime
) -> None:
    mover, stayer = await pages.together("supervisor", "hr_admin")
    role = RoleAssignment.filter(employee_id=world["supervisor"].employee_id)
    await role.update(role=Role.AGENCY_ADMIN)
    changed("employee")
    assert (await mover.change())["resync"]
    assert names_of(await stayer.change()) == {world["employee"].name}
    assert len(runtime.live.shared) == 2
    await asyncio.sleep(A_WHILE / 2)
    changed("employee")
    for page in (mover, stayer):
        assert names_of(await page.change()) == {world["employee"].name}
    assert mover.payload is not stayer.payload


async def test_a_unit_that_moves_takes_its_readers_along(
    pages: Watching, changed: Changed, world: World, paths: dict[str, str]
) -> None:
    (page,) = await pages.together("hr_admin")
    new_path = f"{paths['neighbour']}K_1/"
    await Unit.filter(id=world.units["office"]).update(path=new_path, parent_id=world.units["neighbour"])
    changed("employee")
    assert (await page.change())["resync"]
    await asyncio.sleep(A_WHILE / 2)
    paths["office"] = new_path
    changed("employee")
    assert names_of(await page.change()) == {world["employee"].name}


async def test_more_changes_than_are_listed_are_to_be_read_again(
    pages: Watching, changed: Changed, world: World
) -> None:
    (page,) = await pages.together("hr_admin", unit="province")
    people = [
        await Employee.create(
            agency_id=world.agencies["a"],
            unit_id=world.units["office"],
            nip=f"{number:018}",
            name=f"N {number}",
        )
        for number in range(MOST_NAMES + 10)
    ]
    person = world["employee"]
    for one in people:
        world.people["somebody"] = Person(
            "somebody", "a", "office", employee_id=one.id, check_ins=person.check_ins
        )
        changed("somebody")
    del world.people["somebody"]
    told = [await page.change()]
    while not told[-1]["resync"]:
        told.append(await page.change())
    assert all(len(change["changed"]) <= MOST_NAMES for change in told)
    assert told[-1]["counts"]["total"] >= len(people)


async def test_the_last_state_is_told_to_everyone(pages: Watching, changed: Changed, world: World) -> None:
    """Signals that come faster than they are told are told together, and none is lost."""
    watching = await pages.together("supervisor", "hr_admin", "supervisor")
    person = world["employee"]
    for late in range(1, 31):
        await AttendanceDay.filter(employee_id=person.employee_id).update(late_minutes=late)
        changed("employee")
        await asyncio.sleep(0.01)
    for page in watching:
        told = await page.change()
        while told["changed"][0]["lateMinutes"] != 30:
            told = await page.change()


async def test_a_scope_that_nobody_watches_is_given_up(
    pages: Watching, runtime: Runtime, changed: Changed
) -> None:
    page = await pages.watches("supervisor")
    assert runtime.live.shared
    await page.stop()
    await page._answers.aclose()  # type: ignore[attr-defined]
    await asyncio.sleep(A_WHILE)
    assert not runtime.live.shared
    assert not runtime.live._listeners
    assert (await (await pages.watches("supervisor")).is_quiet()) is True
