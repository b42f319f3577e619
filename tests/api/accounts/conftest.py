"""Somebody with a password."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from argon2 import PasswordHasher

from api.accounts.models import Account
from api.core.context import Context
from api.core.runtime import Runtime
from api.schema import schema
from tests.world import Person, World

PASSWORD = "a password of the tests' own"
#: As cheap as Argon2 gets; what a check costs is written in the hash.
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

LOGIN = (
    "mutation($nip: String!, $password: String!) { login(input: {nip: $nip, password: $password, device: "
    '"test device"}) { __typename ... on LoginDone { token expiresAt } ... on Problem { code message nextStep }'
    " ... on TooManyAttempts { retryAfterSeconds } } }"
)
Login = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
async def member(runtime: Runtime, world: World) -> Person:
    person = world["deskmate"]
    await Account.filter(id=person.account_id).update(password_hash=CHEAP.hash(PASSWORD))
    return person


@pytest.fixture
def login(runtime: Runtime) -> Login:
    return lambda nip, password=PASSWORD, **more: sign_in(runtime, nip, password, **more)


async def sign_in(
    runtime: Runtime, nip: str, password: str = PASSWORD, *, address: str = "192.0.2.9"
) -> dict[str, Any]:
    context = Context(runtime, None, "id", address=address)
    result = await schema.execute(LOGIN, {"nip": nip, "password": password}, context)
    assert not result.errors, result.errors
    assert result.data is not None
    return dict(result.data["login"])
