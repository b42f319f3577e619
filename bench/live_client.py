"""Thousands of WebSocket clients in one process: they count what they are told, and when."""

import asyncio
import os
import re
import struct
import time
from collections.abc import Sequence

import orjson

_TEXT = 0x81
_NUMBER = re.compile(rb'"lateMinutes":(\d+)')
HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: aGFkaXItYmVuY2gtbGl2ZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)
#: Connections that are opened at once.
AT_ONCE = 64


class Told:
    """What all clients have heard: for each number (an event's), when each heard of it."""

    def __init__(self) -> None:
        self.heard: dict[int, list[float]] = {}
        self.frames = 0
        self.sample = b""

    def forget(self) -> None:
        self.heard.clear()
        self.frames = 0

    def frame(self, payload: bytes) -> None:
        self.frames += 1
        now = time.perf_counter()
        for number in _NUMBER.findall(payload):
            self.heard.setdefault(int(number), []).append(now)
            self.sample = payload


class Client(asyncio.Protocol):
    def __init__(self, told: Told) -> None:
        self._told = told
        self._buffer = b""
        self._messages: asyncio.Queue[bytes] | None = asyncio.Queue()
        self._open = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self.transport.write(HANDSHAKE)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._open.done():
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            self._buffer = rest
            self._open.set_result(head.startswith(b"HTTP/1.1 101"))
        while frame := self._frame():
            self._take(frame)

    def _frame(self) -> bytes | None:
        """Opcode and payload of the next whole frame; servers do not mask."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        start, length = 2, buffer[1]
        if length == 126:
            start, length = 4, int.from_bytes(buffer[2:4], "big")
        if length == 127 or len(buffer) < start + length:
            return None
        self._buffer = buffer[start + length :]
        return buffer[:1] + buffer[start : start + length]

    def _take(self, frame: bytes) -> None:
        if frame[0] == 0x89:  # ping
            self.transport.write(_masked(0x8A, frame[1:]))
        elif self._messages is not None:
            self._messages.put_nowait(frame[1:])
        else:
            self._told.frame(frame[1:])

    async def opened(self) -> None:
        if not await self._open:
            raise ConnectionError("the handshake was refused")

    async def subscribe(self, token: str, query: str, variables: dict[str, object]) -> bytes:
        """Up to the first answer; from then on frames are only counted."""
        init: dict[str, object] = {"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}
        payload = {"query": query, "variables": variables}
        await self.ask(init)
        await self.ask({"id": "1", "type": "subscribe", "payload": payload}, answered=False)
        return await self.next()

    async def ask(self, message: dict[str, object], *, answered: bool = True) -> None:
        self.transport.write(_masked(_TEXT, orjson.dumps(message)))
        if answered:
            await self.next()

    async def next(self) -> bytes:
        assert self._messages is not None
        return await asyncio.wait_for(self._messages.get(), 30)

    def only_count(self) -> None:
        self._messages = None


async def connect(port: int, told: Told) -> Client:
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(lambda: Client(told), "127.0.0.1", port)
    await client.opened()
    return client


async def watch(
    port: int, told: Told, tokens: Sequence[str], query: str, variables: dict[str, object]
) -> list[Client]:
    """One subscribed client a token. Without a query they only connect."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(token: str) -> Client:
        async with gate:
            client = await connect(port, told)
            if query:
                first = await client.subscribe(token, query, variables)
                if b'"type":"next"' not in first:
                    raise RuntimeError(first.decode())
            client.only_count()
            return client

    return await asyncio.gather(*(one(token) for token in tokens))


def _masked(opcode: int, payload: bytes) -> bytes:
    length = len(payload)
    size = bytes([0x80 | length]) if length < 126 else bytes([0x80 | 126]) + struct.pack("!H", length)
    mask = os.urandom(4)
    repeated = (mask * (length // 4 + 1))[:length]
    body = (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(length, "big")
    return bytes([opcode]) + size + mask + body
