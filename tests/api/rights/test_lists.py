"""Lists: pages that neither repeat nor skip, other people's cursors, and counts that count no more than is seen."""

from typing import Any
from uuid import UUID

import pytest
from graphql import GraphQLObjectType, get_named_type, is_required_argument

from tests.api.canaries import Kind
from tests.api.conftest import Ask
from tests.api.generator import root
from tests.api.oracle import Oracle
from tests.world import Person, World

pytestmark = pytest.mark.anyio

READERS = ["employee", "supervisor", "agency_admin", "b:agency_admin"]
PAGE = 7
MOST_PAGES = 100


def lists() -> list[str]:
    return [name for name, field in root("query").fields.items() if str(field.type).endswith("Connection!")]


def page_query(name: str) -> str:
    """A page of a list: cursors, what identifies the rows, and the count."""
    node = get_named_type(get_named_type(root("query").fields[name].type).fields["edges"].type).fields["node"]
    assert isinstance(row := get_named_type(node.type), GraphQLObjectType)
    of = [arg for arg, found in root("query").fields[name].args.items() if is_required_argument(found)]
    declared = "".join(f", ${arg}: UUID!" for arg in of)
    given = "".join(f", {arg}: ${arg}" for arg in of)
    assert "id" in row.fields, f"{row} has no identifier"
    return (
        f"query($first: Int!, $after: String{declared}) {{ {name}(first: $first, after: $after{given}) {{ totalCount"
        " pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id } } } }"
    )


def beside(name: str, world: World, reader: Person) -> dict[str, str]:
    unit = "b:root" if reader.agency == "b" else "root"
    top = world.units[reader.reach or unit]
    return {"unitId": str(top)} if "unitId: UUID!" in page_query(name) else {}


@pytest.mark.parametrize("name", lists())
async def test_pages_neither_repeat_nor_skip(ask: Ask, world: World, name: str) -> None:
    longest = 0
    for key in READERS:
        reader = world[key]
        given = beside(name, world, reader)
        whole = await ask(reader, page_query(name), first=100, after=None, **given)
        if whole.errors:
            assert whole.codes == ["NOT_FOUND"]
            continue
        expected = [edge["node"]["id"] for edge in whole[name]["edges"]]
        found: list[str] = []
        after = None
        for number in range(MOST_PAGES):
            page = (await ask(reader, page_query(name), first=PAGE, after=after, **given))[name]
            found += [edge["node"]["id"] for edge in page["edges"]]
            assert page["totalCount"] == len(expected)
            assert page["pageInfo"]["hasPreviousPage"] == (number > 0)
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert found == expected
        assert len(set(found)) == len(found)
        longest = max(longest, len(found))
    assert longest > 1, "nobody had anything to page through"


@pytest.mark.parametrize("name", lists())
async def test_a_cursor_of_somebody_else_opens_nothing(ask: Ask, world: World, name: str) -> None:
    handed = [
        ("agency_admin", "employee"),
        ("agency_admin", "b:agency_admin"),
        ("b:agency_admin", "hr_admin"),
    ]
    for giver, taker in handed:
        theirs = await ask(
            world[giver], page_query(name), first=100, after=None, **beside(name, world, world[giver])
        )
        for edge in theirs[name]["edges"][::5]:
            given = beside(name, world, world[taker])
            answer = await ask(world[taker], page_query(name), first=50, after=edge["cursor"], **given)
            assert set(answer.codes) <= {"NOT_FOUND"}
            allowed = Oracle(world, world[taker]).allowed
            found = world.canaries.found(answer.data)
            assert set(found) <= allowed, [world.canaries.told(k) for k in set(found) - allowed]


async def test_counts_count_what_may_be_seen(ask: Ask, world: World) -> None:
    counts = "attendanceCounts(unitId: $id) { total in out notIn pending }"
    query = f"query($id: UUID!) {{ unit(id: $id) {{ employeeCount }} {counts} }}"
    told = 0
    for key in READERS:
        oracle = Oracle(world, world[key])
        for unit, unit_id in world.units.items():
            staff = [p for p in world.people.values() if p.active and world.covers(unit, p.unit)]
            answer = await ask(world[key], query, id=str(unit_id))
            if answer.data.get("unit"):
                seen = [person for person in staff if oracle.may(person.key, Kind.PERSON)]
                assert answer.data["unit"]["employeeCount"] == len(seen), (key, unit)
                told += len(seen) > 0
            if oracle.over(unit, Kind.ATTENDANCE):
                found: dict[str, Any] = answer["attendanceCounts"]
                assert found["total"] == len(staff), (key, unit)
                assert sum(found[name] for name in ("in", "out", "notIn", "pending")) == found["total"]
            else:
                assert not answer.data.get("attendanceCounts")
    assert told > len(READERS), "hardly anybody was told anything"


async def test_whether_a_face_is_enrolled_is_told_to_whoever_may_see_the_person(
    ask: Ask, world: World
) -> None:
    """Whoever decided about a check-in is named in it; that he enrolled a face is not part of that."""
    query = "query($id: UUID!) { checkIn(id: $id) { review { reviewer { id name enrolment } } } }"
    decided = world["employee"].check_ins["decided"]
    for key, told in (
        ("employee", "NONE"),
        ("supervisor", "NONE"),
        ("hr_admin", "STALE_MODEL"),
        ("auditor", "STALE_MODEL"),
    ):
        reviewer = (await ask(world[key], query, id=str(decided)))["checkIn"]["review"]["reviewer"]
        assert UUID(reviewer["id"]) == world["hr_admin"].employee_id
        assert reviewer["enrolment"] == told, key
