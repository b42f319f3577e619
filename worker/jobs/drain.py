"""Empties the outbox of one kind of work, a few claims in hand at a time, until nothing is due."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from api.core import outbox
from api.core.outbox import Claim
from worker import figures
from worker.jobs.kind import AWAY, Kind, Tools

log = structlog.get_logger()

#: Failures with a surprise as the last of them, after which the work is settled as "not checked".
TRIES = 5
#: Failures, deaths of a worker among them, after which it is settled unseen: the picture may be what kills.
MOST_DEATHS = 12
#: Pause before the next attempt when a server is away: the n-th takes n of these, up to a bound.
AWAY_SECONDS = 1.0
LONGEST_AWAY = 10.0


class Drain:
    """One per kind and process. Whatever calls it, it runs once at a time; a ring while it runs is not lost.

    It belongs to the process, not to the arq job that rang: when Redis goes, arq cancels its jobs, and a
    verification goes on.
    """

    def __init__(self, kind: Kind, tools: Tools) -> None:
        settings = tools.runtime.settings
        self.kind = kind
        self._tools = tools
        self._most = settings.worker_concurrency
        self._lease_seconds = settings.lease_seconds
        self._rung = False
        self._stopping = False
        self._wake = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._held: dict[asyncio.Task[bool], Claim] = {}

    def answer(self) -> None:
        """Somebody rang."""
        if self._stopping:
            return
        self._rung = True
        self._wake.set()
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run(), name=f"drain-{self.kind.job}")

    async def stop(self, seconds: float) -> None:
        """Claim nothing more, finish what is in hand, and give back at once what takes longer than `seconds`."""
        self._stopping = True
        if self._running is None:
            return
        await asyncio.wait([self._running], timeout=seconds)
        for task in self._held:
            task.cancel()
        await asyncio.wait([self._running], timeout=2)

    async def _run(self) -> None:
        renewing = asyncio.create_task(self._renew_forever())
        began, done = time.monotonic(), 0
        try:
            while self._held or (self._rung and not self._stopping):
                await self._fill()
                if self._held:
                    await self._wake.wait()
                self._wake.clear()  # before collecting: what ends meanwhile wakes us again
                done += await self._collect()
        except Exception:
            log.exception("jobs.drain_failed", job=self.kind.job)
        finally:
            renewing.cancel()
        if done:
            log.info("jobs.drained", job=self.kind.job, done=done, seconds=round(time.monotonic() - began, 3))

    async def _fill(self) -> None:
        """Claim when half the hands are free: fewer statements, each for more."""
        free = self._most - len(self._held)
        if not self._rung or self._stopping or free * 2 < self._most:
            return
        self._rung = False
        try:
            claims = await outbox.claim(self.kind.job, most=free, lease_seconds=self._lease_seconds)
        except AWAY as error:
            log.warning("jobs.not_claimed", job=self.kind.job, reason=_short(error))
            return
        self._rung = self._rung or len(claims) == free
        for claim in claims:
            task = asyncio.create_task(self._attend(claim))
            task.add_done_callback(lambda _: self._wake.set())
            self._held[task] = claim

    async def _collect(self) -> int:
        """Let go of what is done; the number of claims that were."""
        ended = {task: self._held.pop(task) for task in list(self._held) if task.done()}
        await self._strike_out(
            [claim for task, claim in ended.items() if not task.cancelled() and task.result()]
        )
        await self._give_back([claim for task, claim in ended.items() if task.cancelled()], 0)
        return len(ended)

    async def _attend(self, claim: Claim) -> bool:
        """Whether the entry is left to be struck out."""
        with figures.in_hand(self.kind.job):
            outcome, left = await self._try(claim)
        figures.JOBS.labels(self.kind.job, outcome).inc()
        return left

    async def _try(self, claim: Claim) -> tuple[str, bool]:
        """How it went, in the words of figures.JOBS, and whether the entry is left to be struck out."""
        try:
            if claim.failures >= MOST_DEATHS and self.kind.give_up:
                log.error(
                    "job.given_up", job=self.kind.job, subject=str(claim.subject_id), attempt=claim.attempt
                )
                return "given_up", not await self.kind.give_up(self._tools, claim)
            return "done", not await self.kind.handle(self._tools, claim)
        except AWAY as error:
            log.warning("job.put_off", job=self.kind.job, subject=str(claim.subject_id), reason=_short(error))
            await self._give_back([claim], min(AWAY_SECONDS * claim.attempt, LONGEST_AWAY))
            return "put_off", False
        except Exception:
            log.exception(
                "job.failed", job=self.kind.job, subject=str(claim.subject_id), attempt=claim.attempt
            )
            return await self._after_surprise(claim)

    async def _after_surprise(self, claim: Claim) -> tuple[str, bool]:
        if claim.failures + 1 >= TRIES and self.kind.give_up:
            try:
                return "given_up", not await self.kind.give_up(self._tools, claim)
            except Exception:
                log.exception("job.not_given_up", job=self.kind.job, subject=str(claim.subject_id))
        await self._give_back([claim], None)
        return "failed", False

    async def _strike_out(self, claims: list[Claim]) -> None:
        """An entry that stays because the database is away is found done at its next attempt."""
        if claims:
            with _away_is_told("jobs.not_struck_out", self.kind.job):
                await outbox.strike_out(claims)

    async def _give_back(self, claims: list[Claim], delay_seconds: float | None) -> None:
        """While the database is away the lease runs out by itself."""
        if claims:
            with _away_is_told("jobs.not_given_back", self.kind.job):
                await outbox.give_back(claims, delay_seconds=delay_seconds)

    async def _renew_forever(self) -> None:
        """Leases are short, so that a dead process's work is taken up soon; the living renew theirs."""
        while True:
            await asyncio.sleep(self._lease_seconds / 3)
            with _away_is_told("jobs.not_renewed", self.kind.job):
                await outbox.renew(list(self._held.values()), lease_seconds=self._lease_seconds)


@contextmanager
def _away_is_told(event: str, job: str) -> Iterator[None]:
    try:
        yield
    except AWAY as error:
        log.warning(event, job=job, reason=_short(error))


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:200]
