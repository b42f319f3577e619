"""Kills, at random moments, one of the things that a check-in passes through, and has it start again."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence

from local.server import Server
from tests.kill.history import RECOVERY_SECONDS
from tests.kill.processes import HadirProcess
from tests.worker.jobs.office import elsewhere

#: For processes to start, on a machine with other work to do: no figure of the product's.
PATIENCE = 120.0


async def ready(*processes: HadirProcess) -> None:
    async with asyncio.timeout(PATIENCE):
        for process in processes:
            while not await asyncio.to_thread(lambda: process.is_ready):  # noqa: B023 - called at once
                assert process.is_alive, process.said
                await asyncio.sleep(0.02)


class Reaper:
    """`victims` are drawn equally often, one of each group at a time; `kills` counts them by name. `answered`
    is how many have had an answer so far."""

    def __init__(
        self,
        victims: Sequence[Sequence[HadirProcess | Server]],
        answered: Callable[[], int],
        chance: random.Random,
    ) -> None:
        self._victims = victims
        self._answered = answered
        self._chance = chance
        self._bag: list[Sequence[HadirProcess | Server]] = []
        self.kills: Counter[str] = Counter()

    async def strike(self, times: int) -> None:
        for _ in range(times):
            if self._chance.random() < 0.7:
                await self._at_work_again()
            await asyncio.sleep(self._chance.uniform(0.02, 0.6))
            target = self._drawn()
            if isinstance(target, Server):
                await elsewhere(target.kill)
                await elsewhere(target.start)
                self.kills[target.label] += 1
            else:
                await self._kill(target)
                self.kills[target.name] += 1

    async def _at_work_again(self) -> None:
        """Mostly what is struck is at work; now and then two are struck at once."""
        before = self._answered()
        processes = [one for group in self._victims for one in group if isinstance(one, HadirProcess)]
        if not await self._answered_after(before):
            await ready(*processes)  # beside other work starting takes its time, but answering does not
            said = "\n".join(f"{one.name}, alive: {one.is_alive}\n{one.said[-2000:]}" for one in processes)
            assert await self._answered_after(before), f"nobody was answered after {dict(self.kills)}\n{said}"

    async def _answered_after(self, before: int) -> bool:
        until = time.monotonic() + RECOVERY_SECONDS
        while self._answered() == before and time.monotonic() < until:  # noqa: ASYNC110 - others count
            await asyncio.sleep(0.01)
        return self._answered() > before

    def _drawn(self) -> HadirProcess | Server:
        self._bag = self._bag or self._chance.sample(self._victims, len(self._victims))
        return self._chance.choice(self._bag.pop())

    async def _kill(self, process: HadirProcess) -> None:
        """Mostly one at its work; now and then one that is just starting."""
        if self._chance.random() < 0.8:
            await ready(process)
            await asyncio.sleep(self._chance.uniform(0, 0.3))
        assert process.is_alive, f"{process.name} ended by itself: {process.said}"
        process.kill()
        process.start()
