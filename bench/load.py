"""A client that costs little: raw HTTP/1.1 on kept connections, requests rendered beforehand.

The floor and the product get the same bytes from the same client, so that what it costs falls on both.
"""

import asyncio
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.proc import cpu_seconds

HOST = "127.0.0.1"
#: One client's turn: requests sent one after the other on one connection.
Turn = Sequence[bytes]


class UnexpectedAnswer(Exception):
    """The server did not do what is being measured."""


@dataclass(frozen=True, slots=True)
class Run:
    """Seconds of the whole, CPU seconds of the server's process, and the seconds of each turn."""

    seconds: float
    cpu: float
    turns: list[float]

    @property
    def rate(self) -> float:
        return len(self.turns) / self.seconds

    @property
    def cpu_each(self) -> float:
        return self.cpu / len(self.turns)

    def percentile(self, percent: int) -> float:
        return statistics.quantiles(self.turns, n=100)[percent - 1]


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Connection(asyncio.Protocol):
    """One kept connection; one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._need = -1
        self._answer: asyncio.Future[tuple[int, bytes, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(UnexpectedAnswer("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._need < 0:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            self._need = end + 4 + _length(bytes(self._buffer[:end]).lower())
        if len(self._buffer) >= self._need and self._answer is not None:
            head, _, body = bytes(self._buffer[: self._need]).partition(b"\r\n\r\n")
            del self._buffer[: self._need]
            self._need = -1
            self._answer.set_result((int(head[9:12]), head, body))

    async def ask(self, sent: bytes) -> tuple[int, bytes, bytes]:
        """Status, head and body."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(sent)
        return await self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def _length(head: bytes) -> int:
    if b"transfer-encoding: chunked" in head:
        raise UnexpectedAnswer("a chunked answer, which this client does not read")
    _, found, rest = head.partition(b"content-length: ")
    return int(rest.split(b"\r\n", 1)[0]) if found else 0


async def connect(port: int) -> Connection:
    _, connection = await asyncio.get_running_loop().create_connection(Connection, HOST, port)
    return connection


async def drive(port: int, pid: int, turns: Sequence[Turn], *, clients: int, expect: bytes = b"") -> Run:
    """All turns by so many clients at once; UnexpectedAnswer unless each ends with 2xx and `expect` in it."""
    connections = [await connect(port) for _ in range(clients)]
    taken = iter(turns)
    cpu, began = cpu_seconds(pid), time.perf_counter()
    times = await asyncio.gather(*(_client(connection, taken, expect) for connection in connections))
    seconds = time.perf_counter() - began
    for connection in connections:
        connection.close()
    return Run(seconds, cpu_seconds(pid) - cpu, [one for of_client in times for one in of_client])


async def _client(connection: Connection, turns: Iterator[Turn], expect: bytes) -> list[float]:
    times = []
    for turn in turns:
        began = time.perf_counter()
        for sent in turn:
            status, _, body = await connection.ask(sent)
            if status >= 300:
                raise UnexpectedAnswer(f"{status}: {body[:400]!r}")
        times.append(time.perf_counter() - began)
        if expect not in body:
            raise UnexpectedAnswer(body[:400].decode(errors="replace"))
    return times
