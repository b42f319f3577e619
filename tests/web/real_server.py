"""The pages on a real server with a real browser before it, and an upload address beside them."""

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send

from tests.web.conftest import SECRET
from tests.web.fake_api import DAY, FakeApi
from web.app import create_app
from web.options import WebOptions


@dataclass
class Site:
    """`uploads` are the photographs that arrived. While `swallow` counts down, an answer to a submission is
    worked out and then lost on its way. `feed` puts an event before every watcher."""

    api: FakeApi
    port: int
    uploads: list[bytes] = field(default_factory=list)
    swallow: int = 0
    watchers: list["asyncio.Queue[bytes | None]"] = field(default_factory=list)
    past: list[bytes] = field(default_factory=list)
    loop: asyncio.AbstractEventLoop | None = None

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    def feed(self, payload: bytes | None) -> None:
        """Waits until somebody watches. None ends the streams."""
        for _ in range(500):
            if self.watchers:
                break
            time.sleep(0.01)
        assert self.loop is not None, "nobody watches"
        for watcher in self.watchers:
            self.loop.call_soon_threadsafe(watcher.put_nowait, payload)

    async def _watch(self) -> AsyncIterator[bytes]:
        self.loop = asyncio.get_running_loop()
        mine: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.watchers.append(mine)
        try:
            for payload in self.past:
                yield payload
            while (payload := await mine.get()) is not None:
                yield payload
        finally:
            self.watchers.remove(mine)

    def subscribe(self, query: str, variables: dict[str, object], **caller: Any) -> AsyncIterator[bytes]:
        return self._watch()

    async def take(self, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.uploads.append(body)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@contextmanager
def serve(api: FakeApi) -> Iterator[Site]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        taken.listen()
        site = Site(api, port)
        pages = create_app(api.execute, site.subscribe, WebOptions(site.address, SECRET, cookie_secure=False))

        async def door(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["path"].startswith("/upload/"):
                return await site.take(receive, send)
            if scope["path"] == "/check-in/submit" and site.swallow > 0:
                site.swallow -= 1
                return await pages(scope, receive, _lost)
            return await pages(scope, receive, send)

        config = uvicorn.Config(door, lifespan="off", log_level="critical", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
        thread.start()
        try:
            yield site
        finally:
            server.should_exit = True
            thread.join(10)


def upload_target(name: str) -> dict[str, Any]:
    return {
        "key": name,
        "url": f"/upload/{name}",
        "method": "PUT",
        "headers": [{"name": "Content-Type", "value": "image/jpeg"}],
        "maxBytes": 200_000,
        "expiresAt": f"{DAY}T00:30:00+00:00",
    }


async def _lost(message: Any) -> None:
    """The answer goes nowhere; the browser sees the connection end."""
