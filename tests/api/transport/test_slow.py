"""A client that takes nothing: little is kept for it, nobody waits for it, and it reads again when it is back."""

import asyncio
from typing import Any

import pytest

from api.core.events import Changed
from api.core.live import MOST_NAMES
from api.core.runtime import Runtime
from api.people.models import Employee
from api.transport.websocket import MOST_OPERATIONS, MOST_WAITING
from tests.api.live.conftest import WALL
from tests.api.transport.conftest import Socket, begun
from tests.world import World

pytestmark = pytest.mark.anyio

#: Within which the buffers of both ends must be full, at some 20 kB an answer and 16 answers a round.
ROUNDS = 150


async def test_a_slow_client_is_told_to_read_again(port: int, world: World, runtime: Runtime) -> None:
    crowd = [
        await Employee.create(
            agency_id=world.agencies["a"],
            unit_id=world.units["office"],
            nip=f"{n:018}",
            name=f"Pegawai {n}" * 10,
        )
        for n in range(MOST_NAMES)
    ]
    signals = [Changed("attendance", world.agencies["a"], "/00/3_/K_1/", one.id, one.id) for one in crowd]
    async with (
        begun(port, world["supervisor"].token, receive_buffer=4096) as slow,
        begun(port, world["hr_admin"].token) as quick,
    ):
        for number in range(MOST_OPERATIONS):
            await slow.ask(WALL, id=str(number), unit=str(world.units["office"]))
            await slow.next()
        await quick.ask(WALL, unit=str(world.units["office"]))
        assert _change(await quick.next())["resync"]
        await asyncio.sleep(0.2)
        slow.pause()
        (connection,) = _connections(runtime, MOST_OPERATIONS)
        full = 0
        for _ in range(ROUNDS):
            for signal in signals:
                runtime.events.changed(signal)
            while not _change(await quick.next())["changed"]:
                pass
            await asyncio.sleep(0.1)
            full += len(connection._waiting) == MOST_WAITING
            assert len(connection._waiting) <= MOST_WAITING
            if full == 5:
                break
        assert full == 5
        slow.resume()
        last = await _last_of_each(slow)
        assert len(last) == MOST_OPERATIONS
        assert all(change["resync"] for change in last.values())


async def _last_of_each(slow: Socket) -> dict[str, dict[str, Any]]:
    last: dict[str, dict[str, Any]] = {}
    while True:
        try:
            async with asyncio.timeout(1):
                message = await slow.next()
        except TimeoutError:
            return last
        last[message["id"]] = _change(message)


def _change(message: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = message["payload"]["data"]["attendanceChanged"]
    return found


def _connections(runtime: Runtime, operations: int) -> set[Any]:
    readers = [member.reader for group in runtime.live.shared.values() for member in group._members]
    connections = [reader._connection for reader in readers]
    return {one for one in connections if connections.count(one) == operations}
