"""Every field × every argument × every owner × every role: nothing that may not be seen, everything that may.

Generated from the schema: a new field is asked for, and an argument that nothing here can fill fails.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    is_required_argument,
)

from tests.api import generator
from tests.api.canaries import Kind
from tests.api.conftest import Answer, Ask
from tests.api.generator import documents, narrow, root
from tests.api.oracle import Oracle
from tests.world import COMPANIES, World, cast

pytestmark = pytest.mark.anyio

#: What an argument names, and the kind of sight without which naming it must be like naming nothing.
NAMES: dict[tuple[str, str], tuple[str, Kind]] = {
    ("unit", "id"): ("unit", Kind.UNIT),
    ("units", "under"): ("unit", Kind.UNIT),
    ("units", "search"): ("unit's name", Kind.UNIT),
    ("employee", "id"): ("person", Kind.PERSON),
    ("employees", "unitId"): ("unit", Kind.UNIT),
    ("employees", "search"): ("person's name", Kind.PERSON),
    ("attendance", "unitId"): ("staff", Kind.ATTENDANCE),
    ("attendance", "search"): ("person's name", Kind.ATTENDANCE),
    ("attendanceCounts", "unitId"): ("staff", Kind.ATTENDANCE),
    ("siteDisturbances", "unitId"): ("staff", Kind.ATTENDANCE),
    ("attendanceDay", "employeeId"): ("person", Kind.ATTENDANCE),
    ("checkIn", "id"): ("check-in", Kind.ATTENDANCE),
    ("checkIns", "employeeId"): ("person", Kind.ATTENDANCE),
    ("checkIns", "unitId"): ("staff", Kind.ATTENDANCE),
    ("enrolment", "id"): ("enrolment", Kind.OWN),
    ("enrolments", "unitId"): ("staff", Kind.FACE),
    ("auditTrail", "employeeId"): ("person", Kind.TRAIL),
    ("auditTrail", "actorId"): ("person", Kind.TRAIL),
}
#: Pages: `first` is in every document, `after` has a test of its own.
PAGING = {"first", "after"}
Variables = dict[str, Any]
REFUSALS = {"SIGN_IN_REQUIRED", "NOT_FOUND", "NOT_ALLOWED"}
NOBODY, NO_NAME = UUID(int=0xDEAD), "cnry99999"


#: Whose roles another agency's people hold as well: these are asked only which rows they see.
BRIEFLY = {"b:auditor", "b:hr_admin", "b:supervisor"}


class Sweep:
    """Asks everything as one actor, and keeps what he was shown."""

    def __init__(self, ask: Ask, world: World, key: str | None) -> None:
        self.ask, self.world, self.briefly = ask, world, key in BRIEFLY
        self.actor = world[key] if key else None
        self.oracle = Oracle(world, self.actor)
        self.allowed = self.oracle.allowed
        self.seen: set[object] = set()
        self.filled: set[str] = set()

    async def everything(self) -> None:
        for name, field in root("query").fields.items():
            required = [arg for arg, definition in field.args.items() if is_required_argument(definition)]
            assert len(required) <= 1, f"{name} takes several identifiers: extend the sweep"
            for argument in required:
                await self.each(name, argument, {}, widely=True)
            if not required:
                await self.asked(name, {}, may=self.oracle.actor is not None, widely=True)
            for argument in set(field.args) - set(required) - PAGING:
                for here, may in self.beside(name, required):
                    await self.each(name, argument, here, within=may)

    async def each(
        self, name: str, argument: str, more: Variables, *, within: bool = True, widely: bool = False
    ) -> None:
        """Each owner's in turn. What may not be seen must answer as what does not exist."""
        kind = get_named_type(root("query").fields[name].args[argument].type)
        if (name, argument) not in NAMES:
            for value in self.values(name, argument, kind):
                await self.asked(name, {**more, argument: value}, may=within and bool(self.oracle.actor))
            return
        wanted, sight = NAMES[name, argument]
        absent = await self.asked(name, {**more, argument: NO_NAME if "name" in wanted else NOBODY})
        for value, seen in self.named(wanted, sight):
            may = seen and within
            answer = await self.asked(name, {**more, argument: value}, may=may, widely=widely and may)
            # A unit shows the units under it: the first is the widest, and narrower ones have the same rows.
            widely = widely and not (may and wanted == "staff")
            if not may:
                assert plain(answer) == plain(absent), (
                    f"{name}({argument}) tells {self.whose()} that it exists"
                )

    def beside(self, name: str, required: list[str]) -> Iterator[tuple[Variables, bool]]:
        """What goes with an optional argument: each person, or the widest unit, and whether he may see it."""
        actor = self.actor or self.world["employee"]
        wanted, kind = NAMES[name, required[0]] if required else ("", Kind.OWN)
        if not required:
            yield {}, True
        elif wanted == "person":
            for value, may in self.named(wanted, kind):
                if may or value == self.world["b:employee"].employee_id:
                    yield {required[0]: value}, may
        else:
            own = [unit for key, unit in self.world.units.items() if self.oracle.over(key, kind)]
            yield {required[0]: (own or [self.world.units[actor.unit]])[0]}, bool(own)

    def named(self, wanted: str, kind: Kind) -> Iterator[tuple[object, bool]]:
        """Values of every owner, and whether the actor may see what they name."""
        oracle, people = self.oracle, self.world.people.values()
        if wanted in ("unit", "unit's name", "staff"):
            for key, unit_id in self.world.units.items():
                may = oracle.over(key, kind) if wanted == "staff" else oracle.may(f"unit:{key}", kind)
                yield (self.name_of(key) if "name" in wanted else unit_id), may
        elif wanted == "person":
            yield from ((person.employee_id, oracle.may(person.key, kind)) for person in people)
        elif wanted == "person's name":
            for person in people:
                may = oracle.may(person.key, kind) and person.active
                yield person.name, may
                yield person.nip, may
        elif wanted == "check-in":
            for person in people:
                yield from ((found, oracle.may(person.key, kind)) for found in person.check_ins.values())
        else:
            for person in people:
                yield from ((found, oracle.may(person.key, kind)) for found in person.enrolments.values())

    def name_of(self, unit: str) -> str:
        [name] = (
            k
            for k in self.world.canaries.of(f"unit:{unit}", Kind.UNIT)
            if self.world.canaries.what[k] == "name"
        )
        return str(name)

    def values(self, name: str, argument: str, kind: GraphQLNamedType) -> list[Any]:
        if isinstance(kind, GraphQLEnumType):
            return list(kind.values)
        if kind.name == "Boolean":
            return [True, False]
        if kind.name == "Date":
            return [self.world.now.date() - timedelta(days=back) for back in (-1, 0, 1)]
        if (name, argument) == ("auditTrail", "action"):
            return ["photograph.look"]
        raise AssertionError(f"nothing to fill {name}({argument}: {kind}) with: extend NAMES or values()")

    async def asked(
        self, name: str, variables: Variables, *, may: bool = False, widely: bool = False
    ) -> Answer:
        """`may`: there must be an answer. `widely`: all fields, in as many operations as it takes."""
        sent = {arg: value if isinstance(value, bool) else str(value) for arg, value in variables.items()}
        wide = widely and not self.briefly
        every = documents("query", name, tuple(sent)) if wide else [narrow("query", name, tuple(sent))]
        for document in every:
            answer = await self.ask(self.actor, document.text, **sent)
            self.check(name, answer, sent)
            if may:
                assert not answer.errors, (name, sent, answer.errors)
                assert answer.data[name] is not None, f"{name}({sent}) withholds from {self.whose()}"
        return answer

    def check(self, name: str, answer: Answer, sent: Variables) -> None:
        assert set(answer.codes) <= REFUSALS, (name, sent, answer.errors)
        found = self.world.canaries.found(answer.data) | self.world.canaries.found(answer.errors)
        leaked = [
            f"{path}: {self.world.canaries.told(key)}"
            for key, path in found.items()
            if key not in self.allowed
        ]
        assert not leaked, f"{name}({sent}) shows {self.whose()}: {leaked}"
        self.seen |= set(found)
        self.filled |= set(filled(answer.data, root("query")))

    def whose(self) -> str:
        return self.actor.key if self.actor else "a stranger"


