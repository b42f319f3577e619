"""A verdict is looked at again for what became known since."""

from api.attendance.service import again
from api.core.outbox import Claim
from worker.jobs.kind import Kind, Tools


async def look(tools: Tools, claim: Claim) -> bool:
    return await again.settle_again(tools.runtime, claim, tools.clock)


KIND = Kind(again.JOB, look)
