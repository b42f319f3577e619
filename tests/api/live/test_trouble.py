"""Servers that go away, readers that are slow, sessions that end where nothing happens."""

import asyncio
from collections.abc import Callable

import pytest

from api.accounts.models import Credential
from api.attendance.models import CheckIn, CheckInState
from api.core import live
from api.core.runtime import Runtime
from api.transport.reader import MOST_WAITING
from api.transport.seats import MOST_CONNECTIONS
from local.postgres import Postgres
from local.valkey import Valkey
from tests.api.live.conftest import A_WHILE, OWN_WALL, WALL, Watching, names_of
from tests.world import Person, World

pytestmark = pytest.mark.anyio

Changed = Callable[[str], Person]
VERDICT = "subscription Verdict($id: UUID!) { checkInChanged(id: $id) { id state employee { name } } }"
BOTH = pytest.mark.parametrize("query", [WALL, OWN_WALL], ids=["shared", "alone"])


@BOTH
async def test_after_redis_was_away_the_page_reads_again(
    pages: Watching, changed: Changed, valkey: Valkey, query: str
) -> None:
    (page,) = await pages.together("supervisor", query=query)
    valkey.stop()
    valkey.start()
    assert (await page.change())["resync"]
    await asyncio.sleep(A_WHILE / 2)
    changed("employee")
    assert not (await page.change())["resync"]


async def test_while_the_database_is_away_a_page_waits_and_then_reads_again(
    pages: Watching, changed: Changed, postgres: Postgres, world: World
) -> None:
    page, other = await pages.together("supervisor", "hr_admin")
    postgres.stop()
    changed("employee")
    assert await page.is_quiet()
    postgres.start()
    assert (await page.change())["resync"]
    assert (await other.change())["resync"]
    await asyncio.sleep(A_WHILE / 2)
    changed("employee")
    assert names_of(await page.change()) == {world["employee"].name}


async def test_a_page_that_takes_nothing_is_kept_little_for_and_then_reads_again(
    pages: Watching, changed: Changed, runtime: Runtime
) -> None:
    slow, quick = await pages.together("supervisor", "hr_admin")
    for _ in range(MOST_WAITING + 4):
        changed("employee")
        assert (await quick.change())["changed"]
        await asyncio.sleep(live.COALESCE_SECONDS)
    (group,) = runtime.live.shared.values()
    assert max(len(member.reader._waiting) for member in group._members) == MOST_WAITING
    for _ in range(MOST_WAITING):
        assert not (await slow.change())["resync"]
    assert (await slow.change())["resync"]
    assert await quick.is_quiet()  # only the slow one was told to


@BOTH
async def test_an_ended_session_ends_its_page_also_where_nothing_happens(
    pages: Watching, world: World, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    monkeypatch.setattr(live, "IDLE_SECONDS", A_WHILE / 2)
    page, other = await pages.together("supervisor", "hr_admin", query=query)
    await Credential.filter(id=world["supervisor"].session_id).update(ended_at=world.now)
    assert await page.ended_with() == "SIGN_IN_REQUIRED"
    assert await other.is_quiet()


async def test_one_session_may_open_so_many_pages(pages: Watching) -> None:
    for _ in range(MOST_CONNECTIONS):
        await pages.watches("supervisor")
    one_more = await pages.opens("supervisor")
    assert await one_more.ended_with() == "LIMIT_EXCEEDED"
    await pages.watches("hr_admin")


@pytest.mark.parametrize("person", ["employee", "supervisor", "hr_admin"])
async def test_a_verdict_is_told_to_whom_it_concerns(
    pages: Watching, changed: Changed, world: World, person: str
) -> None:
    check_in = world["employee"].check_ins["accepted"]
    page = await pages.opens(person, query=VERDICT, variables={"id": str(check_in)})
    assert (await page.next())["data"]["checkInChanged"]["state"] == "ACCEPTED"
    await CheckIn.filter(id=check_in).update(state=CheckInState.REVIEW)
    changed("employee")
    assert (await page.next())["data"]["checkInChanged"]["state"] == "REVIEW"


@pytest.mark.parametrize("person", ["deskmate", "other_supervisor", "b:agency_admin", "b:supervisor"])
@pytest.mark.parametrize("query", [VERDICT, WALL], ids=["verdict", "wall"])
async def test_nothing_is_told_to_others(pages: Watching, world: World, person: str, query: str) -> None:
    check_in = world["employee"].check_ins["accepted"]
    what = {"id": str(check_in)} if query is VERDICT else {"unit": str(world.units["office"])}
    page = await pages.opens(person, query=query, variables=what)
    assert await page.ended_with() == "NOT_FOUND"


async def test_strangers_watch_nothing(pages: Watching, world: World) -> None:
    world["supervisor"].token, token = "unknown", world["supervisor"].token
    try:
        assert await (await pages.opens("supervisor")).ended_with() == "SIGN_IN_REQUIRED"
    finally:
        world["supervisor"].token = token


async def test_a_question_that_is_none_is_refused(pages: Watching) -> None:
    page = await pages.opens("supervisor", query="subscription { attendanceChanged { resync } }")
    assert await page.ended_with() == "BAD_REQUEST"
    page = await pages.opens("supervisor", variables={"unit": "no-uuid"})
    assert await page.ended_with() == "BAD_REQUEST"
