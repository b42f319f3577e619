"""Failures at a site become a mark, or the mark ends."""

from api.attendance.service import disturbance
from api.core.outbox import Claim
from worker.jobs.kind import Kind, Tools


async def watch(tools: Tools, claim: Claim) -> bool:
    return await disturbance.watch_site(tools.runtime, claim, tools.clock())


KIND = Kind(disturbance.JOB, watch)
