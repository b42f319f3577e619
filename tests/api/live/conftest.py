"""Watching as the pages do: in the process, by token."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
import pytest

from api.client import make_client
from api.core.events import Changed
from api.core.runtime import Runtime
from tests.world import Person, World

#: All that can be told to many at once.
WALL = """subscription Wall($unit: UUID!) {
  attendanceChanged(unitId: $unit) {
    resync
    counts { total in out notIn late pending flagged needsReview }
    changed {
      id day presence inAt outAt lateMinutes flagged needsReview lastChangeAt checkInId
      employee { id nip name position active unit { id code name timeZone zoneName parentId today } }
    }
  }
}"""
#: What each reader must be told for himself.
OWN_WALL = """subscription Wall($unit: UUID!) {
  attendanceChanged(unitId: $unit) { resync changed { employee { id supervisor { name } } } }
}"""
#: Seconds within which something must have been told.
SOON = 5.0
#: Seconds in which nothing may be told.
A_WHILE = 0.4


T = TypeVar("T")


class Following(Generic[T]):
    """Asks an iterator for one after the other; waiting in vain leaves it whole."""

    def __init__(self, answers: AsyncIterator[T]) -> None:
        self._answers = answers
        self._asked: asyncio.Future[T] | None = None
        self.last: T

    async def item(self, seconds: float = SOON) -> T:
        """The next; StopAsyncIteration at the end, TimeoutError when none comes."""
        self._asked = self._asked or asyncio.ensure_future(anext(self._answers))
        done, _ = await asyncio.wait([self._asked], timeout=seconds)
        if not done:
            raise TimeoutError
        asked, self._asked = self._asked, None
        self.last = asked.result()
        return self.last

    async def is_quiet(self) -> bool:
        """Whether nothing comes for a while; else it is the `last`."""
        try:
            await self.item(A_WHILE)
        except TimeoutError:
            return True
        return False

    async def stop(self) -> None:
        if self._asked is not None:
            self._asked.cancel()
            await asyncio.gather(self._asked, return_exceptions=True)


class Page(Following[bytes]):
    """One reader's subscription."""

    payload = b""

    async def next(self) -> dict[str, Any]:
        self.payload = await self.item()
        answer: dict[str, Any] = orjson.loads(self.payload)
        return answer

    async def change(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.next())["data"]["attendanceChanged"]
        return found

    async def ended_with(self) -> str:
        """The code of the error that must come next, and nothing after it."""
        answer = await self.next()
        assert answer.get("data") is None, answer
        with pytest.raises(StopAsyncIteration):
            await self.next()
        code: str = answer["errors"][0]["extensions"]["code"]
        return code


class Watching:
    def __init__(self, runtime: Runtime, world: World, stack: AsyncExitStack) -> None:
        _, self._subscribe = make_client(runtime)
        self._runtime, self._world, self._stack = runtime, world, stack

    async def opens(
        self,
        person: str,
        unit: str = "office",
        *,
        query: str = WALL,
        locale: str = "id",
        variables: dict[str, Any] | None = None,
    ) -> Page:
        """A page that has not been told anything yet."""
        variables = variables or {"unit": str(self._world.units[unit])}
        answers = self._subscribe(query, variables, token=self._world[person].token, locale=locale)
        await self._stack.enter_async_context(aclosing(answers))
        page = Page(answers)
        self._stack.push_async_callback(page.stop)
        return page

    async def watches(self, person: str, unit: str = "office", **more: Any) -> Page:
        """A page that has been told to read everything."""
        page = await self.opens(person, unit, **more)
        assert (await page.change())["resync"]
        return page

    async def together(self, *people: str, **more: Any) -> list[Page]:
        """Pages that have been told to read everything, and whose scopes are at rest."""
        pages = [await self.watches(person, **more) for person in people]
        await asyncio.sleep(A_WHILE / 2)
        return pages


@pytest.fixture
async def pages(runtime: Runtime, world: World) -> AsyncIterator[Watching]:
    async with AsyncExitStack() as stack:
        yield Watching(runtime, world, stack)


@pytest.fixture
def changed(runtime: Runtime, world: World, paths: dict[str, str]) -> Callable[[str], Person]:
    """Signals that somebody's day changed."""

    def tell(key: str) -> Person:
        person = world[key]
        runtime.events.changed(
            Changed(
                "attendance",
                world.agencies[person.agency],
                paths[person.unit],
                person.employee_id,
                person.check_ins["accepted"],
            )
        )
        return person

    return tell


@pytest.fixture
def paths(world: World) -> dict[str, str]:
    """Each unit's path."""

    def path(key: str | None) -> str:
        return "/" if key is None else f"{path(world.places[key].under)}{world.places[key].code}/"

    return {key: path(key) for key in world.places}


def names_of(change: dict[str, Any]) -> set[str]:
    return {day["employee"]["name"] for day in change["changed"]}


def new_ids(count: int) -> list[UUID]:
    return [UUID(int=number) for number in range(1, count + 1)]
