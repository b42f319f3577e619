import asyncio
import socket
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from sse_starlette.sse import AppStatus
from starlette.types import Receive, Scope, Send

from web import stream
from web.stream import EventStream

REQUEST = b"%s / HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n"
Events = Callable[[], AsyncGenerator[bytes, None]]


@contextmanager
def served(events: Events) -> Iterator[int]:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await EventStream(events())(scope, receive, send)

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        server = uvicorn.Server(
            uvicorn.Config(app, lifespan="off", log_level="critical", timeout_graceful_shutdown=1)
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(10)


def read_until(connection: socket.socket, wanted: bytes) -> bytes:
    got = b""
    while wanted not in got:
        part = connection.recv(65536)
        assert part, got
        got += part
    return got


class Forever:
    """Says one thing and then waits; remembers whether it was closed."""

    closed = False

    async def events(self) -> AsyncGenerator[bytes, None]:
        try:
            yield b"data: first\n\n"
            await asyncio.Event().wait()
        finally:
            self.closed = True

    def closes(self) -> bool:
        deadline = time.monotonic() + 5
        while not self.closed and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.closed


async def two() -> AsyncGenerator[bytes, None]:
    yield b"data: one\n\n"
    yield b"data: two\n\n"


def test_events_come_and_the_answer_ends_with_them() -> None:
    with served(two) as port, socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(REQUEST % b"GET")
        got = read_until(connection, b"\r\n0\r\n\r\n")
    assert b"content-type: text/event-stream" in got
    assert b"cache-control: no-store" in got
    assert got.index(b"data: one") < got.index(b"data: two")


def test_a_reader_who_leaves_is_let_go() -> None:
    source = Forever()
    with served(source.events) as port:
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            connection.sendall(REQUEST % b"GET")
            read_until(connection, b"first")
        assert source.closes()


def test_signs_of_life_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "BEAT_SECONDS", 0.2)
    monkeypatch.setattr(stream, "_LOOK_SECONDS", 0.1)
    with served(Forever().events) as port, socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(REQUEST % b"GET")
        assert read_until(connection, b"event: beat").count(b"first") == 1


def test_when_the_server_is_told_to_stop_streams_end_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Forever()
    with served(source.events) as port, socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(REQUEST % b"GET")
        read_until(connection, b"first")
        monkeypatch.setattr(AppStatus, "should_exit", True)
        assert read_until(connection, b"0\r\n\r\n")
        assert source.closes()


def test_a_reader_who_takes_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "BEAT_SECONDS", 0.2)
    monkeypatch.setattr(stream, "_LOOK_SECONDS", 0.1)
    source = Forever()

    async def flood() -> AsyncGenerator[bytes, None]:
        try:
            while True:
                yield b"data: " + b"x" * 1_000_000 + b"\n\n"
        finally:
            source.closed = True

    with served(flood) as port, socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(REQUEST % b"GET")
        assert source.closes()


def test_head_is_answered_without_a_stream() -> None:
    source = Forever()
    with served(source.events) as port, socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(REQUEST % b"HEAD")
        assert b"text/event-stream" in read_until(connection, b"\r\n\r\n")
        assert not source.closed
