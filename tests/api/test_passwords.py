"""Changing one's password."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.accounts.models import Account, Credential
from api.accounts.passwords import hash_password, matches
from tests.world import World

pytestmark = pytest.mark.anyio
CHANGE = "mutation ($current: String!, $new: String!) { changePassword(current: $current, new: $new) { __typename } }"


async def issue_session(account: Account) -> None:
    await Credential.create(
        account=account,
        agency_id=account.agency_id,
        digest=secrets.token_bytes(32),
        expires_at=datetime.now(UTC) + timedelta(hours=1),
    )


async def test_the_new_one_holds_and_other_sessions_end(ask: Any, world: World) -> None:
    person = world["employee"]
    account = await Account.get(employee_id=person.employee_id)
    account.password_hash = await hash_password("the old sentence")
    await account.save()
    await issue_session(account)
    for current, new, told in (
        ("a guess at it", "the new sentence", "LoginFailed"),
        ("the old sentence", "short", "InvalidInput"),
        ("the old sentence", "the new sentence", "PasswordChanged"),
    ):
        answer = await ask(person, CHANGE, current=current, new=new)
        assert answer.data["changePassword"]["__typename"] == told
    await account.refresh_from_db()
    assert await matches(account.password_hash, "the new sentence")
    left = await Credential.filter(account_id=account.id, token_name="", ended_at=None).values_list(
        "id", flat=True
    )
    assert left == [person.session_id]


async def test_guesses_are_counted(ask: Any, world: World) -> None:
    tries = [
        await ask(world["employee"], CHANGE, current=f"guess {n}", new="the new sentence") for n in range(6)
    ]
    assert tries[-1].data["changePassword"]["__typename"] == "TooManyAttempts"
