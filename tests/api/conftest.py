"""A world of two agencies in each test's own database, and `ask`: a query as somebody in it."""

import asyncio
import base64
import os
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import pytest

from api.accounts import service as accounts
from api.core.clock import Clock
from api.core.context import Context
from api.core.crypto import Keyring
from api.core.database import open_database
from api.core.runtime import Runtime, open_runtime
from api.core.settings import Settings, load
from api.core.settings_checks import parse_keys
from api.core.storage import Storage
from api.people import service as people
from api.schema import schema
from local.postgres import Postgres
from tests.api.planting import plant
from tests.conftest import administer, copy_of
from tests.world import Person, World

_PLANTED = "hadir_world"


@dataclass(frozen=True)
class Answer:
    """What a caller gets: data, and errors as they are told."""

    data: dict[str, Any]
    errors: list[dict[str, Any]]

    @property
    def codes(self) -> list[str]:
        return [error["extensions"]["code"] for error in self.errors]

    def __getitem__(self, field: str) -> Any:
        assert not self.errors, self.errors
        return self.data[field]


class Ask(Protocol):
    async def __call__(
        self, actor: Person | str | None, query: str, *, at: datetime | None = None, **variables: Any
    ) -> Answer: ...


@dataclass(frozen=True)
class Planted:
    """A database to copy, the files that belong to it, and the key that opens both."""

    database: str
    store: Path
    keys: str
    world: World


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def planted(postgres: Postgres, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Planted:
    data_dir = tmp_path_factory.mktemp("planted")
    keys = f"k1:{base64.b64encode(os.urandom(32)).decode()}"
    administer(postgres, copy_of(template_database, _PLANTED))
    settings = settings_for(postgres.url_of(_PLANTED), "redis://127.0.0.1:1/0", data_dir, keys)

    async def fill() -> World:
        keyring = Keyring(parse_keys(keys))
        async with open_database(settings):
            return await plant(keyring, Storage(settings, keyring))

    return Planted(_PLANTED, data_dir / "store", keys, asyncio.run(fill()))


@pytest.fixture
def world(planted: Planted) -> World:
    """Who and what was planted; `runtime` holds a fresh copy of it for each test."""
    return planted.world


@pytest.fixture
def settings(
    planted: Planted, make_database: Callable[[str], str], redis_url: str, tmp_path: Path
) -> Settings:
    # Links suffice: the store replaces a file whole.
    shutil.copytree(planted.store, tmp_path / "data" / "store", copy_function=os.link)
    return settings_for(make_database(planted.database), redis_url, tmp_path / "data", planted.keys)


@pytest.fixture
async def runtime(settings: Settings) -> AsyncIterator[Runtime]:
    people.forget_rules()
    async with open_runtime(settings) as opened:
        yield opened


@pytest.fixture
def ask(runtime: Runtime, world: World) -> Ask:
    """Executes as the product does: by token, with rights read anew. `at` is the server's clock, `world.now`
    unless given; a string is a token of one's own."""

    async def asking(
        actor: Person | str | None, query: str, *, at: datetime | None = None, **variables: Any
    ) -> Answer:
        now = at or world.now
        context = await context_of(runtime, actor, lambda: now)
        result = await schema.execute(query, variable_values=variables, context_value=context)
        return Answer(result.data or {}, [error.formatted for error in result.errors or []])

    return asking


async def context_of(
    runtime: Runtime, actor: Person | str | None, clock: Clock, locale: str = "id"
) -> Context:
    token = actor.token if isinstance(actor, Person) else actor
    known = await accounts.authenticate(token, clock()) if token else None
    return Context(runtime, known, locale, address="192.0.2.7", clock=clock)


def settings_for(database_url: str, redis_url: str, data_dir: Path, keys: str, **more: Any) -> Settings:
    values = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "HADIR_KEYS": keys}
    return load(environ=values, env_file=None, data_dir=data_dir, **more)
