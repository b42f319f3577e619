"""Signals that something changed. They carry names, never data: whoever hears one reads the rows anew.

A signal may be lost (Redis is a doorbell); then the outbox sweep and the resync of a reconnecting listener
find what it would have told.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

import orjson
import redis.asyncio as redis
import structlog
from redis.exceptions import RedisError

log = structlog.get_logger()

CHANGED = "hadir:changed"
WORK = "hadir:work"
RECONNECT_SECONDS = 0.2
#: Signals a process holds back while Redis is away; older ones are dropped, listeners resync.
QUEUE_LENGTH = 10_000


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
        self._queue: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(QUEUE_LENGTH)
        self._publisher: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Events"]:
        self._publisher = asyncio.create_task(self._publish_forever(), name="events-publisher")
        try:
            yield self
        finally:
            await self._drain()
            self._publisher.cancel()
            with suppress(asyncio.CancelledError):
                await self._publisher
            await self._redis.aclose()

    def changed(self, change: Changed) -> None:
        self._put(CHANGED, orjson.dumps(change, default=str))

    def work(self, job: str) -> None:
        """Ring: there is something in the outbox."""
        self._put(WORK, job.encode())

    async def listen(self, channel: str) -> AsyncIterator[bytes | None]:
        """Payloads of a channel; None first and after every reconnection, as something may have been missed."""
        while True:
            listener = self._redis.pubsub()
            try:
                await listener.subscribe(channel)
                yield None
                async for message in listener.listen():
                    if message["type"] == "message":
                        yield message["data"]
            except (RedisError, OSError):
                log.warning("events.listen_again", channel=channel)
                await asyncio.sleep(RECONNECT_SECONDS)
            finally:
                with suppress(RedisError, OSError):
                    await listener.aclose()

    async def ping(self) -> None:
        await self._redis.ping()

    def _put(self, channel: str, payload: bytes) -> None:
        if self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait((channel, payload))

    async def _publish_forever(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while not self._queue.empty():
                batch.append(self._queue.get_nowait())
            await self._send(batch)

    async def _send(self, batch: list[tuple[str, bytes]]) -> None:
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for channel, payload in batch:
                    pipe.publish(channel, payload)
                await pipe.execute()
        except (RedisError, OSError):
            # The rows are safe; listeners resync when Redis is back, and the sweep finds the work.
            log.warning("events.not_sent", count=len(batch))

    async def _drain(self) -> None:
        rest = [self._queue.get_nowait() for _ in range(self._queue.qsize())]
        if rest:
            await self._send(rest)


def read_changed(payload: bytes) -> Changed:
    data = orjson.loads(payload)
    return Changed(
        data["topic"],
        UUID(data["agency_id"]),
        data["unit_path"],
        UUID(data["employee_id"]),
        UUID(data["subject_id"]),
    )
