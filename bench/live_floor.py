"""The floor of the live wall: bare Starlette WebSockets; what comes over Redis goes to every one of them."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import redis.asyncio as redis
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

CHANNEL = "bench:floor"


class Floor:
    def __init__(self, redis_url: str) -> None:
        self._redis = redis.Redis.from_url(redis_url)
        self._sockets: set[WebSocket] = set()

    @asynccontextmanager
    async def running(self, _: Starlette) -> AsyncIterator[None]:
        telling = asyncio.create_task(self._tell())
        yield
        telling.cancel()

    async def watch(self, socket: WebSocket) -> None:
        await socket.accept(subprotocol="graphql-transport-ws")
        self._sockets.add(socket)
        try:
            while True:
                await socket.receive_text()
        except WebSocketDisconnect:
            self._sockets.discard(socket)

    async def _tell(self) -> None:
        listener = self._redis.pubsub()
        await listener.subscribe(CHANNEL)
        async for message in listener.listen():
            if message["type"] == "message":
                text = message["data"].decode()
                for socket in list(self._sockets):
                    await socket.send_text(text)


async def alive(_: Request) -> Response:
    return PlainTextResponse("ok")


def main() -> None:
    """Served as `hadir web` serves."""
    floor = Floor(os.environ["REDIS_URL"])
    routes = [Route("/healthz", alive), WebSocketRoute("/graphql", floor.watch)]
    config = uvicorn.Config(
        Starlette(routes=routes, lifespan=floor.running),
        port=int(os.environ["HADIR_PORT"]),
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        access_log=False,
        server_header=False,
        date_header=False,
        log_level="warning",
    )
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    asyncio.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main()
