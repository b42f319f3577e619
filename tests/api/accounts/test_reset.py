"""A one-time password: given from above, for one login, at which another is chosen; everything older ends."""

from datetime import timedelta
from typing import Any

import pytest

from api.accounts import service
from api.accounts.models import Account, Credential
from api.accounts.passwords import hash_password, matches
from api.accounts.service import ATTEMPTS_PER_ACCOUNT
from api.audit.models import AuditEntry
from api.core.context import Context
from api.core.runtime import Runtime
from api.people.models import Employee, RoleAssignment
from api.personnel.service import LIFETIME
from api.schema import schema
from tests.api.accounts.conftest import PASSWORD, Login
from tests.api.conftest import Ask
from tests.world import Person, World

pytestmark = pytest.mark.anyio

RESET = (
    "mutation($id: UUID!) { resetPassword(employeeId: $id) { __typename"
    " ... on PasswordReset { password expiresAt } } }"
)
LOGIN = (
    "mutation($input: LoginInput!) { login(input: $input) { __typename"
    " ... on LoginDone { token } ... on Problem { code } } }"
)
OWN = "a sentence of my own"


async def reset(ask: Ask, by: Person, person: Person) -> Any:
    return (await ask(by, RESET, id=str(person.employee_id)))["resetPassword"]


async def enter(
    runtime: Runtime, world: World, person: Person, password: str, new: str = "", **later: Any
) -> Any:
    now = world.now + timedelta(**later)
    await runtime.attempts.forgive(ATTEMPTS_PER_ACCOUNT, "login", person.nip)
    context = Context(runtime, None, "id", address="192.0.2.9", clock=lambda: now)
    given = {"nip": person.nip, "password": password, "newPassword": new}
    result = await schema.execute(LOGIN, {"input": given}, context)
    assert result.data, result.errors
    return result.data["login"]


async def test_it_opens_once_and_only_for_a_new_one(
    ask: Ask, world: World, runtime: Runtime, member: Person, login: Login
) -> None:
    assert (await login(member.nip))["__typename"] == "LoginDone"
    given = (await reset(ask, world["hr_admin"], member))["password"]
    assert (await login(member.nip, PASSWORD))["__typename"] == "LoginFailed", "the old one is gone"
    assert (await enter(runtime, world, member, given))["code"] == "PASSWORD_MUST_CHANGE"
    assert (await enter(runtime, world, member, given, given))["code"] == "PASSWORD_MUST_CHANGE"
    assert (await enter(runtime, world, member, given, "short"))["__typename"] == "InvalidInput"
    assert (await enter(runtime, world, member, "a guess", OWN))["__typename"] == "LoginFailed"
    done = await enter(runtime, world, member, given, OWN)
    assert done["__typename"] == "LoginDone"
    assert (await ask(done["token"], "{ me { employee { id } } }"))["me"]
    assert (await enter(runtime, world, member, given, "another sentence"))["__typename"] == "LoginFailed"
    assert (await enter(runtime, world, member, OWN))["__typename"] == "LoginDone"


async def test_everything_that_was_open_ends_and_the_trail_says_who(
    ask: Ask, world: World, member: Person
) -> None:
    before = await Credential.filter(account_id=member.account_id, ended_at__isnull=True).count()
    assert before > 1, "a session and a token"
    await reset(ask, world["hr_admin"], member)
    assert not await Credential.filter(account_id=member.account_id, ended_at__isnull=True).exists()
    assert (await ask(member, "{ me { employee { id } } }"))["me"] is None
    [entry] = await AuditEntry.filter(action="account.password_reset")
    assert (entry.actor_id, entry.subject_id) == (world["hr_admin"].employee_id, member.employee_id)
    assert await Credential.filter(account_id=world["employee"].account_id, ended_at__isnull=True).exists()


async def test_it_is_kept_as_a_hash_and_ends_by_itself(
    ask: Ask, world: World, runtime: Runtime, member: Person
) -> None:
    given = await reset(ask, world["agency_admin"], member)
    account = await Account.get(id=member.account_id)
    assert given["password"] not in account.password_hash
    assert await matches(account.password_hash, given["password"])
    late = await enter(runtime, world, member, given["password"], OWN, seconds=LIFETIME.total_seconds() + 1)
    assert late["__typename"] == "LoginFailed"


