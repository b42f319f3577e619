"""The graphql-transport-ws protocol, word for word, and its limits."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from api.accounts.models import Credential
from api.core.events import Changed
from api.core.runtime import Runtime
from api.limits import MOST_BODY_BYTES
from api.transport import websocket
from api.transport.seats import MOST_CONNECTIONS
from local.postgres import Postgres
from tests.api.transport.conftest import Socket, begun, opened
from tests.world import World

pytestmark = pytest.mark.anyio

ME = "{ me { employee { name } } }"
WALL = (
    "subscription($unit: UUID!) { attendanceChanged(unitId: $unit) { resync changed { employee { name } } } }"
)
OWN_WALL = WALL.replace("{ name }", "{ name enrolment }")
OUR_ORIGIN = "http://localhost:8000"


@pytest.fixture
def change(runtime: Runtime, world: World) -> Callable[[], None]:
    person = world["employee"]

    def tell() -> None:
        runtime.events.changed(
            Changed(
                "attendance",
                world.agencies["a"],
                "/00/3_/K_1/",
                person.employee_id,
                person.check_ins["accepted"],
            )
        )

    return tell


def _unit(world: World) -> str:
    return str(world.units["office"])


async def test_an_operation_that_is_no_subscription_is_answered_once(port: int, world: World) -> None:
    async with begun(port, world["supervisor"].token) as socket:
        await socket.ask(ME, id="a")
        data = {"me": {"employee": {"name": world["supervisor"].name}}}
        assert await socket.next() == {"id": "a", "type": "next", "payload": {"data": data}}
        assert await socket.next() == {"id": "a", "type": "complete"}
        await socket.ask(ME, id="a")  # the id is free again
        assert (await socket.next())["type"] == "next"


@pytest.mark.parametrize("query", [WALL, OWN_WALL], ids=["shared", "alone"])
async def test_a_subscription_goes_on_until_it_is_completed(
    port: int, world: World, change: Callable[[], None], query: str
) -> None:
    async with begun(port, world["supervisor"].token) as socket:
        await socket.ask(query, id='an "id"', unit=_unit(world))
        first = await socket.next()
        assert first["id"] == 'an "id"'
        assert first["payload"]["data"]["attendanceChanged"]["resync"]
        await asyncio.sleep(0.2)
        change()
        (day,) = (await socket.next())["payload"]["data"]["attendanceChanged"]["changed"]
        assert day["employee"]["name"] == world["employee"].name
        await socket.send({"id": 'an "id"', "type": "complete"})
        await socket.send({"type": "ping"})
        assert await socket.next() == {"type": "pong"}
        change()
        await asyncio.sleep(0.3)
        await socket.send({"type": "ping", "payload": {}})
        assert await socket.next() == {"type": "pong"}


async def test_several_operations_share_a_connection(
    port: int, world: World, change: Callable[[], None]
) -> None:
    async with begun(port, world["supervisor"].token) as socket:
        for id in ("1", "2"):
            await socket.ask(WALL, id=id, unit=_unit(world))
            assert (await socket.next())["id"] == id
        await asyncio.sleep(0.2)
        change()
        assert {(await socket.next())["id"] for _ in range(2)} == {"1", "2"}


async def test_what_is_refused_is_told_as_an_error(port: int, world: World) -> None:
    async with begun(port, world["supervisor"].token) as socket:
        for query, code in (
            ("{ nothing }", "BAD_REQUEST"),
            ("{", "BAD_REQUEST"),
            ("{ me " * 9 + "x" + "}" * 9, "LIMIT_EXCEEDED"),
        ):
            await socket.ask(query)
            message = await socket.next()
            assert message["type"] == "error"
            assert message["payload"][0]["extensions"]["code"] == code
        await socket.ask(WALL, unit=str(world.units["neighbour"]))
        assert (await socket.next())["payload"][0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize("query", [WALL, OWN_WALL], ids=["shared", "alone"])
async def test_an_ended_session_ends_its_operations_and_begins_no_other(
    port: int, world: World, change: Callable[[], None], query: str
) -> None:
    async with begun(port, world["supervisor"].token) as socket:
        await socket.ask(query, unit=_unit(world))
        await socket.next()
        await Credential.filter(id=world["supervisor"].session_id).update(ended_at=world.now)
        await asyncio.sleep(0.2)
        change()
        message = await socket.next()
        assert message["payload"]["errors"][0]["extensions"]["code"] == "SIGN_IN_REQUIRED"
        assert message["payload"].get("data") is None
        assert (await socket.next())["type"] == "complete"
        await socket.ask(ME)
        assert await socket.close_code() == websocket.FORBIDDEN


async def test_the_token_may_come_with_the_handshake(port: int, world: World) -> None:
    async with opened(port, authorization=f"Bearer {world['supervisor'].token}") as socket:
        await socket.begin(None)
        assert (await socket.next())["type"] == "connection_ack"


async def test_strangers_are_not_taken(port: int) -> None:
    for token in (None, "unknown", "x" * 5000):
        async with opened(port) as socket:
            await socket.begin(token)
            assert await socket.close_code() == websocket.FORBIDDEN


SUBSCRIBE: dict[str, Any] = {"id": "1", "type": "subscribe", "payload": {"query": ME}}


WRONG: list[tuple[dict[str, Any] | str | bytes, int]] = [
    (b"{}", websocket.INVALID),
    ("", websocket.INVALID),
    ("[]", websocket.INVALID),
    ({}, websocket.INVALID),
    ({"type": ["ping"]}, websocket.INVALID),
    ({"type": "start"}, websocket.INVALID),
    ({"type": "connection_init"}, websocket.TOO_MANY),
    ({**SUBSCRIBE, "id": 1}, websocket.INVALID),
    ({**SUBSCRIBE, "id": ""}, websocket.INVALID),
    ({**SUBSCRIBE, "id": "x" * 65}, websocket.INVALID),
    ({**SUBSCRIBE, "payload": None}, websocket.INVALID),
    ({**SUBSCRIBE, "payload": [SUBSCRIBE["payload"]] * 2}, websocket.INVALID),
    ({**SUBSCRIBE, "payload": {"query": 1}}, websocket.INVALID),
    ({**SUBSCRIBE, "payload": {"query": ME, "variables": []}}, websocket.INVALID),
    (" " * (MOST_BODY_BYTES + 1), websocket.TOO_BIG),
]


async def test_what_breaks_the_protocol_closes_the_connection(port: int, world: World) -> None:
    for message, code in WRONG:
        async with begun(port, world["supervisor"].token) as socket:
            await socket.send(message)
            assert await socket.close_code() == code, message


WRONG_AT_FIRST: list[tuple[dict[str, Any], int]] = [
    (SUBSCRIBE, websocket.UNAUTHORIZED),
    ({"type": "complete", "id": "1"}, websocket.INVALID),
    ({"type": "connection_init", "payload": "x"}, websocket.INVALID),
]


async def test_nothing_goes_before_the_initialisation(port: int) -> None:
    for message, code in WRONG_AT_FIRST:
        async with opened(port) as socket:
            await socket.send({"type": "ping"})
            assert (await socket.next())["type"] == "pong"
            await socket.send(message)
            assert await socket.close_code() == code, message


async def test_who_does_not_begin_is_let_go(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "INIT_SECONDS", 0.2)
    async with opened(port) as socket:
        assert await socket.close_code() == websocket.INIT_TIMEOUT


async def test_one_id_is_one_operation(port: int, world: World) -> None:
    async with begun(port, world["supervisor"].token) as socket:
        await socket.ask(WALL, unit=_unit(world))
        await socket.next()
        await socket.ask(WALL, unit=_unit(world))
        assert await socket.close_code() == websocket.OPERATION_EXISTS


async def test_a_connection_holds_so_many_operations(port: int, world: World) -> None:
    async with begun(port, world["supervisor"].token) as socket:
        for number in range(websocket.MOST_OPERATIONS):
            await socket.ask(WALL, id=str(number), unit=_unit(world))
            await socket.next()
        await socket.ask(WALL, id="one more", unit=_unit(world))
        message = await socket.next()
        assert message["type"] == "error"
        assert message["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
        await socket.send({"id": "0", "type": "complete"})
        await socket.ask(WALL, id="one more", unit=_unit(world))
        assert (await socket.next())["type"] == "next"


async def test_a_credential_holds_so_many_connections(port: int, world: World) -> None:
    async with AsyncExitStack() as stack:
        held: list[Socket] = []
        for _ in range(MOST_CONNECTIONS):
            held.append(await stack.enter_async_context(begun(port, world["supervisor"].token)))
        async with opened(port) as one_more:
            await one_more.begin(world["supervisor"].token)
            assert await one_more.close_code() == websocket.TOO_MANY
        await stack.enter_async_context(begun(port, world["hr_admin"].token))
        await held[0].close()
        await asyncio.sleep(0.1)
        await stack.enter_async_context(begun(port, world["supervisor"].token))


OTHERS = [
    "https://evil.example",
    "null",
    "http://localhost",
    "http://localhost:8000.evil.example",
    "http://127.0.0.1",
    "x",
]


async def test_pages_of_other_origins_are_refused(port: int, world: World) -> None:
    for origin in OTHERS:
        with pytest.raises(InvalidStatus) as refused:
            async with opened(port, origin=origin, authorization=f"Bearer {world['supervisor'].token}"):
                pass
        assert refused.value.response.status_code == 403, origin


async def test_our_own_pages_are_taken(port: int, world: World) -> None:
    for origin in (OUR_ORIGIN, f"http://127.0.0.1:{port}"):
        async with opened(port, origin=origin) as socket:
            await socket.begin(world["supervisor"].token)
            assert (await socket.next())["type"] == "connection_ack"


async def test_another_protocol_is_not_spoken(port: int) -> None:
    for offered in ((), ("graphql-ws",), ("mqtt",)):
        async with opened(port, subprotocols=offered) as socket:
            assert await socket.close_code() == websocket.NOT_ACCEPTABLE


async def test_without_a_database_one_is_asked_to_come_later(
    port: int, world: World, postgres: Postgres
) -> None:
    async with begun(port, world["supervisor"].token):
        postgres.stop()
        async with opened(port) as other:
            await other.begin(world["supervisor"].token)
            assert await other.close_code() == websocket.TRY_AGAIN
        postgres.start()


async def test_nothing_is_left_of_a_connection_that_is_gone(
    port: int, world: World, runtime: Runtime, change: Callable[[], None]
) -> None:
    before = len(asyncio.all_tasks())
    async with begun(port, world["supervisor"].token) as socket:
        for number, query in enumerate((WALL, OWN_WALL)):
            await socket.ask(query, id=str(number), unit=_unit(world))
            await socket.next()
    change()
    await asyncio.sleep(0.5)
    assert not runtime.live.shared
    assert not runtime.live._listeners
    assert len(asyncio.all_tasks()) <= before + 1  # the hub goes on listening
