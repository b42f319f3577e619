"""What a process opens once and every request shares."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from api.core.attempts import Attempts
from api.core.crypto import Keyring
from api.core.database import open_database
from api.core.errors import Unavailable
from api.core.events import Events
from api.core.live import Hub
from api.core.settings import Settings
from api.core.settings_checks import parse_keys
from api.core.storage import Storage


@dataclass(frozen=True)
class Runtime:
    settings: Settings
    keyring: Keyring
    storage: Storage
    events: Events
    attempts: Attempts
    live: Hub


@asynccontextmanager
async def open_runtime(settings: Settings) -> AsyncIterator[Runtime]:
    """Connections to the database and Redis, the store and the keys; closed in the reverse order."""
    keys = parse_keys(settings.keys)
    if not keys or settings.redis_url is None:
        raise Unavailable
    keyring = Keyring(keys)
    redis_url = str(settings.redis_url)
    async with (
        open_database(settings),
        Events(redis_url).running() as events,
        Hub(events).running() as live,
    ):
        attempts = Attempts(redis_url)
        try:
            yield Runtime(settings, keyring, Storage(settings, keyring), events, attempts, live)
        finally:
            await attempts.close()
