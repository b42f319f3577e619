"""The servers that settings leave to us: for `hadir up`, and for a command beside it or without it."""

import contextlib
from collections.abc import Iterator

from api.core.settings import Settings
from local.errors import ProcessError
from local.lock import alone, running_in
from local.postgres import Postgres
from local.server import Server
from local.valkey import Valkey


def embedded(name: str, settings: Settings) -> Server:
    """The server of our own that stands in for the empty setting `name`."""
    if name == "database_url":
        return Postgres(settings.data_dir / "postgres")
    return Valkey(settings.data_dir / "valkey")


def missing_servers(settings: Settings) -> list[str]:
    return [name for name in ("database_url", "redis_url") if getattr(settings, name) is None]


@contextlib.contextmanager
def servers_for(settings: Settings, *, start: bool) -> Iterator[dict[str, str]]:
    """The addresses that `settings` leave empty, as overrides: of a running `hadir up`, or of servers started
    for the time of the command when `start` allows it. ProcessError says what to do when it does not."""
    missing = missing_servers(settings)
    if not missing:
        yield {}
    elif facts := running_in(settings.data_dir):
        yield {name: facts[name] for name in missing if name in facts}
    elif start:
        with alone(settings.data_dir), contextlib.ExitStack() as stack:
            found = {}
            for name in missing:
                server = embedded(name, settings)
                stack.callback(server.stop)
                found[name] = server.start()
            yield found
    else:
        raise ProcessError(
            "DATABASE_URL and REDIS_URL must be set, or `hadir up` be running: there is nothing to work with."
        )
