"""Telling who watches: one listening connection a process, and for each watcher a short list of what changed.

A watcher is told names, never data, and reads the rows anew. What is kept for a slow one is bounded: past
`MOST_NAMES` the names are dropped and it is told None, "read everything", as at first and after a gap.
"""

import asyncio
from collections import defaultdict
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Hashable,
    Iterator,
    Mapping,
)
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog

from api.core.errors import SignInRequired
from api.core.events import CHANGED, MISSED, Changed, Events, read_changed
from api.core.subtree import lies_in

if TYPE_CHECKING:
    from api.core.context import Actor, Context

log = structlog.get_logger()

#: A lone change is told at once; those that follow within this many seconds are told together.
COALESCE_SECONDS = 0.1
MOST_NAMES = 50
#: Rights are looked at so often even where nothing happens, so that an ended session ends its pages.
IDLE_SECONDS = 60.0
#: How long a first watcher waits for Redis; without it he is told to read again when it is back.
CONNECT_SECONDS = 1.0

#: Those of many credentials that are good at a time.
Authenticate = Callable[[list[UUID], datetime], Awaitable[Mapping[UUID, "Actor"]]]

_authenticate: list[Authenticate] = []


def authenticate_by(function: Authenticate) -> None:
    """Say who answers for credentials: accounts do, and this room may not know them."""
    _authenticate[:] = [function]


async def actors(credential_ids: list[UUID], now: datetime) -> Mapping[UUID, "Actor"]:
    """Who stands behind these credentials now; an ended one is left out."""
    return await _authenticate[0](credential_ids, now)


class Listener:
    """What one watcher has not been told yet."""

    __slots__ = ("_missed", "_names", "_wake", "agency_id", "path", "subject_id", "topic")

    def __init__(self, agency_id: UUID, topic: str, path: str | None, subject_id: UUID | None) -> None:
        self.agency_id = agency_id
        self.topic = topic
        self.path = path
        self.subject_id = subject_id
        self._names: set[UUID] = set()
        self._missed = False
        self._wake = asyncio.Event()

    def concerns(self, change: Changed) -> bool:
        """Whether a change of its agency and topic is this watcher's: a subtree is a prefix."""
        under = self.path is None or lies_in(change.unit_path, self.path)
        return under and self.subject_id in (None, change.subject_id)

    def tell(self, employee_id: UUID) -> None:
        if not self._missed:
            self._names.add(employee_id)
            if len(self._names) > MOST_NAMES:
                self.miss()
        self._wake.set()

    def miss(self) -> None:
        self._missed = True
        self._names.clear()
        self._wake.set()

    def poke(self) -> None:
        """Have `news` answer though nothing changed: with no names."""
        self._wake.set()

    async def news(self) -> AsyncGenerator[frozenset[UUID] | None, None]:
        """Names of people whose rows changed; None where everything is to be read again; no names when poked,
        and when nothing has happened for a minute."""
        clock = asyncio.get_running_loop().time
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(IDLE_SECONDS):
                    await self._wake.wait()
            told_at = clock()
            names = None if self._missed else frozenset(self._names)
            self._missed = False
            self._names.clear()
            self._wake.clear()
            yield names
            await asyncio.sleep(max(0.0, told_at + COALESCE_SECONDS - clock()))


class Hub:
    """Hears every change and tells the listeners whom it concerns."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._listeners: defaultdict[tuple[UUID, str], set[Listener]] = defaultdict(set)
        self._connected = asyncio.Event()
        self._hearing: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        #: What is worked out once for many watchers, kept by whoever does so.
        self.shared: dict[Hashable, Any] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Hub"]:
        try:
            yield self
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run until done, or until the process closes."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("live.broken", exc_info=error)

    @contextmanager
    def listening(
        self, agency_id: UUID, topic: str, *, path: str | None = None, subject_id: UUID | None = None
    ) -> Iterator[Listener]:
        """A listener that hears from now on."""
        if self._hearing is None or self._hearing.done():
            self._hearing = self.spawn(self._hear())
        listener = Listener(agency_id, topic, path, subject_id)
        self._listeners[agency_id, topic].add(listener)
        try:
            yield listener
        finally:
            of_topic = self._listeners[agency_id, topic]
            of_topic.discard(listener)
            if not of_topic:
                del self._listeners[agency_id, topic]

    @property
    def listeners(self) -> int:
        """How many are told of changes now."""
        return sum(map(len, self._listeners.values()))

    async def connected(self) -> None:
        """Returns once changes are heard, or after a second without Redis."""
        if not self._connected.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._connected.wait(), CONNECT_SECONDS)

    async def _hear(self) -> None:
        async for payload in self._events.listen(CHANGED):
            if payload is None:
                self._connected.set()
            if payload in (None, MISSED):
                for listener in chain.from_iterable(self._listeners.values()):
                    listener.miss()
            else:
                self._tell(payload)

    def _tell(self, payload: bytes) -> None:
        try:
            change = read_changed(payload)
        except (ValueError, KeyError, TypeError, AttributeError):
            log.error("live.signal_unreadable", length=len(payload))
            return
        for listener in self._listeners.get((change.agency_id, change.topic), ()):
            if listener.concerns(change):
                listener.tell(change.employee_id)


async def changes(
    context: "Context", topic: str, *, path: str | None = None, subject_id: UUID | None = None
) -> AsyncGenerator[frozenset[UUID] | None, None]:
    """Names of employees whose rows changed, or None first and after a gap, as everything may have.

    Before each, the reader's rights are looked up anew: `context` carries them as they are now, and loaders
    that have loaded nothing. SignInRequired when the session has ended; whether the rights still suffice is
    for the caller to ask.
    """
    hub = context.runtime.live
    with hub.listening(context.actor.agency_id, topic, path=path, subject_id=subject_id) as listener:
        listener.miss()
        await hub.connected()
        async for names in listener.news():
            await renew(context)
            if names is None or names:
                yield names


async def renew(context: "Context") -> None:
    """The reader as he is now."""
    known = context.actor
    found = await actors([known.credential_id], context.clock())
    context.actor_or_none = found.get(known.credential_id)
    context.cache.clear()
    if context.actor_or_none is None:
        raise SignInRequired
