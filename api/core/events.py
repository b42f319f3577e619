"""Signals that something changed. They carry names, never data: whoever hears one reads the rows anew.

Redis is a doorbell: what it wipes is found by the outbox sweep. A listener that was cut off reads everything when it
is back; a publisher that was cut off sends again until it is heard, and says so where it had to drop something.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count
from uuid import UUID

import orjson
import redis.asyncio as redis
import structlog
from redis.exceptions import RedisError

log = structlog.get_logger()

CHANGED = "hadir:changed"
WORK = "hadir:work"
RECONNECT_SECONDS = 0.2
#: A Redis that takes nothing for so long counts as away.
SEND_SECONDS = 2
#: Signals a process holds back while Redis is away. Past that the oldest are dropped, and `MISSED` is told instead.
QUEUE_LENGTH = 10_000
#: Not everything could be told: whoever hears it reads everything.
MISSED = b"missed"


@dataclass(frozen=True, slots=True)
class Changed:
    """A row of one agency changed: `topic` names the kind, `unit_path` where the person belongs."""

    topic: str
    agency_id: UUID
    unit_path: str
    employee_id: UUID
    subject_id: UUID


#: A listener whose other end vanished learns it within half a minute; the kernel's own default is two hours.
KEEPALIVE = {socket.TCP_KEEPIDLE: 10, socket.TCP_KEEPINTVL: 5, socket.TCP_KEEPCNT: 3}


class Events:
    """Publishing that never delays and never fails its caller, and one listening connection a process."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(
            url, socket_connect_timeout=2, socket_keepalive=True, socket_keepalive_options=KEEPALIVE
        )
        #: Of its own, as a listener may wait for as long as it likes.
        self._sender = redis.Redis.from_url(
            url, socket_connect_timeout=SEND_SECONDS, socket_timeout=SEND_SECONDS
        )
        self._queue: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(QUEUE_LENGTH)
        #: Taken from the queue and not sent yet.
        self._batch: list[tuple[str, bytes]] = []
        self._dropped = False
        self._publisher: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Events"]:
        self._publisher = asyncio.create_task(self._publish_forever(), name="events-publisher")
        try:
            yield self
        finally:
            while not self._publisher.done():  # a cancellation can be lost in redis-py's pipelines
                self._publisher.cancel()
                await asyncio.wait([self._publisher], timeout=0.1)
            self._take()
            await self._sent()
            await self._sender.aclose()
            await self._redis.aclose()

    def changed(self, change: Changed) -> None:
        self._put(CHANGED, orjson.dumps(change, default=str))

    def work(self, job: str) -> None:
        """Ring: there is something in the outbox."""
        self._put(WORK, job.encode())

    async def listen(self, channel: str) -> AsyncIterator[bytes | None]:
        """Payloads of a channel; None when it is heard, first and after every reconnection, as something may have
        been missed before."""
        while True:
            listener = self._redis.pubsub()
            try:
                await listener.subscribe(channel)
                async for message in listener.listen():
                    if message["type"] == "message":
                        yield message["data"]
                    elif message["type"] == "subscribe":
                        yield None
            except (RedisError, OSError):
                log.warning("events.listen_again", channel=channel)
                await asyncio.sleep(RECONNECT_SECONDS)
            finally:
                with suppress(RedisError, OSError):
                    await listener.aclose()

    async def ping(self) -> None:
        await self._sender.ping()

    def _put(self, channel: str, payload: bytes) -> None:
        if self._queue.full():
            self._queue.get_nowait()
            self._dropped = True
        self._queue.put_nowait((channel, payload))

    async def _publish_forever(self) -> None:
        while True:
            self._batch.append(await self._queue.get())
            self._take()
            for attempt in count():
                if await self._sent():
                    break
                if attempt == 0:
                    log.warning("events.not_sent", waiting=len(self._batch))
                await asyncio.sleep(RECONNECT_SECONDS)

    def _take(self) -> None:
        while not self._queue.empty():
            self._batch.append(self._queue.get_nowait())

    async def _sent(self) -> bool:
        """Whether all that was taken is told now. What is sent a second time does no harm."""
        if self._dropped:
            self._dropped = False
            rings = [signal for signal in dict.fromkeys(self._batch) if signal[0] != CHANGED]
            self._batch = [*rings, (CHANGED, MISSED)]
        try:
            async with self._sender.pipeline(transaction=False) as pipe:
                for channel, payload in self._batch:
                    pipe.publish(channel, payload)
                await pipe.execute()
        except (RedisError, OSError):
            return False
        self._batch.clear()
        return True


def read_changed(payload: bytes) -> Changed:
    data = orjson.loads(payload)
    return Changed(
        data["topic"],
        UUID(data["agency_id"]),
        data["unit_path"],
        UUID(data["employee_id"]),
        UUID(data["subject_id"]),
    )
