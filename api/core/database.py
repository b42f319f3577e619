"""Tortoise configuration, migration, and the few doors to raw SQL."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg
from tortoise import Tortoise
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.connection import connections
from tortoise.exceptions import DBConnectionError
from tortoise.migrations.api import migrate as apply_migrations
from tortoise.transactions import in_transaction

from api.core.errors import Unavailable
from api.core.settings import Settings

API = Path(__file__).parents[1]
#: Rows are where a slice keeps them: `api/<slice>/models.py`.
MODEL_MODULES = sorted(f"api.{path.parent.name}.models" for path in API.glob("*/models.py"))
#: Any number that is ours: two migrations at once would crash (advisory lock of the session).
MIGRATION_LOCK = 0x4841_4449

#: Characters of a search that count.
LONGEST_SEARCH = 100

#: PostgreSQL is away, starting, or short of something; or an answer of it was lost. Trying again helps.
AWAY = (
    OSError,  # also TimeoutError, every refused connection, and a host that cannot be reached
    DBConnectionError,
    asyncpg.InterfaceError,  # also of a pool that is closing
    asyncpg.InternalClientError,  # a connection that broke in the middle of a message
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shutting down, or starting up
    asyncpg.InsufficientResourcesError,  # too many connections, disk full
    asyncpg.TransactionRollbackError,  # deadlock
)

Row = dict[str, Any]


class Connection(asyncpg.Connection):  # type: ignore[misc]
    """Goes back to the pool as it is. Nothing of ours outlives its transaction (no SET, LISTEN, cursor or
    session's lock), and asyncpg's clean-up would be a second round trip after every statement. What a cut-off
    transaction leaves is rolled back all the same."""

    __slots__ = ()

    def get_reset_query(self) -> str:
        return ""


def config(settings: Settings) -> dict[str, Any]:
    """Tortoise's own configuration; a query string in DATABASE_URL is passed on (host for a socket, ssl)."""
    if settings.database_url is None:
        raise Unavailable
    parts = urlsplit(str(settings.database_url))
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if "sslmode" in query:  # as psql calls it, and as hosting platforms write it
        query["ssl"] = query.pop("sslmode")
    credentials: dict[str, Any] = {
        "host": query.pop("host", parts.hostname),
        "port": parts.port or 5432,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "database": unquote(parts.path.lstrip("/")),
        "minsize": 1,
        "maxsize": settings.database_pool,
        "application_name": "hadir",
        "connection_class": Connection,
        **query,
    }
    return {
        "connections": {"default": {"engine": "tortoise.backends.asyncpg", "credentials": credentials}},
        "apps": {
            "models": {"models": MODEL_MODULES, "migrations": "migrations", "default_connection": "default"}
        },
        "use_tz": True,
        "timezone": "UTC",
    }


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[None]:
    await Tortoise.init(config=config(settings), _enable_global_fallback=True)
    try:
        yield
    finally:
        await Tortoise.close_connections()


async def migrate(settings: Settings) -> None:
    """Bring the database up to date; several may be started at once, one does the work."""
    credentials = config(settings)["connections"]["default"]["credentials"]
    guard = await asyncpg.connect(
        **{name: credentials[name] for name in ("host", "port", "user", "password", "database")},
        ssl=credentials.get("ssl"),
    )
    try:
        await guard.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
        await apply_migrations(config=config(settings))
    finally:
        await guard.close()
        await Tortoise.close_connections()


def connection() -> BaseDBAsyncClient:
    found: BaseDBAsyncClient = connections.get("default")
    return found


async def rows(sql: str, *values: object) -> list[Row]:
    """Run one statement and return its rows (also those of RETURNING) as dictionaries."""
    return await connection().execute_query_dict(sql, list(values))


async def copy(table: str, rows: Sequence[Row]) -> None:
    """Write many rows by COPY, each with the first one's columns in the same order; JSON is given as text."""
    if rows:
        async with connection().acquire_connection() as raw:
            records = [tuple(row.values()) for row in rows]
            await raw.copy_records_to_table(table, columns=list(rows[0]), records=records)


def containing(search: str) -> str:
    """LIKE's pattern of texts that hold what somebody looks for."""
    return f"%{beginning(search)}"


def beginning(search: str) -> str:
    """LIKE's pattern of texts that begin with what somebody looks for."""
    return f"{_literal(search)}%"


def ending(search: str) -> str:
    """LIKE's pattern of texts that end with what somebody looks for."""
    return f"%{_literal(search)}"


def _literal(search: str) -> str:
    """No letter of it is a wildcard."""
    return search[:LONGEST_SEARCH].replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


transaction = in_transaction

__all__ = [
    "AWAY",
    "Row",
    "beginning",
    "connection",
    "containing",
    "copy",
    "ending",
    "migrate",
    "open_database",
    "rows",
    "transaction",
]
