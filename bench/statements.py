"""Counting what a request costs the database, by the server's own log."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from bench.ground import Ground

#: Each execution of a statement by the program (its application_name), BEGIN and COMMIT included.
_EXECUTED = re.compile(rb"^\[hadir\] LOG:  (?:execute [^:]+|statement): (.*)", re.MULTILINE)


class Counter:
    def __init__(self, on: Ground) -> None:
        self._log = on.postgres.log
        self._from = 0

    def start(self) -> None:
        self._from = self._log.stat().st_size

    def executed(self) -> list[str]:
        """First lines of the statements executed since `start`, in order."""
        with self._log.open("rb") as log:
            log.seek(self._from)
            return [found.decode() for found in _EXECUTED.findall(log.read())]


@asynccontextmanager
async def counting(on: Ground) -> AsyncIterator[Counter]:
    """Every statement is logged for the time of the block, which makes the server slow: measure no time in it."""
    await _set(on, "all", "[%a] ")
    try:
        yield Counter(on)
    finally:
        await _set(on, "none", "")


async def _set(on: Ground, statement: str, prefix: str) -> None:
    connection = await asyncpg.connect(str(on.settings.database_url))
    try:
        await connection.execute(f"ALTER SYSTEM SET log_line_prefix = '{prefix}'")
        await connection.execute(f"ALTER SYSTEM SET log_statement = '{statement}'")
        await connection.execute("SELECT pg_reload_conf()")
    finally:
        await connection.close()
    await asyncio.sleep(0.3)  # every server process has read it by then
