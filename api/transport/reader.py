"""Where the answers of a lasting operation go, and how a slow reader is borne."""

import asyncio
from collections import deque
from functools import cached_property
from typing import Any, Protocol

import orjson

#: Answers that wait for a reader; past that he is told to read everything when he is back.
MOST_WAITING = 8


class Payload:
    """One encoded answer, the same object for all who get it."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.data = orjson.dumps(answer)

    @cached_property
    def closing(self) -> str:
        """As the end of a message that holds it as its last value."""
        return self.data.decode() + "}"


class Reader(Protocol):
    def next(self, payload: Payload) -> bool:
        """Take an answer; False when there is no room, and `Watch.caught_up` will follow when there is."""

    def refused(self, errors: list[dict[str, Any]]) -> None:
        """The operation was not executed."""

    def last(self, payload: Payload | None) -> None:
        """The operation is over; `payload` tells why where it was not by itself. Taken without regard to room."""


class Watch(Protocol):
    """An operation that goes on, from its reader's side."""

    def caught_up(self) -> None: ...

    def close(self) -> None: ...


class Mailbox:
    """A reader that is asked by `get`."""

    def __init__(self) -> None:
        self.watch: Watch | None = None
        self._waiting: deque[Payload | None] = deque()
        self._behind = False
        self._arrived = asyncio.Event()

    def next(self, payload: Payload) -> bool:
        if len(self._waiting) >= MOST_WAITING:
            self._behind = True
            return False
        self._put(payload)
        return True

    def refused(self, errors: list[dict[str, Any]]) -> None:
        self.last(Payload({"errors": errors}))

    def last(self, payload: Payload | None) -> None:
        if payload is not None:
            self._put(payload)
        self._put(None)

    async def get(self) -> Payload | None:
        """The next answer; None when there will be no more."""
        await self._arrived.wait()
        taken = self._waiting.popleft()
        if not self._waiting:
            self._arrived.clear()
            if self._behind and self.watch is not None:
                self._behind = False
                self.watch.caught_up()
        return taken

    def _put(self, payload: Payload | None) -> None:
        self._waiting.append(payload)
        self._arrived.set()
