"""Signing in: how often one may try, what a wrong try tells, and that a token is new and kept by nobody."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import pytest

from api.accounts.access import digest_of
from api.accounts.models import Account, Credential
from api.accounts.passwords import HASHER
from api.accounts.service import ATTEMPTS_PER_ACCOUNT, ATTEMPTS_PER_ADDRESS
from api.core.runtime import Runtime, open_runtime
from api.core.settings import Settings
from api.people.models import Employee
from tests.api.accounts.conftest import PASSWORD, Login, sign_in
from tests.api.conftest import Ask, settings_for
from tests.api.rows import dump
from tests.world import Person, World

pytestmark = pytest.mark.anyio

TRIES = int(ATTEMPTS_PER_ACCOUNT.partition("/")[0])


async def test_the_right_password_opens_a_session(
    ask: Ask, world: World, login: Login, member: Person
) -> None:
    spaced = f"{member.nip[:8]} {member.nip[8:14]} {member.nip[14]} {member.nip[15:]}"
    for nip in (member.nip, spaced):
        done = await login(nip)
        assert done["__typename"] == "LoginDone"
        me = (await ask(done["token"], "{ me { employee { id } sessions { device current } } }"))["me"]
        assert me["employee"]["id"] == str(member.employee_id)
        assert {"device": "test device", "current": True} in me["sessions"]


async def test_tries_at_an_account_are_limited_from_wherever(
    login: Login, member: Person, world: World
) -> None:
    for number in range(TRIES):
        wrong = await login(member.nip, "a guess", address=f"192.0.2.{number}")
        assert wrong["__typename"] == "LoginFailed"
    for password in ("a guess", PASSWORD):
        refused = await login(member.nip, password, address="198.51.100.1")
        assert refused["code"] == "TOO_MANY_ATTEMPTS"
        assert 1 <= refused["retryAfterSeconds"] <= 60
        assert str(refused["retryAfterSeconds"]) in refused["nextStep"]
    assert (await login(world["employee"].nip, "a guess"))["code"] == "LOGIN_FAILED"


async def test_spaces_make_no_new_account_of_it(login: Login, member: Person) -> None:
    spaced = [f" {member.nip[:number]} {member.nip[number:]}" for number in range(TRIES + 1)]
    codes = [(await login(nip, "a guess"))["code"] for nip in spaced]
    assert codes == ["LOGIN_FAILED"] * TRIES + ["TOO_MANY_ATTEMPTS"]


async def test_tries_from_an_address_are_limited(runtime: Runtime, login: Login, member: Person) -> None:
    for _ in range(int(ATTEMPTS_PER_ADDRESS.partition("/")[0])):
        await runtime.attempts.spend(ATTEMPTS_PER_ADDRESS, "login", "203.0.113.5")
    assert (await login(member.nip, address="203.0.113.5"))["code"] == "TOO_MANY_ATTEMPTS"
    assert (await login(member.nip, address="203.0.113.6"))["__typename"] == "LoginDone"


async def test_a_success_forgives_what_went_before(login: Login, member: Person) -> None:
    for _ in range(3):
        for _ in range(TRIES - 1):
            assert (await login(member.nip, "a guess"))["code"] == "LOGIN_FAILED"
        assert (await login(member.nip))["__typename"] == "LoginDone"


@pytest.fixture
async def without_redis(settings: Settings, tmp_path: Path) -> AsyncIterator[Runtime]:
    """The same database, and a Redis that nobody answers at."""
    alone = settings_for(
        str(settings.database_url), "redis://127.0.0.1:1/0", tmp_path / "data", settings.keys
    )
    async with open_runtime(alone) as opened:
        yield opened


async def test_limits_hold_while_redis_is_away(without_redis: Runtime, world: World) -> None:
    person = world["deskmate"]
    codes = [(await sign_in(without_redis, person.nip, "a guess"))["code"] for _ in range(TRIES + 2)]
    assert codes == ["LOGIN_FAILED"] * TRIES + ["TOO_MANY_ATTEMPTS"] * 2


async def test_nothing_tells_whether_there_is_such_an_account(
    login: Login, member: Person, world: World
) -> None:
    """The same words, and about the same work, for a wrong password, nobody's number, and one who left."""
    await Account.filter(id=member.account_id).update(password_hash=HASHER.hash(PASSWORD))
    nobody = "199912312020011999"
    assert not await Employee.filter(nip=nobody).exists()
    answers, work = [], {}
    for nip in (member.nip, nobody, world["retired"].nip, "12345", "not a number"):
        spent = []
        for _ in range(3):
            began = time.process_time()
            answers.append(await login(nip, "a guess"))
            spent.append(time.process_time() - began)
        work[nip] = median(spent)
    assert all(answer == answers[0] for answer in answers)
    for nip, seconds in work.items():
        assert 0.5 < seconds / work[member.nip] < 2, (nip, work)


async def test_a_session_is_never_the_one_that_was_there_before(
    ask: Ask, login: Login, member: Person
) -> None:
    """A token planted on somebody stays what it was: signing in makes a new one."""
    tokens = [(await login(member.nip))["token"] for _ in range(3)]
    assert len({*tokens, member.token}) == 4
    assert all(len(token) >= 43 for token in tokens)  # 32 bytes
    sessions = (await ask(member, "{ me { sessions { id } } }"))["me"]["sessions"]
    assert len(sessions) == 4
    await Credential.filter(digest=digest_of(tokens[0])).update(ended_at=datetime.now(UTC))
    assert (await ask(tokens[0], "{ me { permissions } }"))["me"] is None
    assert (await ask(tokens[1], "{ me { permissions } }"))["me"] is not None


async def test_neither_token_nor_password_is_in_the_database(ask: Ask, login: Login, member: Person) -> None:
    session = (await login(member.nip))["token"]
    made = 'mutation { createApiToken(name: "a program") { ... on ApiTokenCreated { token } } }'
    api_token = (await ask(session, made))["createApiToken"]["token"]
    rows = str(await dump())
    for secret in (session, api_token, PASSWORD, member.token, member.api_token):
        assert secret not in rows
        assert secret.encode().hex() not in rows
