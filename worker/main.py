"""The worker process: eyes, drains, the relay, and arq, which is made anew whenever Redis comes back."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import orjson
import structlog
from arq.connections import ArqRedis
from arq.cron import cron
from arq.worker import Worker, func
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from api.core import logs
from api.core.runtime import Runtime, open_runtime
from api.core.settings import Settings
from worker import figures
from worker.faces import Eyes, open_eyes
from worker.jobs import KINDS
from worker.jobs.drain import Drain
from worker.jobs.keep_retention import keep
from worker.jobs.kind import Kind, Tools
from worker.jobs.sweep import sweep
from worker.pack import tell
from worker.relay import Relay

log = structlog.get_logger()

QUEUE = "hadir:queue"
#: Seconds between two looks at the queue: half of it is added to every pick-up on average.
POLL_SECONDS = 0.02
#: A hanging Redis counts as away after this long.
REDIS_SECONDS = 2
COME_BACK_SECONDS = 0.2
#: For what is in hand when SIGTERM comes.
STOP_SECONDS = 4.0
#: Of each hour; off the full hour, when everybody's timers fire.
SWEEP_MINUTE = 17
RETENTION_MINUTE = 41
#: Beside one for each claim in hand: to claim, to renew leases, to look what is due.
MORE_CONNECTIONS = 4


async def run(settings: Settings) -> None:
    """Until SIGTERM or SIGINT. A missing Redis or database is waited for; a missing face pack means review."""
    logs.configure(settings)
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    pack = settings.face_pack or settings.data_dir / "packs" / "hadir-default"
    async with (
        open_runtime(with_room(settings)) as runtime,
        figures.served(settings),
        open_eyes(Path(pack), settings.upload_max_bytes) as eyes,
    ):
        telling = [asyncio.create_task(tell(Path(pack), eyes.engine), name="telling")] if eyes.engine else []
        try:
            await serve(runtime, eyes, stopping)
        finally:
            await end(telling)
    log.info("worker.ended")


async def serve(
    runtime: Runtime, eyes: Eyes, stopping: asyncio.Event, kinds: tuple[Kind, ...] = KINDS
) -> None:
    """Work until `stopping` is set; then claim nothing more, and finish or give back what is in hand."""
    tools = Tools(runtime, eyes)
    drains = {kind.job: Drain(kind, tools) for kind in kinds}
    redis = open_queue(str(runtime.settings.redis_url))
    asked = asyncio.create_task(stopping.wait(), name="stopping")
    relay = Relay(runtime.events, redis, drains)
    services = [
        asyncio.create_task(service)
        for service in (
            relay.listen_forever(),
            relay.sweep_forever(),
            relay.ring_forever(),
            consume(redis, drains, tools),
        )
    ]
    log.info("worker.ready", pid=os.getpid(), jobs=sorted(drains))
    try:
        ended, _ = await asyncio.wait([asked, *services], return_when=asyncio.FIRST_COMPLETED)
        for service in ended - {asked}:
            service.result()
    finally:
        await end([asked, *services])
        await asyncio.gather(*(drain.stop(STOP_SECONDS) for drain in drains.values()))
        with suppress(RedisError, OSError):
            await redis.aclose(close_connection_pool=True)


async def end(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """A cancellation can be lost on its way, as in redis-py's pipelines: then it is asked for again.

    A TaskGroup asks its tasks only once.
    """
    while left := [task for task in tasks if not task.done()]:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=0.1)
    await asyncio.gather(*tasks, return_exceptions=True)


async def consume(redis: ArqRedis, drains: Mapping[str, Drain], tools: Tools) -> None:
    """arq ends when Redis goes: a new Worker then, as soon as Redis is back."""
    while True:
        worker = _arq_worker(redis, drains, tools)
        try:
            await worker.async_run()
        except (RedisError, OSError) as error:
            log.warning("arq.redis_away", reason=type(error).__name__)
        except Exception:
            log.exception("arq.ended")  # the relay drains without it meanwhile
        finally:
            await _end_rings(worker)
        await asyncio.sleep(COME_BACK_SECONDS)


def _arq_worker(redis: ArqRedis, drains: Mapping[str, Drain], tools: Tools) -> Worker:
    return Worker(
        functions=[func(_answering(drain), name=job) for job, drain in drains.items()],
        cron_jobs=[
            cron(cast(Any, sweep), name="sweep", minute=SWEEP_MINUTE, timeout=60),
            cron(cast(Any, keep), name="retention", minute=RETENTION_MINUTE, timeout=60),
        ],
        redis_pool=redis,
        queue_name=QUEUE,
        poll_delay=POLL_SECONDS,
        job_timeout=5,
        keep_result=0,
        max_tries=1,
        health_check_interval=60,
        handle_signals=False,
        log_results=False,
        ctx={"tools": tools},
        job_serializer=redis.job_serializer,
        job_deserializer=redis.job_deserializer,
    )


def _answering(drain: Drain) -> Any:
    async def answer(_: dict[Any, Any]) -> None:
        drain.answer()

    return answer


async def _end_rings(worker: Worker) -> None:
    """Worker.close() would wait on the Redis that has just gone, and end our pool with it."""
    await end(list(worker.tasks.values()))


def open_queue(redis_url: str) -> ArqRedis:
    """The connection that relay and arq share. It connects when first used, and again whenever it must."""
    pool = ConnectionPool.from_url(
        redis_url,
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
        socket_keepalive=True,
    )
    return ArqRedis(
        pool,
        job_serializer=_to_json,
        job_deserializer=orjson.loads,
        default_queue_name=QUEUE,
        expires_extra_ms=60_000,
    )


def _to_json(message: Any) -> bytes:
    """arq would pickle, and whoever can write to Redis could then run code here."""
    return orjson.dumps(message, default=str)


def with_room(settings: Settings) -> Settings:
    """A pool that many hands cannot starve."""
    least = settings.worker_concurrency + MORE_CONNECTIONS
    return settings.model_copy(update={"database_pool": max(settings.database_pool, least)})
