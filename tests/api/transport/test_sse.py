"""Server-sent events: the distinct connections mode of graphql-sse."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest

from api.accounts.models import Credential
from api.core.events import Changed
from api.core.runtime import Runtime
from api.transport import events
from api.transport.seats import MOST_CONNECTIONS
from tests.api.transport.conftest import SOON
from tests.world import World

pytestmark = pytest.mark.anyio

ME = "{ me { employee { name } } }"
WALL = (
    "subscription($unit: UUID!) { attendanceChanged(unitId: $unit) { resync changed { employee { name } } } }"
)


class Stream:
    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._lines = answer.aiter_lines()

    async def next(self) -> tuple[str, Any]:
        """Name and data of the next event; comments are passed over."""
        name, data = "", ""
        async with asyncio.timeout(SOON):
            async for line in self._lines:
                if not line and name:
                    return name, orjson.loads(data) if data else None
                field, _, value = line.partition(":")
                name = value.strip() if field == "event" else name
                data = value.strip() if field == "data" else data
        raise EOFError


@asynccontextmanager
async def _asked(http: httpx.AsyncClient, query: str, token: str, **variables: Any) -> AsyncIterator[Stream]:
    headers = {"authorization": f"Bearer {token}", "accept": "text/event-stream"}
    body = {"query": query, "variables": variables}
    async with http.stream("POST", "/graphql", json=body, headers=headers) as answer:
        yield Stream(answer)


async def test_a_query_is_answered_and_completed(http: httpx.AsyncClient, world: World) -> None:
    async with _asked(http, ME, world["supervisor"].token) as stream:
        assert stream.answer.headers["content-type"].startswith("text/event-stream")
        name, answer = await stream.next()
        assert (name, answer["data"]["me"]["employee"]["name"]) == ("next", world["supervisor"].name)
        assert await stream.next() == ("complete", None)
        with pytest.raises(EOFError):
            await stream.next()


async def test_a_subscription_is_told_as_it_comes_and_ends_with_the_session(
    http: httpx.AsyncClient, world: World, runtime: Runtime
) -> None:
    person = world["employee"]
    signal = Changed(
        "attendance", world.agencies["a"], "/00/3_/K_1/", person.employee_id, person.check_ins["accepted"]
    )
    async with _asked(http, WALL, world["supervisor"].token, unit=str(world.units["office"])) as stream:
        _, answer = await stream.next()
        assert answer["data"]["attendanceChanged"]["resync"]
        await asyncio.sleep(0.2)
        runtime.events.changed(signal)
        _, answer = await stream.next()
        assert answer["data"]["attendanceChanged"]["changed"][0]["employee"]["name"] == person.name
        await Credential.filter(id=world["supervisor"].session_id).update(ended_at=world.now)
        runtime.events.changed(signal)
        name, answer = await stream.next()
        assert name == "next"
        assert answer["errors"][0]["extensions"]["code"] == "SIGN_IN_REQUIRED"
        assert await stream.next() == ("complete", None)


async def test_what_is_refused_is_told_and_completed(http: httpx.AsyncClient, world: World) -> None:
    async with _asked(http, "{ nothing }", world["supervisor"].token) as stream:
        name, answer = await stream.next()
        assert (name, answer["errors"][0]["extensions"]["code"]) == ("next", "BAD_REQUEST")
        assert (await stream.next())[0] == "complete"


async def test_a_quiet_stream_shows_that_it_lives(
    http: httpx.AsyncClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "BEAT_SECONDS", 0.1)
    async with _asked(http, WALL, world["supervisor"].token, unit=str(world.units["office"])) as stream:
        await stream.next()
        async with asyncio.timeout(SOON):
            async for line in stream._lines:
                if line.startswith(":"):
                    break


@pytest.mark.parametrize("token", ["unknown", "x" * 1000])
async def test_strangers_are_not_taken(http: httpx.AsyncClient, token: str) -> None:
    async with _asked(http, WALL, token) as stream:
        assert stream.answer.status_code == 401
        assert (
            orjson.loads(await stream.answer.aread())["errors"][0]["extensions"]["code"] == "SIGN_IN_REQUIRED"
        )


async def test_a_credential_holds_so_many_streams(http: httpx.AsyncClient, world: World) -> None:
    token, unit = world["supervisor"].token, str(world.units["office"])
    async with AsyncExitStack() as stack:
        held: list[Stream] = []
        for _ in range(MOST_CONNECTIONS):
            held.append(await stack.enter_async_context(_asked(http, WALL, token, unit=unit)))
            assert (await held[-1].next())[0] == "next"
        one_more = await stack.enter_async_context(_asked(http, WALL, token, unit=unit))
        assert one_more.answer.status_code == 429
        assert "retry-after" in one_more.answer.headers


async def test_nothing_is_left_of_a_stream_that_is_gone(
    http: httpx.AsyncClient, world: World, runtime: Runtime
) -> None:
    async with _asked(http, WALL, world["supervisor"].token, unit=str(world.units["office"])) as stream:
        await stream.next()
        assert runtime.live.shared
    for _ in range(50):
        if not runtime.live.shared:
            break
        await asyncio.sleep(0.1)
    assert not runtime.live.shared
    assert not runtime.live._listeners