@pytest.mark.parametrize(
    ("by", "whom", "outcome"),
    [
        ("hr_admin", "supervisor", "PasswordReset"),
        ("hr_admin", "colleague", "PasswordReset"),
        ("agency_admin", "auditor", "PasswordReset"),
        ("agency_admin", "easterner", "PasswordReset"),
        ("hr_admin", "hr_admin", "NotAllowed"),
        ("agency_admin", "agency_admin", "NotAllowed"),
        ("hr_admin", "easterner", "NotFound"),
        ("hr_admin", "b:employee", "NotFound"),
        ("supervisor", "deskmate", "NotAllowed"),
        ("auditor", "deskmate", "NotAllowed"),
        ("employee", "deskmate", "NotFound"),
        ("hr_admin", "retired", "NotFound"),
    ],
)
async def test_who_may_open_whose_account(ask: Ask, world: World, by: str, whom: str, outcome: str) -> None:
    assert (await reset(ask, world[by], world[whom]))["__typename"] == outcome


@pytest.mark.parametrize(
    ("role", "unit"), [("AGENCY_ADMIN", None), ("AUDITOR", None), ("SUPERVISOR", "east")]
)
async def test_nobody_rises_by_an_account_that_he_opens(
    ask: Ask, world: World, role: str, unit: str | None
) -> None:
    """A role above one's own, or beyond one's own units, also where the person sits in them."""
    await RoleAssignment.create(
        agency_id=world.agencies["a"],
        employee_id=world["deskmate"].employee_id,
        unit_id=world.units[unit] if unit else None,
        role=role,
        valid_from=world.now.date() + timedelta(days=3),
    )
    assert (await reset(ask, world["hr_admin"], world["deskmate"]))["__typename"] == "NotAllowed"


async def test_who_has_no_account_gets_one(ask: Ask, world: World, runtime: Runtime) -> None:
    known = world["deskmate"]
    person = await Employee.create(
        agency_id=world.agencies["a"],
        unit_id=world.units["office"],
        nip="199912312024011001",
        name="Newcomer",
    )
    answer = (await ask(world["hr_admin"], RESET, id=str(person.id)))["resetPassword"]
    newcomer = Person("newcomer", known.agency, known.unit, nip=person.nip)
    done = await enter(runtime, world, newcomer, answer["password"], OWN)
    assert done["__typename"] == "LoginDone"


async def test_roles_are_shown_to_who_manages_the_account(ask: Ask, world: World) -> None:
    query = "query($id: UUID!) { employee(id: $id) { roles } }"
    person = world["supervisor"]
    seen = {
        key: (await ask(world[key], query, id=str(person.employee_id)))["employee"]["roles"]
        for key in ("hr_admin", "agency_admin", "supervisor", "auditor", "desk_officer")
    }
    shown = ["SUPERVISOR"]
    assert seen == {
        "hr_admin": shown,
        "agency_admin": shown,
        "supervisor": shown,
        "auditor": [],
        "desk_officer": [],
    }


async def test_a_change_that_was_overtaken_by_a_reset_changes_nothing(
    ask: Ask, world: World, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, given = world["employee"], []
    await Account.filter(employee_id=person.employee_id).update(password_hash=await hash_password(PASSWORD))

    async def slower(password: str) -> str:
        monkeypatch.setattr(service, "hash_password", hash_password)
        given.append(await reset(ask, world["agency_admin"], person))
        return await hash_password(password)

    monkeypatch.setattr(service, "hash_password", slower)
    change = "mutation($c: String!, $n: String!) { changePassword(current: $c, new: $n) { __typename } }"
    answer = (await ask(person, change, c=PASSWORD, n=OWN))["changePassword"]
    assert answer["__typename"] == "LoginFailed"
    assert (await enter(runtime, world, person, given[0]["password"], OWN + "!"))["__typename"] == "LoginDone"
