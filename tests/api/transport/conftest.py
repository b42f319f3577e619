"""The API on a real server, as programs reach it."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from api.app import create_app
from api.core.metrics import CountRequests
from api.core.runtime import Runtime
from tests.world import World

SOON = 5.0


@pytest.fixture
async def port(runtime: Runtime) -> AsyncIterator[int]:
    """Of uvicorn in this process, with the options of `hadir web`."""
    async with serving(runtime) as number:
        yield number


@asynccontextmanager
async def serving(runtime: Runtime) -> AsyncIterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        CountRequests(create_app(runtime)),
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        lifespan="off",
        access_log=False,
        log_level=logging.WARNING,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve([listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn tells by a flag
        await asyncio.sleep(0.01)
    yield listener.getsockname()[1]
    server.should_exit = True
    await serving
    listener.close()


@pytest.fixture
async def http(port: int) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
        yield client


@pytest.fixture
def bearer(world: World) -> dict[str, str]:
    """Headers of the supervisor."""
    return {"authorization": f"Bearer {world['supervisor'].token}"}


class Socket:
    """A client of graphql-transport-ws."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def close(self) -> None:
        await self._connection.close()

    async def send(self, message: dict[str, Any] | str | bytes) -> None:
        await self._connection.send(orjson.dumps(message).decode() if isinstance(message, dict) else message)

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(SOON):
            message: dict[str, Any] = orjson.loads(await self._connection.recv())
        return message

    async def begin(self, token: str | None) -> None:
        payload = {"authorization": f"Bearer {token}"} if token else {}
        await self.send({"type": "connection_init", "payload": payload})

    async def ask(self, query: str, *, id: str = "1", **variables: Any) -> None:
        await self.send({"id": id, "type": "subscribe", "payload": {"query": query, "variables": variables}})

    def pause(self) -> None:
        """Take nothing more from the network."""
        self._connection.transport.pause_reading()

    def resume(self) -> None:
        self._connection.transport.resume_reading()

    async def close_code(self) -> int | None:
        async with asyncio.timeout(SOON):
            await self._connection.wait_closed()
        return self._connection.close_code


@asynccontextmanager
async def opened(
    port: int,
    *,
    subprotocols: tuple[str, ...] = ("graphql-transport-ws",),
    receive_buffer: int | None = None,
    **headers: str,
) -> AsyncIterator[Socket]:
    plain = socket.socket()
    if receive_buffer is not None:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    plain.connect(("127.0.0.1", port))
    async with connect(
        f"ws://127.0.0.1:{port}/graphql",
        sock=plain,
        subprotocols=[Subprotocol(name) for name in subprotocols] or None,
        additional_headers=headers,
    ) as connection:
        yield Socket(connection)


@asynccontextmanager
async def begun(port: int, token: str, *, receive_buffer: int | None = None) -> AsyncIterator[Socket]:
    """A connection that the server has acknowledged."""
    async with opened(port, receive_buffer=receive_buffer) as found:
        await found.begin(token)
        assert await found.next() == {"type": "connection_ack"}
        yield found
