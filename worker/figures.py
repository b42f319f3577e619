"""What a worker tells Prometheus, on a port of its own where HADIR_WORKER_METRICS_PORT names one.

`hadir_outbox_outstanding` is the same number whichever process is asked: scale workers on it.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    start_http_server,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from api.core import outbox
from api.core.settings import Settings, SettingsError

log = structlog.get_logger()

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
JOBS = Counter(
    "hadir_jobs_total",
    "Claims that ended: done, put_off (a server was away), failed (a surprise), given_up, given_back (stopping)",
    ["job", "outcome"],
    registry=REGISTRY,
)
JOB_SECONDS = Histogram("hadir_job_seconds", "Seconds from claim to end", ["job"], registry=REGISTRY)
IN_HAND = Gauge("hadir_jobs_in_hand", "Claims being worked on", ["job"], registry=REGISTRY)
VERDICTS = Counter("hadir_verdicts_total", "Check-ins settled by this process", ["state"], registry=REGISTRY)

#: A database that hangs counts as away.
PATIENCE_SECONDS = 2


@contextmanager
def in_hand(job: str) -> Iterator[None]:
    with IN_HAND.labels(job).track_inprogress(), JOB_SECONDS.labels(job).time():
        try:
            yield
        except asyncio.CancelledError:
            JOBS.labels(job, "given_back").inc()
            raise


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[None]:
    """Answers `/metrics` until the block ends. SettingsError when the port cannot be had."""
    if not settings.worker_metrics_port:
        yield
        return
    outbox_reader = OutboxReader(asyncio.get_running_loop())
    REGISTRY.register(outbox_reader)
    try:
        try:
            server, _ = start_http_server(settings.worker_metrics_port, settings.host, REGISTRY)
        except OSError as error:
            raise SettingsError(
                f"HADIR_WORKER_METRICS_PORT is not usable: {error.strerror}. Each worker of a machine needs its own."
            ) from None
        try:
            yield
        finally:
            await asyncio.to_thread(server.shutdown)
            server.server_close()
    finally:
        REGISTRY.unregister(outbox_reader)


class OutboxReader(Collector):
    """Looks when it is asked, from the thread that answers."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Asked when it is registered, on the loop itself: a look at the database would wait for ever."""
        return self._families(math.nan, math.nan)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        found: tuple[float, float]
        looking = asyncio.run_coroutine_threadsafe(outbox.waiting(), self._loop)
        try:
            found = looking.result(PATIENCE_SECONDS)
        except Exception as error:
            looking.cancel()
            log.warning("figures.database_away", error=repr(error))
            found = math.nan, math.nan
        return self._families(*found)

    def _families(self, outstanding: float, oldest: float) -> Iterator[GaugeMetricFamily]:
        yield GaugeMetricFamily(
            "hadir_outbox_outstanding", "Entries of the outbox that are not done", outstanding
        )
        yield GaugeMetricFamily(
            "hadir_outbox_oldest_seconds", "Seconds for which the oldest of them has been due", oldest
        )
