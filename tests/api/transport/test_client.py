"""The API asked from within the process, as the pages do."""

import asyncio
from typing import Any

import pytest

from api.client import make_client
from api.core.runtime import Runtime
from api.transport.eager import begin
from local.postgres import Postgres
from tests.world import World

pytestmark = pytest.mark.anyio

ME = "{ me { employee { name } } }"
CALLER: dict[str, Any] = {"locale": "en", "address": "192.0.2.1", "user_agent": "test"}


async def test_the_answer_is_ready_for_json(runtime: Runtime, world: World) -> None:
    execute, _ = make_client(runtime)
    name = world["supervisor"].name
    token = world["supervisor"].token
    assert await execute(ME, {}, token=token, **CALLER) == {"data": {"me": {"employee": {"name": name}}}}
    assert await execute(ME, {}, token=None, **CALLER) == {"data": {"me": None}}
    assert await execute(ME, {}, token="unknown", **CALLER) == {"data": {"me": None}}


async def test_errors_are_told_in_the_readers_language(runtime: Runtime) -> None:
    execute, _ = make_client(runtime)
    (error,) = (await execute("mutation { logout }", {}, token=None, **CALLER))["errors"]
    assert error["extensions"]["code"] == "SIGN_IN_REQUIRED"
    assert error["message"] == "You are not signed in, or your session has ended."
    assert error["extensions"]["nextStep"]


async def test_the_limits_hold_here_too(runtime: Runtime, world: World) -> None:
    execute, subscribe = make_client(runtime)
    bomb = "{ me " * 500
    token = world["supervisor"].token
    (error,) = (await execute(bomb, {}, token=token, **CALLER))["errors"]
    assert error["extensions"]["code"] == "LIMIT_EXCEEDED"
    told = [payload async for payload in subscribe(bomb, {}, token=token, locale="en")]
    assert len(told) == 1
    assert b"LIMIT_EXCEEDED" in told[0]


async def test_a_query_can_be_subscribed_to_and_answers_once(runtime: Runtime, world: World) -> None:
    _, subscribe = make_client(runtime)
    told = [payload async for payload in subscribe(ME, {}, token=world["supervisor"].token, locale="id")]
    assert told == [b'{"data":{"me":{"employee":{"name":"%s"}}}}' % world["supervisor"].name.encode()]


async def test_without_a_database_nothing_is_raised(
    runtime: Runtime, world: World, postgres: Postgres
) -> None:
    execute, subscribe = make_client(runtime)
    token = world["supervisor"].token
    postgres.stop()
    answer = await execute(ME, {}, token=token, **CALLER)
    told = [payload async for payload in subscribe(ME, {}, token=token, locale="id")]
    postgres.start()
    assert answer["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert b"UNAVAILABLE" in told[0]


async def test_what_needs_no_waiting_is_done_at_once() -> None:
    done = []

    async def work(*waits: asyncio.Event) -> None:
        for wait in waits:
            await wait.wait()
        done.append(len(waits))

    ready, later = asyncio.Event(), asyncio.Event()
    ready.set()
    assert begin(work(ready)) is None
    assert done == [1]
    rest = begin(work(ready, later, ready))
    assert rest is not None
    asyncio.get_running_loop().call_later(0.01, later.set)
    await rest
    assert done == [1, 3]


async def test_what_is_begun_raises_and_is_cancelled_as_any_other() -> None:
    seen = []

    async def fails(wait: asyncio.Event | None) -> None:
        try:
            if wait is not None:
                await wait.wait()
            raise OSError("gone")
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    with pytest.raises(OSError, match="gone"):
        begin(fails(None))
    event = asyncio.Event()
    rest = begin(fails(event))
    assert rest is not None
    asyncio.get_running_loop().call_later(0.01, event.set)
    with pytest.raises(OSError, match="gone"):
        await rest
    rest = begin(fails(asyncio.Event()))
    assert rest is not None

    async def wait_for() -> None:
        await rest

    task = asyncio.create_task(wait_for())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["cancelled"]
