"""P1, P3, P4, P11: taking a check-in in, against the floor with the same bytes."""

import asyncio
import statistics
from collections.abc import Callable
from dataclasses import dataclass

from bench.agency import Agency, populate
from bench.checkins import FLOOR, GRAPHQL, prepare
from bench.ground import Ground, Process, floor, ground, product
from bench.load import Run, Turn, connect, drive
from bench.rows import Row, row
from bench.statements import counting

#: Rounds of each, in turns, so that a neighbour's noise falls on both; the medians are compared.
ROUNDS = 5
ACCEPTED = b"CheckInAccepted"
MILLISECONDS = 1000
P4 = (
    "what goes beyond the floor, by profile: a third GraphQL (coercing variables, executing, completing), a fifth "
    "the accept's own checks, record and signal, a sixth Strawberry (calling resolvers, building inputs), a sixth "
    "the way to the driver, which is gone twice (the floor keeps one connection), the rest errors and routing. "
    "Tried: executing without Strawberry's extensions, documents remembered, records built without validation, "
    "default thresholds built once"
)


@dataclass(frozen=True, slots=True)
class Stand:
    ground: Ground
    agency: Agency
    own: Process
    floor: Process


def measure() -> list[Row]:
    """Takes about 40 seconds. Both servers and the client share the machine's processors."""
    with ground() as on:
        agency = asyncio.run(populate(str(on.settings.database_url), people=2_400, days=1))
        with product(on) as own, floor(on) as bare:
            return asyncio.run(_rows(Stand(on, agency, own, bare)))


async def _rows(stand: Stand) -> list[Row]:
    await _in_turns(stand, 64, clients=16, rounds=1)  # connections, plans and caches
    rate, rate_floor = await _in_turns(stand, 400, clients=16, figure=lambda run: run.rate)
    wait, wait_floor = await _in_turns(stand, 640, clients=64, figure=lambda run: run.percentile(95))
    cpu, cpu_floor = await _in_turns(stand, 600, clients=8, uploaded=True, figure=lambda run: run.cpu_each)
    statements = await _statements(stand)
    wait, wait_floor, cpu, cpu_floor = (MILLISECONDS * each for each in (wait, wait_floor, cpu, cpu_floor))
    accepted = "photograph (70 KB) and submission"
    return [
        row("P1", f"{accepted}, 16 clients (1/s)", rate, floor=rate_floor, must=0.5, stretch=0.7),
        row("P3", f"{accepted}, 64 clients, p95 (ms)", wait, floor=wait_floor, must=3),
        row(
            "P4",
            "checkIn, CPU of the process each (ms)",
            cpu,
            floor=cpu_floor,
            must=2.0,
            stretch=1.5,
            note=P4,
        ),
        row("P11", "SQL statements of checkIn", len(statements), must=4),
    ]


async def _in_turns(
    stand: Stand,
    count: int,
    *,
    clients: int,
    uploaded: bool = False,
    rounds: int = ROUNDS,
    figure: Callable[[Run], float] = lambda run: run.rate,
) -> tuple[float, float]:
    """Medians of a figure over rounds of `count` check-ins: the product's and the floor's."""
    own: list[float] = []
    bare: list[float] = []
    for _ in range(rounds):
        for process, path, figures in ((stand.own, GRAPHQL, own), (stand.floor, FLOOR, bare)):
            turns = await prepare(stand.ground, stand.agency, count, path, uploaded=uploaded)
            run = await drive(process.port, process.pid, turns, clients=clients, expect=ACCEPTED)
            figures.append(figure(run))
    return statistics.median(own), statistics.median(bare)


async def _statements(stand: Stand) -> list[str]:
    """What one accept asks of the database."""
    turns: list[Turn] = await prepare(stand.ground, stand.agency, 2, GRAPHQL, uploaded=True)
    connection = await connect(stand.own.port)
    async with counting(stand.ground) as counter:
        await connection.ask(turns[0][0])
        counter.start()
        await connection.ask(turns[1][0])
        found = counter.executed()
    connection.close()
    return found
