"""P5: a list of a hundred people with ten fields each, against one statement and orjson."""

import asyncio
import statistics

from bench.agency import populate
from bench.checkins import GRAPHQL, ask
from bench.ground import Process, floor, ground, product
from bench.load import drive
from bench.rows import Row, row

ROUNDS = 7
REQUESTS = 100
FIRST = 100
MILLISECONDS = 1000

P5 = (
    "what goes beyond the floor, by instructions: half is completing fields one by one, a quarter objects made of "
    "rows, a quarter the request itself. Tried: one raw statement instead of a composed one (half of the time "
    "before), rows not copied, each unit made once a page"
)
PEOPLE = """
query People($first: Int!) {
  employees(first: $first) {
    edges { node { id nip name position active unit { id code name timeZone parentId } } }
  }
}
"""


def measure() -> list[Row]:
    """Takes about 20 seconds."""
    with ground() as on:
        agency = asyncio.run(populate(str(on.settings.database_url), people=2_400, days=1))
        with product(on) as own, floor(on) as bare:
            return asyncio.run(_rows(own, bare, agency.supervisor.token))


async def _rows(own: Process, bare: Process, token: str) -> list[Row]:
    own_cpu: list[float] = []
    bare_cpu: list[float] = []
    for _ in range(1 + ROUNDS):
        for process, path, figures in ((own, GRAPHQL, own_cpu), (bare, "/employees", bare_cpu)):
            turns = [[ask(path, token, PEOPLE, {"first": FIRST})]] * REQUESTS
            run = await drive(process.port, process.pid, turns, clients=4, expect=b'"parentId"')
            figures.append(run.cpu_each * MILLISECONDS)
    what = f"{FIRST} people × 10 fields, CPU of the process (ms)"
    value, least = (statistics.median(figures[1:]) for figures in (own_cpu, bare_cpu))
    return [row("P5", what, value, floor=least, must=2.5, stretch=1.5, note=P5)]