def filled(data: Any, kind: GraphQLNamedType) -> Iterator[str]:
    """Coordinates that carry a value."""
    if isinstance(data, list):
        for item in data:
            yield from filled(item, kind)
    elif isinstance(data, dict):
        kind = generator.public_schema().type_map[data.get("__typename", kind.name)]
        assert isinstance(kind, GraphQLObjectType)
        for name, value in data.items():
            if value is not None and name != "__typename":
                yield f"{kind.name}.{name}"
                yield from filled(value, get_named_type(kind.fields[name].type))


def plain(answer: Answer) -> object:
    return answer.data, [
        (error["message"], error["extensions"]["code"], error["path"]) for error in answer.errors
    ]


@pytest.mark.parametrize("company", COMPANIES)
async def test_nobody_sees_more_or_less_than_he_may(
    ask: Ask, world: World, company: tuple[str | None, ...]
) -> None:
    filled: set[str] = set()
    for key in company:
        sweep = Sweep(ask, world, key)
        await sweep.everything()
        withheld = [world.canaries.told(value) for value in sweep.allowed - sweep.seen]
        assert sweep.briefly or not withheld, f"{sweep.whose()} does not get {withheld}"
        filled |= sweep.filled
    if "supervisor" in company:
        asked = set().union(*(d.coordinates for name in root("query").fields for d in of(name)))
        assert not asked - filled, f"nothing in the world fills {asked - filled}: plant it"


def test_everybody_is_among_the_actors() -> None:
    assert sorted(key for company in COMPANIES for key in company if key) == sorted(p.key for p in cast())


def of(name: str) -> tuple[generator.Document, ...]:
    args = root("query").fields[name].args
    return documents("query", name, tuple(arg for arg in args if is_required_argument(args[arg])))


def test_every_coordinate_is_asked_for() -> None:
    asked: set[str] = set()
    for operation in ("query", "mutation", "subscription"):
        for name, field in root(operation).fields.items():
            given = tuple(arg for arg, definition in field.args.items() if is_required_argument(definition))
            asked |= set().union(*(document.coordinates for document in documents(operation, name, given)))
    assert generator.reachable() - asked == set()
