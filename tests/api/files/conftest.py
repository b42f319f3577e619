"""Photographs over HTTP, asked without a client in between: what is sent, and how much of it is taken."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson
import pytest
from starlette.applications import Starlette

from api import files
from api.core.runtime import Runtime

CHUNK = 64 * 1024


@dataclass
class Reply:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    #: Bytes of the request that were asked for before the answer began.
    taken: int = 0

    @property
    def code(self) -> str:
        return str(orjson.loads(self.body)["code"])


Send = Callable[..., Any]


@pytest.fixture
def send(runtime: Runtime) -> Send:
    """Sends one request to /files or /uploads."""
    app = Starlette(routes=files.routes(runtime))

    async def sending(
        method: str, url: str, body: bytes | Iterable[bytes] = b"", *, cut: bool = False, **headers: str
    ) -> Reply:
        """`body` in chunks if it is not bytes; `cut` hangs up before its end."""
        parts = urlsplit(url)
        reply = Reply()
        chunks: Iterator[bytes] = iter([body] if isinstance(body, bytes) else body)

        async def receive() -> dict[str, Any]:
            if reply.status:
                return {"type": "http.disconnect"}
            chunk = next(chunks, None)
            if chunk is None:
                return (
                    {"type": "http.disconnect"}
                    if cut
                    else {"type": "http.request", "body": b"", "more_body": False}
                )
            reply.taken += len(chunk)
            return {"type": "http.request", "body": chunk, "more_body": True}

        async def answer(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                reply.status = message["status"]
                reply.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            else:
                reply.body += message.get("body", b"")

        named = {name.replace("_", "-"): value for name, value in headers.items()}
        scope = {
            "type": "http", "method": method, "path": unquote(parts.path), "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(), "root_path": "", "scheme": "http", "http_version": "1.1",
            "headers": [(name.encode(), value.encode()) for name, value in named.items()],
            "client": ("192.0.2.7", 50000), "server": ("testserver", 80),
        }  # fmt: skip
        await app(scope, receive, answer)  # type: ignore[arg-type]
        return reply

    return sending
