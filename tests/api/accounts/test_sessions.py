"""Sessions and tokens end when they are ended, when their time is over, and with the person's service."""

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from api.accounts.models import Credential
from api.core.policy import Role
from api.people.models import Employee, RoleAssignment
from tests.api.accounts.conftest import Login
from tests.api.conftest import Ask
from tests.world import Person, World

pytestmark = pytest.mark.anyio

ME = "{ me { employee { id } } }"
MAKE = (
    "mutation($name: String!, $days: Int!) { createApiToken(name: $name, days: $days) {"
    " ... on ApiTokenCreated { token apiToken { id expiresAt } } ... on InvalidInput { field } } }"
)
END = "mutation($id: UUID!) { endSession(id: $id) { __typename } }"
REVOKE = "mutation($id: UUID!) { revokeApiToken(id: $id) { __typename } }"


async def good(ask: Ask, token: str, at: datetime | None = None) -> bool:
    return (await ask(token, ME, at=at))["me"] is not None


async def test_signing_out_ends_this_session_and_no_other(ask: Ask, login: Login, member: Person) -> None:
    other = (await login(member.nip))["token"]
    assert (await ask(other, "mutation { logout }"))["logout"] is True
    assert not await good(ask, other)
    assert await good(ask, member.token)
    assert (await ask(other, "mutation { logout }")).codes == ["SIGN_IN_REQUIRED"]


async def test_a_session_is_ended_from_another(ask: Ask, world: World) -> None:
    person = world["deskmate"]
    assert (await ask(person.api_token, END, id=str(person.session_id)))["endSession"][
        "__typename"
    ] == "SessionEnded"
    assert not await good(ask, person.token)
    assert (await ask(person.api_token, END, id=str(person.session_id)))["endSession"][
        "__typename"
    ] == "NotFound"


async def test_a_session_ends_by_itself_to_the_second(ask: Ask, world: World) -> None:
    person = world["deskmate"]
    ends = (await Credential.get(id=person.session_id)).expires_at
    assert await good(ask, person.token, ends - timedelta(microseconds=1))
    assert not await good(ask, person.token, ends)


async def test_a_token_holds_its_days_and_can_be_revoked(ask: Ask, world: World) -> None:
    person = world["deskmate"]
    made = (await ask(person, MAKE, name="a program", days=1))["createApiToken"]
    ends = datetime.fromisoformat(made["apiToken"]["expiresAt"])
    assert ends == world.now + timedelta(days=1)
    assert await good(ask, made["token"], ends - timedelta(seconds=1))
    assert not await good(ask, made["token"], ends)
    await ask(person, REVOKE, id=made["apiToken"]["id"])
    assert not await good(ask, made["token"])


@pytest.mark.parametrize(
    ("name", "days", "field"),
    [
        ("", 1, "name"),
        ("   ", 1, "name"),
        ("x" * 81, 1, "name"),
        ("a program", 0, "days"),
        ("a program", 366, "days"),
    ],
)
async def test_what_a_token_may_be(ask: Ask, world: World, name: str, days: int, field: str) -> None:
    assert (await ask(world["deskmate"], MAKE, name=name, days=days))["createApiToken"] == {"field": field}


async def test_tokens_are_at_most_twenty(ask: Ask, world: World) -> None:
    person = world["deskmate"]  # has one
    made = [(await ask(person, MAKE, name=f"number {n}", days=1))["createApiToken"] for n in range(20)]
    assert ["token" in answer for answer in made] == [True] * 19 + [False]


async def test_service_over_everything_over(ask: Ask, world: World) -> None:
    person = world["supervisor"]
    await Employee.filter(id=person.employee_id).update(active=False)
    assert not await good(ask, person.token)
    assert not await good(ask, person.api_token)


async def test_a_last_use_is_noted_and_not_at_every_turn(ask: Ask, world: World) -> None:
    person = world["deskmate"]
    for minutes, noted in ((4, 0), (6, 6), (10, 6), (12, 12)):
        await good(ask, person.token, world.now + timedelta(minutes=minutes))
        seen = (await Credential.get(id=person.session_id)).last_seen_at
        assert seen == world.now + timedelta(minutes=noted), minutes


@pytest.mark.parametrize(
    ("since", "until", "held"),
    [(0, None, True), (-10, 0, True), (0, 0, True), (1, None, False), (-10, -1, False), (-10, None, True)],
)
async def test_a_role_holds_on_its_days_both_included(
    ask: Ask, world: World, since: int, until: int | None, held: bool
) -> None:
    """Days of the holder's unit: asked in the far east, where the day begins two hours early."""
    person = world["easterner"]
    zone = ZoneInfo("Asia/Jayapura")
    today = world.now.astimezone(zone).date()
    await RoleAssignment.create(
        agency_id=world.agencies["a"],
        employee_id=person.employee_id,
        unit_id=world.units["east"],
        role=Role.SUPERVISOR,
        valid_from=today + timedelta(days=since),
        valid_until=today + timedelta(days=until) if until is not None else None,
    )
    for moment in (midnight(today, zone), midnight(today + timedelta(days=1), zone) - timedelta(seconds=1)):
        me = (await ask(person.api_token, "{ me { permissions roles { role unit { id } } } }", at=moment))[
            "me"
        ]
        assert ("attendance.review" in me["permissions"]) is held
        assert [UUID(role["unit"]["id"]) for role in me["roles"]] == ([world.units["east"]] if held else [])


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, datetime.min.time(), zone)
