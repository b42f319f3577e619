"""P10: what a unit's page reads of the database when the agency around it grows tenfold."""

import asyncio
import re

import asyncpg

from bench.agency import Agency, populate
from bench.ground import Ground, ground, product
from bench.load import Connection, connect
from bench.pages import get_page
from bench.rows import Row, row

PEOPLE = (24_000, 240_000)
#: The first such line of a plan is of the whole statement.
_BUFFERS = re.compile(rb"Buffers: shared(?: hit=(\d+))?(?: read=(\d+))?")
EXPLAIN = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_buffers": "on",
    "auto_explain.log_timing": "off",
}


def measure() -> list[Row]:
    """Takes about a minute."""
    small, large = (_read(people) for people in PEOPLE)
    what = "buffers read by {} of an office of 100: agency of {:,} against {:,}"
    return [
        row("P10", what.format(page, *reversed(PEOPLE)), large[page], floor=small[page], must=1.25)
        for page in small
    ]


def _read(people: int) -> dict[str, int]:
    """Page → buffers of all its statements."""
    with ground() as on:
        agency = asyncio.run(populate(str(on.settings.database_url), people=people, days=2))
        asyncio.run(_explain(on))
        with product(on) as own:
            return asyncio.run(_pages(on, agency, own.port))


async def _explain(on: Ground) -> None:
    connection = await asyncpg.connect(str(on.settings.database_url))
    try:
        await connection.execute("LOAD 'auto_explain'")  # so that its settings are known
        for name, value in EXPLAIN.items():
            await connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        await connection.execute("SELECT pg_reload_conf()")
    finally:
        await connection.close()


async def _pages(on: Ground, agency: Agency, port: int) -> dict[str, int]:
    connection = await connect(port)
    paths = {"the wall": f"/live/{agency.supervisor.unit_id}", "the queue": "/check-ins"}
    found = {name: await _buffers(on, agency, connection, path) for name, path in paths.items()}
    connection.close()
    return found


async def _buffers(on: Ground, agency: Agency, connection: Connection, path: str) -> int:
    for _ in range(8):  # PostgreSQL has chosen its plans by then
        await get_page(connection, agency.supervisor, path)
    since = on.postgres.log.stat().st_size
    await get_page(connection, agency.supervisor, path)
    with on.postgres.log.open("rb") as log:
        log.seek(since)
        plans = log.read().split(b" plan:\n")[1:]
    found = [_BUFFERS.search(plan) for plan in plans]
    return sum(int(figure or 0) for each in found if each for figure in each.groups())
