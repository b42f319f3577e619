"""What a job is made of, and what it is handed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from redis.exceptions import RedisError

from api.core import database
from api.core.clock import Clock, utc_now
from api.core.errors import Unavailable
from api.core.outbox import Claim
from api.core.runtime import Runtime
from worker.faces import Eyes

#: A server or the store is away, or asks us to come again. Says nothing against the work itself.
AWAY = (*database.AWAY, Unavailable, RedisError)


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
