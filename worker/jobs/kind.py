"""What a job is made of, and what it is handed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg
from redis.exceptions import RedisError
from tortoise.exceptions import DBConnectionError

from api.core.clock import Clock, utc_now
from api.core.errors import Unavailable
from api.core.outbox import Claim
from api.core.runtime import Runtime
from worker.faces import Eyes

#: A server or the store is away, or asks us to come again. Says nothing against the work itself.
AWAY = (
    Unavailable,
    OSError,  # also TimeoutError and every refused connection
    RedisError,
    DBConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that broke in the middle of a message
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shutting down, or starting up
    asyncpg.InsufficientResourcesError,  # too many connections, disk full
    asyncpg.TransactionRollbackError,  # deadlock
)


@dataclass(frozen=True, slots=True)
class Tools:
    """What one process has for all its jobs."""

    runtime: Runtime
    eyes: Eyes
    clock: Clock = utc_now


#: Does the work of one claim. True when it struck out the entry in a transaction of its own (or found that
#: somebody else holds it now); False when nothing is left but to strike it out.
Handler = Callable[[Tools, Claim], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A name in the outbox and what to do about it."""

    job: str
    handle: Handler
    #: Settles as "not checked" what failed time and again, so that nobody waits for ever.
    give_up: Handler | None = None
