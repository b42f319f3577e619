"""The short way of plain fields against graphql-core's long one: the same answers to the letter, errors too."""

from datetime import UTC, datetime
from enum import Enum
from uuid import UUID

import graphql
import orjson
import pytest
import strawberry
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from api.plain import PlainExecutor

calls: list[str] = []


@strawberry.enum
class Colour(Enum):
    RED = "red"


@strawberry.interface
class Named:
    name: str


@strawberry.type
class Unit(Named):
    id: UUID
    parent_id: UUID | None = None

    @strawberry.field
    def shout(self) -> str:
        return self.name.upper()


@strawberry.type
class Person:
    id: UUID
    nip: str
    age: int
    born: datetime
    colour: Colour
    tags: list[str]
    maybe: str | None = None
    unit: Unit | None = None
    units: list[Unit | None] = strawberry.field(default_factory=list)
    friends: list["Person"] = strawberry.field(default_factory=list)

    @strawberry.field
    def plain_method(self) -> int:
        calls.append("plain")
        return self.age + 1

    @strawberry.field
    def broken(self) -> int | None:
        raise ValueError("broken")

    @strawberry.field
    async def waits(self, info: strawberry.Info) -> str:
        calls.append("waits")
        return f"{info.field_name} {self.nip}"

    @strawberry.field
    def asked(self, times: int = 2) -> str:
        return self.nip * times

    @strawberry.field
    async def unit_later(self) -> Unit | None:
        return self.unit


@strawberry.type
class Nobody:
    reason: str


def person(number: int, **other: object) -> Person:
    fields: dict[str, object] = {
        "id": UUID(int=number),
        "nip": str(number),
        "age": number,
        "born": datetime(2026, 1, 1, tzinfo=UTC),
        "colour": Colour.RED,
        "tags": ["a", "b"],
        "unit": Unit(id=UUID(int=100 + number), name="Unit"),
    }
    return Person(**{**fields, **other})  # type: ignore[arg-type]


@strawberry.type
class Query:
    @strawberry.field
    async def people(self) -> list[Person]:
        one, two = person(1, maybe="x"), person(2, unit=None)
        return [one, two, person(3, friends=[one, two], units=[None, Unit(id=UUID(int=7), name="u")])]

    @strawberry.field
    def sick(self, how: str) -> list[Person | None]:
        wrong: dict[str, object] = {
            "null": {"nip": None}, "int": {"age": 2**40}, "list": {"tags": 7}, "deep": {"friends": [None]},
            "item": {"tags": ["a", None]}, "enum": {"colour": "green"}, "object": {"unit": 5},
        }[how]  # fmt: skip
        return [person(1), person(2, **wrong), person(3)]  # type: ignore[arg-type]

    @strawberry.field
    def anyone(self, known: bool) -> Person | Nobody:
        return person(9) if known else Nobody(reason="unknown")

    @strawberry.field
    def named(self) -> Named:
        return Unit(id=UUID(int=1), name="n")


SCHEMA = strawberry.Schema(Query, types=[Unit])._schema

SELECTIONS = [
    "id nip age born colour tags maybe",
    "unit { name id parentId shout } nip",
    "nip waits age",
    "waits unitLater { name shout __typename } plainMethod asked more: asked(times: 3) id",
    "friends { nip friends { nip } unit { name } } units { name } __typename",
    "again: nip nip a: tags ...More ... on Person { born @skip(if: true) age @include(if: true) }",
    "broken nip plainMethod",
    "friends { waits unit { shout } } units { shout }",
]
MORE = " fragment More on Person { unit { id } unit { name } plainMethod }"
QUERIES = [f"{{ people {{ {s} }} }}" + (MORE if "More" in s else "") for s in SELECTIONS]
QUERIES += [
    f'{{ sick(how: "{how}") {{ {selection} }} }}'
    for how in ("null", "int", "list", "deep", "item", "enum", "object")
    for selection in (
        "id nip age tags colour friends { nip } unit { name }",
        "waits nip friends { waits age }",
    )
]
ANYONE = (
    "{ anyone(known: KNOWN) { __typename ... on Person { nip unit { name } } ... on Nobody { reason } } }"
)
QUERIES += [ANYONE.replace("KNOWN", known) for known in ("true", "false")]
QUERIES += ["{ named { __typename name ... on Unit { id shout } } people { ... { nip } } }"]


@pytest.mark.anyio
@pytest.mark.parametrize("query", QUERIES)
async def test_the_answer_is_the_same(query: str) -> None:
    document = graphql.parse(query)
    assert not graphql.validate(SCHEMA, document)
    answers = []
    for executor in (StrawberryGraphQLCoreExecutionContext, PlainExecutor):
        answer = graphql.execute(SCHEMA, document, executor_class=executor)
        found = answer if isinstance(answer, graphql.ExecutionResult) else await answer
        answers.append((orjson.dumps(found.data), [error.formatted for error in found.errors or []]))
    assert answers[0] == answers[1]


@pytest.mark.anyio
async def test_each_resolver_runs_once() -> None:
    calls.clear()
    document = graphql.parse("{ people { nip waits plainMethod unit { name } } }")
    answer = graphql.execute(SCHEMA, document, executor_class=PlainExecutor)
    assert not isinstance(answer, graphql.ExecutionResult)
    await answer
    assert sorted(calls) == ["plain"] * 3 + ["waits"] * 3
